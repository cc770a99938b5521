"""The Dockerfiles of the service: their rules, and their own commands run in a clean folder.

There is no container engine to build them with, so the base image is stood in for by a virtual
environment that sees torch, torchvision and what they require, and nothing else of this machine.
"""

import ast
import importlib.metadata
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.forge_core.serving.dockerfiles import ONNX, REPOSITORY, TORCH, Dockerfile, read_pins

BASE_PACKAGES = {"torch", "torchvision"}
CODE = {
    TORCH: {"disk_space.py", "augmentation"},
    ONNX: set(),
}
"""What an image has of the source beyond what both have."""
MakePng = Callable[..., bytes]
both = pytest.mark.parametrize("file", [TORCH, ONNX], ids=lambda file: file.name)


def test_base_image__is_pinned_by_its_triple() -> None:
    (base,) = TORCH.all_of("FROM")
    found = re.fullmatch(
        r"pytorch/pytorch:(\d+\.\d+\.\d+)-cuda(\d+\.\d+)-cudnn(\d+)-runtime", base.rest
    )
    assert found, base.rest
    pins = read_pins("requirements.txt")
    assert f"torch=={found[1]}" in pins
    major, minor = found[2].split(".")
    assert any(pin.startswith(f"cuda-toolkit=={major}.{minor}.") for pin in pins)
    assert any(pin.startswith(f"nvidia-cudnn-cu{major}=={found[3]}.") for pin in pins)


def test_slim_base_image__is_pinned_and_has_the_oldest_python_that_is_supported() -> None:
    (base,) = ONNX.all_of("FROM")
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", base.rest), base.rest


@both
def test_requirements__are_installed_before_weights_and_source_are_copied(file: Dockerfile) -> None:
    install = file.place_of("RUN", "pip install")
    assert file.place_of("COPY", file.requirements) < install
    assert install < file.place_of("COPY", file.weights)
    sources = [
        place
        for place, instruction in enumerate(file.instructions)
        if instruction.word == "COPY" and "forge_core" in instruction.rest
    ]
    assert all(install < place for place in sources)


@both
def test_weights_and_source__are_copied_apart(file: Dockerfile) -> None:
    for copy in file.all_of("COPY"):
        kinds = {
            "weights" if file.weights in source else source.split("/")[0].split(".")[0]
            for source in copy.arguments[:-1]
        }
        assert len(kinds) == 1, copy.rest
    assert not any(source in (".", "./", "*") for source in file.sources)


@both
def test_source__is_inference_code_only_and_all_of_it(file: Dockerfile) -> None:
    rooms = {Path(source).parts[1] for source in file.sources if source.startswith("forge_")}
    assert rooms == CODE[file] | {
        *("__init__.py", "errors.py", "file_hashes.py", "local_files.py", "storable_values.py"),
        *("imaging", "models", "inference", "serving"),
    }
    assert file.all_of("ADD") == []


@both
def test_user__is_not_root_when_the_service_starts(file: Dockerfile) -> None:
    (user,) = file.all_of("USER")
    assert user.rest not in ("root", "0")
    assert f"--uid 10001 --no-create-home {user.rest}" in file.all_of("RUN")[0].rest
    assert file.place_of("USER", user.rest) < file.place_of("CMD", "forge_core.serving.http")


@both
def test_weights__can_be_read_by_that_user(file: Dockerfile) -> None:
    (copy,) = [copy for copy in file.all_of("COPY") if file.weights in copy.rest]
    assert copy.rest.startswith("--chmod=0444 ")


@both
def test_healthcheck__asks_the_port_that_is_served(file: Dockerfile) -> None:
    (check,) = file.all_of("HEALTHCHECK")
    assert ":8080/health" in check.rest
    (command,) = file.all_of("CMD")
    assert command.arguments[-4:] == ["--host", "0.0.0.0", "--port", "8080"]
    assert file.all_of("EXPOSE")[0].rest == "8080"


@both
def test_environment__is_unbuffered_and_keeps_no_cache(file: Dockerfile) -> None:
    settings = dict(pair.split("=", 1) for pair in file.all_of("ENV")[0].rest.split())
    assert settings["PYTHONUNBUFFERED"] == "1"
    assert settings["PIP_NO_CACHE_DIR"] == "1"


@both
def test_requirements_serve__are_full_pins_of_the_lock(file: Dockerfile) -> None:
    serve, lock = read_pins(file.requirements), read_pins("requirements.txt")
    assert all(re.match(r"[a-z0-9_.-]+==[0-9][^ ]*( ;.*)?$", pin) for pin in serve)
    versions = {pin.partition(" ;")[0] for pin in lock}  # the markers depend on who requires it
    assert {pin.partition(" ;")[0] for pin in serve} <= versions
    names = {Requirement(pin).name for pin in serve}
    assert not names & BASE_PACKAGES
    assert not names & {"streamlit", "sqlalchemy", "pandas", "alembic", "scikit-learn"}
    wanted = {
        Requirement(line).name for line in read_pins(file.requirements.replace(".txt", ".in"))
    }
    assert wanted <= names


@both
def test_dockerignore__lets_through_what_is_copied(file: Dockerfile) -> None:
    rules = read_pins(".dockerignore")
    assert "*" in rules
    for source in file.sources:
        suffix = ".onnx" if file is ONNX else ".safetensors"
        top = f"*{suffix}" if file.weights in source else source.split("/")[0]
        assert f"!{top}" in rules


def make_base_image(folder: Path) -> None:
    """Link torch, torchvision and everything that they require into an empty folder."""
    folder.mkdir()
    waiting, seen = list(BASE_PACKAGES), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # required on other platforms only
        for file in package.files or []:
            top = file.parts[0]
            target = folder / top
            if top in ("..", "__pycache__") or target.exists():
                continue
            target.symlink_to(Path(str(package.locate_file(top))))
        for line in package.requires or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)


@pytest.mark.slow
def test_install_and_start__work_in_a_clean_folder(
    tmp_path: Path,
    checkpoint_path: Path,
    make_png: MakePng,
    free_port: int,
    run_service: Callable[..., str],
) -> None:
    root = tmp_path / "image"
    workdir = TORCH.lay_out(root, checkpoint_path)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "python")], check=True)
    python = str(tmp_path / "python" / "bin" / "python")

    (install,) = [run.rest for run in TORCH.all_of("RUN") if "pip install" in run.rest]
    command = [python if word == "python" else word for word in shlex.split(install)]
    environment = os.environ | {
        "PIP_RETRIES": "1",
        "PIP_DEFAULT_TIMEOUT": "20",
        "PIP_NO_COMPILE": "1",
    }
    environment.pop("PYTHONPATH", None)
    installed = subprocess.run(
        command, cwd=workdir, env=environment, capture_output=True, text=True, check=False
    )
    if installed.returncode and "CI" not in os.environ and "onnect" in installed.stderr:
        pytest.skip("no package registry can be reached to install requirements-serve.txt")
    assert installed.returncode == 0, installed.stderr

    make_base_image(tmp_path / "base")
    (site_packages,) = (tmp_path / "python").glob("lib/python*/site-packages")
    (site_packages / "base.pth").write_text(f"{tmp_path / 'base'}\n")
    (start,) = TORCH.all_of("CMD")
    changed = {"python": python, "0.0.0.0": "127.0.0.1", "8080": str(free_port)}
    command = [
        str(root) + word if word.startswith("/") else changed.get(word, word)
        for word in start.arguments
    ]
    url = run_service(command, cwd=workdir, env=environment)

    (check,) = TORCH.all_of("HEALTHCHECK")
    _, *check_command = check.command
    check_command[-1] = check_command[-1].replace(":8080", f":{free_port}")
    subprocess.run([python, *check_command], env=environment, check=True, timeout=60)
    answer = httpx.post(
        f"{url}/predict", files={"file": ("a.png", make_png("red"))}, trust_env=False, timeout=60
    )
    assert answer.json()["predictions"][0]["probabilities"][0]["label_name"] == "red"


def test_source__imports_nothing_that_is_not_copied(tmp_path: Path) -> None:
    workdir = TORCH.lay_out(tmp_path, REPOSITORY / "Dockerfile")
    missing = set()
    for path in workdir.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if node.module.split(".")[0] not in ("forge_core", "db"):
                continue
            module = workdir / Path(*node.module.split("."))
            for name in node.names:
                if not any(
                    candidate.exists()
                    for candidate in (
                        module.with_suffix(".py"),
                        module / f"{name.name}.py",
                        module / name.name / "__init__.py",
                    )
                ):
                    missing.add(f"{path.name}: {node.module}.{name.name}")
    assert missing == set()


def test_source__is_loaded_with_the_packages_that_are_installed(tmp_path: Path) -> None:
    """What a module imports when it is loaded; what only a function needs may be missing."""
    workdir = TORCH.lay_out(tmp_path, REPOSITORY / "Dockerfile")
    installed = {Requirement(pin).name for pin in read_pins("requirements-serve.txt")}
    known = {*sys.stdlib_module_names, "forge_core", *BASE_PACKAGES}
    provided = importlib.metadata.packages_distributions()
    missing = set()
    for path in workdir.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in {name.split(".")[0] for name in names} - known:
                if not installed & {
                    canonicalize_name(found) for found in provided.get(name, [name])
                }:
                    missing.add(f"{path.name}: {name}")
    assert missing == set()


LOADS_WITHOUT_TORCH = """
import sys
sys.modules.update(dict.fromkeys(("torch", "torchvision", "fastapi", "sqlalchemy", "pandas")))
import forge_core.serving.http, forge_core.serving.loading, forge_core.serving.onnx_engine
found = [name for name, module in sys.modules.items() if name.startswith("forge_core")]
outside = [n for n in found if not sys.modules[n].__file__.startswith(sys.argv[1])]
assert found and not outside, outside
"""


@pytest.mark.process
def test_slim_source__is_loaded_from_what_is_copied_and_without_pytorch(tmp_path: Path) -> None:
    workdir = ONNX.lay_out(tmp_path, REPOSITORY / "Dockerfile.onnx")
    subprocess.run(
        [sys.executable, "-c", LOADS_WITHOUT_TORCH, str(workdir)],
        cwd=workdir,
        check=True,
        timeout=120,
    )
