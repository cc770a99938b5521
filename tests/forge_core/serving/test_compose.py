"""compose.yaml and the image of app and worker, held against the product."""

import importlib
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from forge_core.cli.main import app as commands
from forge_core.serving.options import PREFIX, ServiceOptions
from forge_core.settings import Settings

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    text = (REPOSITORY / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["services"]
    return found


def read_words(name: str, word: str) -> list[str]:
    """What follows an instruction of a Dockerfile, each on one line."""
    text = re.sub(r"\\\n\s*", " ", (REPOSITORY / name).read_text(encoding="utf-8"))
    return [line.split(maxsplit=1)[1] for line in text.splitlines() if line.startswith(f"{word} ")]


def test_services__are_those_of_the_product_on_pinned_images(services: dict[str, Any]) -> None:
    assert services.keys() == {"postgres", "schema", "app", "worker", "service"}
    for name, service in services.items():
        assert not service["image"].endswith(":latest"), name
        assert ":" in service["image"] or "build" in service, name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
        for other in service.get("depends_on", {}):
            assert other in services, name
    assert read_words("Dockerfile.app", "FROM") == read_words("Dockerfile", "FROM")


def test_services__are_built_from_files_that_are_there(services: dict[str, Any]) -> None:
    for service in services.values():
        if "build" in service:
            name = service["build"].get("dockerfile", "Dockerfile")
            assert (REPOSITORY / name).is_file()
            for argument in service["build"].get("args", {}):
                assert any(given.startswith(argument) for given in read_words(name, "ARG"))


def test_services__set_only_variables_that_exist(services: dict[str, Any]) -> None:
    known = {f"FORGE_{name.upper()}" for name in Settings.model_fields}
    known |= {PREFIX + field.name.upper() for field in fields(ServiceOptions)}
    for service in services.values():
        asked = {name for name in service.get("environment", {}) if name.startswith("FORGE_")}
        assert asked <= known


def test_services__start_what_exists(services: dict[str, Any]) -> None:
    worker = services["worker"]["command"]
    assert worker[:2] == ["python", "-m"]
    assert callable(importlib.import_module(worker[2]).main)
    group = get_command(commands)
    for words in (services["schema"]["command"], ["forge", "web"]):
        assert words[0] == "forge"
        command: Any = group
        for word in words[1:]:
            command = command.commands[word]
    assert '"forge", "web"' in read_words("Dockerfile.app", "CMD")[0]
    assert read_words("Dockerfile.app", "USER") == ["forge"]


def test_the_app_image__holds_what_is_installed_and_the_builder_gets_no_more() -> None:
    copied = [
        source for line in read_words("Dockerfile.app", "COPY") for source in line.split()[:-1]
    ]
    rules = (REPOSITORY / "Dockerfile.app.dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in rules if line.startswith("!")}
    assert {source.rstrip("/") for source in copied} == allowed
    assert all((REPOSITORY / source).exists() for source in copied)
    needed = {"app.py", "pages", ".streamlit", "db", "forge_core", "pyproject.toml", "setup.py"}
    assert needed <= allowed
