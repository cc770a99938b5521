"""The wheel carries the whole product: installed elsewhere, it serves and walks from a bare folder.

The environment into which it is installed is empty but for it. PyTorch, Streamlit and what else it
needs it finds in the environment of the tests, through a `.pth` file: to install those anew would
be gigabytes. That every package which the product imports is declared is a test of its own.
"""

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from importlib import metadata
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from forge_core.api import addresses
from forge_core.jobs import supervision
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
from tests.journeys.servers import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
SOURCES = ("app.py", "setup.py", "pyproject.toml", "README.md", "LICENSE", ".streamlit")
FLOORS = ("pages", "forge_core", "db")
APP = "vision_forge_app/"
START_SECONDS = 90
FLOOR = "0.5"
"""Of the demo's accuracy after one epoch, which is not about accuracy."""


def is_shipped(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources by way of a source distribution, as a release is.

    Once for all processes of the suite, whose own folders lie in one.
    """
    own = tmp_path_factory.getbasetemp()
    common = own.parent if own.name.startswith("popen-") else own
    with FileLock(common / "wheel.lock"):
        if not (common / "wheel").exists():
            build_wheel(own / "sources", own / "making-wheel").rename(common / "wheel")
    (path,) = (common / "wheel").glob("*.whl")
    return path


def build_wheel(sources: Path, built: Path) -> Path:
    """The folder `built` with a wheel in it."""
    sources.mkdir()
    for name in SOURCES + FLOORS:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, sources / name, ignore=ignored)
        else:
            shutil.copyfile(ROOT / name, sources / name)
    command = [str(UV), "build", "--offline", "--no-build-isolation", "--python", sys.executable]
    run([*command, "--out-dir", str(built), str(sources)])
    return built


def run(command: list[str], **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def test_wheel__holds_every_file_of_the_product_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {f"{APP}app.py", f"{APP}.streamlit/config.toml"}
    for floor in FLOORS:
        prefix = APP if floor == "pages" else ""
        expected |= {
            prefix + path.relative_to(ROOT).as_posix()
            for path in (ROOT / floor).rglob("*")
            if is_shipped(path)
        }
    assert {name for name in names if ".dist-info/" not in name} == expected
    endings = {Path(name).suffix for name in expected}
    assert endings >= {".py", ".html", ".css", ".js", ".toml", ".typed"}
    assert "db/migrations/env.py" in expected
    assert any(name.startswith("db/migrations/versions/v0001") for name in expected)


def read_about(wheel: Path, name: str) -> str:
    """A file of what the wheel says about itself."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (path for path in archive.namelist() if path.endswith(f".dist-info/{name}"))
        return archive.read(path).decode()


def test_wheel__says_what_it_is(wheel: Path) -> None:
    told = message_from_string(read_about(wheel, "METADATA"))
    assert told["Version"] == "0.1.0"
    assert told["License-Expression"] == "Apache-2.0"
    extras = [
        "s3",
        "excel",
        "heic",
        "mlflow",
        "tensorboard",
        "timm",
        "ray",
        "slurm",
        "serve",
        "dev",
    ]
    assert told.get_all("Provides-Extra") == extras
    assert "Version 2.0, January 2004" in read_about(wheel, "licenses/LICENSE")
    assert "forge = forge_core.cli.start:main" in read_about(wheel, "entry_points.txt")
    assert f"## [{told['Version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_package_that_is_imported_is_declared(wheel: Path) -> None:
    """An environment that has only what the wheel asks for has all that the product imports.

    What an extra brings may be imported where its absence is told in words.
    """
    requires = message_from_string(read_about(wheel, "METADATA")).get_all("Requires-Dist", [])
    asked = [Requirement(line) for line in requires]
    declared = {
        canonicalize_name(line.name) for line in asked if "dev" not in str(line.marker or "")
    }
    owners = metadata.packages_distributions()
    missing = {}
    for path in (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for module in {module.split(".")[0] for module in modules}:
                if module in FLOORS or module in sys.stdlib_module_names:
                    continue
                if not declared & set(map(canonicalize_name, owners.get(module, []))):
                    missing[module] = path.relative_to(ROOT).as_posix()
    assert missing == {}


@pytest.fixture(scope="module")
def forge(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `forge` of an environment that holds the wheel and sees ours behind it."""
    environment = tmp_path_factory.mktemp("installed") / "python"
    run([str(UV), "venv", "--offline", "--no-project", "--python", sys.executable, environment])
    python = environment / "bin" / "python"
    run([str(UV), "pip", "install", "--offline", "--no-deps", "--python", python, wheel])
    (packages,) = environment.glob("lib/python*/site-packages")
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "environment_of_the_tests.pth").write_text("\n".join(sorted(ours)) + "\n")
    return environment / "bin" / "forge"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Empty but for files with names of modules of ours and of Python, which nobody may import."""
    for name in ("app.py", "db.py", "forge_core.py", "queue.py", "streamlit.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the current folder')\n")
    return tmp_path


@contextmanager
def started(command: list[str], folder: Path, **options) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended at the end, by its own number."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **options)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def open_to_others(workspace: Path) -> list[str]:
    paths = [workspace, *workspace.rglob("*")]
    return [str(path) for path in paths if path.lstat().st_mode & 0o077 and not path.is_symlink()]


@pytest.mark.process
def test_installed__forge_web_answers_and_forge_demo_walks(forge: Path, folder: Path) -> None:
    """Both at once, in a folder of nothing, under an umask that would let everybody in."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FORGE_", "PYTHON", "STREAMLIT_"))
    } | {"FORGE_KEEP_SPARE_WORKER": "false"}
    port = free_port()
    command = [str(forge), "web", "--port", str(port)]
    with started(command, folder, env=variables, umask=0) as server:
        walked = run(
            [str(forge), "demo", "--epochs", "1", "--floor", FLOOR, "--json"],
            cwd=folder,
            env=variables,
            umask=0,
        )
        result = json.loads(walked.stdout)
        assert result["workspace"] == str(folder / "workspaces" / "demo-digits")
        assert result["test_accuracy"] > float(FLOOR)
        walked_in = open_workspace(Settings(_env_file=None, workspace=result["workspace"]))
        assert supervision.find_supervisor(walked_in) is None
        walked_in.database.dispose()

        assert answer(server, f"http://127.0.0.1:{port}/_stcore/health", folder) == 200
        assert answer(server, f"http://127.0.0.1:{port}/gallery", folder) == 200
        with sqlite3.connect(folder / "workspace" / "forge.db") as database:
            (named,) = database.execute("SELECT workspace_id FROM catalog_state").fetchone()
        database.close()
        data = f"http://127.0.0.1:{port}{addresses.root(named)}/assets"
        assert answer(server, data, folder) == 401
        with pytest.raises(OSError, match=r"refused|unreachable|assign"):  # our config was read
            urllib.request.urlopen(f"http://127.0.0.2:{port}/_stcore/health", timeout=5)
        became = psutil.Process(server.pid)
        assert "streamlit" in became.cmdline()
        assert became.environ()["MALLOC_ARENA_MAX"] == "2"
        assert (folder / "workspace" / "forge.db").is_file()
        for workspace in (folder / "workspace", folder / "workspaces" / "demo-digits"):
            assert open_to_others(workspace) == []


def answer(server: subprocess.Popen[bytes], url: str, folder: Path) -> int:
    """The status of an answer, once there is one."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}:\n{(folder / 'log').read_text()}")
