"""The Dockerfile of the service: its rules, and its own commands run in a clean folder.

There is no container engine to build it with, so the base image is stood in for by a virtual
environment that sees torch, torchvision and what they require, and nothing else of this machine.
"""

import ast
import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[3]
BASE_PACKAGES = {"torch", "torchvision"}
MakePng = Callable[..., bytes]


@dataclass(frozen=True)
class Instruction:
    """One line of the Dockerfile, continuation lines joined."""

    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        """Arguments without flags such as --interval=30s; JSON lists are read."""
        text = re.sub(r"^(--\S+\s+)+", "", self.rest)
        if text.startswith("["):
            return list(json.loads(text))
        return shlex.split(text)


def read_dockerfile() -> list[Instruction]:
    text = (REPOSITORY / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]


def all_of(word: str) -> list[Instruction]:
    return [instruction for instruction in read_dockerfile() if instruction.word == word]


def place_of(word: str, part: str) -> int:
    """Place of the only instruction of that word that holds `part`."""
    (place,) = [
        place
        for place, instruction in enumerate(read_dockerfile())
        if instruction.word == word and part in instruction.rest
    ]
    return place


def read_pins(name: str) -> set[str]:
    lines = (REPOSITORY / name).read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.strip().startswith("#")}


def copied_sources() -> list[str]:
    return [source for copy in all_of("COPY") for source in copy.arguments[:-1]]


def test_base_image__is_pinned_by_its_triple() -> None:
    (base,) = all_of("FROM")
    found = re.fullmatch(
        r"pytorch/pytorch:(\d+\.\d+\.\d+)-cuda(\d+\.\d+)-cudnn(\d+)-runtime", base.rest
    )
    assert found, base.rest
    pins = read_pins("requirements.txt")
    assert f"torch=={found[1]}" in pins
    major, minor = found[2].split(".")
    assert any(pin.startswith(f"cuda-toolkit=={major}.{minor}.") for pin in pins)
    assert any(pin.startswith(f"nvidia-cudnn-cu{major}=={found[3]}.") for pin in pins)


def test_requirements__are_installed_before_weights_and_source_are_copied() -> None:
    install = place_of("RUN", "pip install")
    assert place_of("COPY", "requirements-serve.txt") < install
    assert install < place_of("COPY", "${CHECKPOINT}")
    sources = [
        place
        for place, instruction in enumerate(read_dockerfile())
        if instruction.word == "COPY" and "forge_core" in instruction.rest
    ]
    assert all(install < place for place in sources)


def test_weights_and_source__are_copied_apart() -> None:
    for copy in all_of("COPY"):
        kinds = {
            "weights" if "CHECKPOINT" in source else source.split("/")[0].split(".")[0]
            for source in copy.arguments[:-1]
        }
        assert len(kinds) == 1, copy.rest
    assert not any(source in (".", "./", "*") for source in copied_sources())


def test_source__is_inference_code_only_and_all_of_it() -> None:
    rooms = {Path(source).parts[1] for source in copied_sources() if source.startswith("forge_")}
    assert rooms == {
        *("__init__.py", "disk_space.py", "errors.py", "file_hashes.py", "local_files.py"),
        "storable_values.py",
        *("imaging", "augmentation", "models", "inference", "serving"),
    }
    assert all_of("ADD") == []


def test_user__is_not_root_when_the_service_starts() -> None:
    (user,) = all_of("USER")
    assert user.rest not in ("root", "0")
    assert f"--uid 10001 --no-create-home {user.rest}" in all_of("RUN")[0].rest
    assert place_of("USER", user.rest) < place_of("CMD", "forge_core.serving.http")


def test_weights__can_be_read_by_that_user() -> None:
    (copy,) = [copy for copy in all_of("COPY") if "CHECKPOINT" in copy.rest]
    assert copy.rest.startswith("--chmod=0444 ")


def test_healthcheck__asks_the_port_that_is_served() -> None:
    (check,) = all_of("HEALTHCHECK")
    assert ":8080/health" in check.rest
    (command,) = all_of("CMD")
    assert command.arguments[-4:] == ["--host", "0.0.0.0", "--port", "8080"]
    assert all_of("EXPOSE")[0].rest == "8080"


def test_environment__is_unbuffered_and_keeps_no_cache() -> None:
    settings = dict(pair.split("=", 1) for pair in all_of("ENV")[0].rest.split())
    assert settings["PYTHONUNBUFFERED"] == "1"
    assert settings["PIP_NO_CACHE_DIR"] == "1"


def test_requirements_serve__are_full_pins_of_the_lock() -> None:
    serve, lock = read_pins("requirements-serve.txt"), read_pins("requirements.txt")
    assert all(re.match(r"[a-z0-9_.-]+==[0-9][^ ]*( ;.*)?$", pin) for pin in serve)
    assert serve <= lock, serve - lock
    names = {Requirement(pin).name for pin in serve}
    assert not names & BASE_PACKAGES
    assert not names & {"streamlit", "sqlalchemy", "pandas", "alembic", "scikit-learn"}
    wanted = {Requirement(line).name for line in read_pins("requirements-serve.in")}
    assert wanted <= names


def test_dockerignore__lets_through_what_is_copied() -> None:
    rules = read_pins(".dockerignore")
    assert "*" in rules
    for source in copied_sources():
        top = "*.safetensors" if "CHECKPOINT" in source else source.split("/")[0]
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


def copy_as_the_dockerfile_does(root: Path, checkpoint: Path) -> Path:
    """Lay out the image's files under `root`; gives the working folder."""
    workdir = Path("/")
    for instruction in read_dockerfile():
        if instruction.word == "WORKDIR":
            workdir = Path(instruction.rest)
        if instruction.word != "COPY":
            continue
        *sources, destination = instruction.arguments
        for source in sources:
            origin = checkpoint if "CHECKPOINT" in source else REPOSITORY / source
            target = root / (workdir / destination).relative_to("/")
            if origin.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(origin, target, ignore=ignore, dirs_exist_ok=True)
                continue
            if destination.endswith("/"):
                target /= origin.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin, target)
    return root / workdir.relative_to("/")


@pytest.mark.slow
def test_install_and_start__work_in_a_clean_folder(
    tmp_path: Path,
    checkpoint_path: Path,
    make_png: MakePng,
    free_port: int,
    run_service: Callable[..., str],
) -> None:
    root = tmp_path / "image"
    workdir = copy_as_the_dockerfile_does(root, checkpoint_path)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "python")], check=True)
    python = str(tmp_path / "python" / "bin" / "python")

    (install,) = [run.rest for run in all_of("RUN") if "pip install" in run.rest]
    command = [python if word == "python" else word for word in shlex.split(install)]
    environment = os.environ | {"PIP_RETRIES": "1", "PIP_DEFAULT_TIMEOUT": "20"}
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
    (start,) = all_of("CMD")
    changed = {"python": python, "0.0.0.0": "127.0.0.1", "8080": str(free_port)}
    command = [
        str(root) + word if word.startswith("/") else changed.get(word, word)
        for word in start.arguments
    ]
    url = run_service(command, cwd=workdir, env=environment)

    (check,) = all_of("HEALTHCHECK")
    _, *check_command = json_command(check)
    check_command[-1] = check_command[-1].replace(":8080", f":{free_port}")
    subprocess.run([python, *check_command], env=environment, check=True, timeout=60)
    answer = httpx.post(
        f"{url}/predict", files={"file": ("a.png", make_png("red"))}, trust_env=False, timeout=60
    )
    assert answer.json()["predictions"][0]["probabilities"][0]["label_name"] == "red"


def json_command(check: Instruction) -> list[str]:
    """The command of a HEALTHCHECK instruction."""
    return list(json.loads(check.rest[check.rest.index("CMD") + 3 :]))


def test_source__imports_nothing_that_is_not_copied(tmp_path: Path) -> None:
    workdir = copy_as_the_dockerfile_does(tmp_path, REPOSITORY / "Dockerfile")
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
    workdir = copy_as_the_dockerfile_does(tmp_path, REPOSITORY / "Dockerfile")
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
