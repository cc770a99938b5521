"""What a person can use is documented: every setting, command and page."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from forge_core.cli.main import app
from forge_core.settings import Settings
from pages.components.frame import navigation
from scripts import write_command_docs

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


PAGES = [entry for entries in navigation.SECTIONS.values() for entry in entries if entry.exists()]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert f"| `FORGE_{name.upper()}` |" in text


def test_no_setting_is_documented_that_does_not_exist() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `FORGE_([A-Z_]+)` \|", text, flags=re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def test_the_commands_are_documented_as_they_are() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert text == write_command_docs.render(), "run: make docs"


def test_every_command_and_option_says_what_it_does() -> None:
    for name, command in write_command_docs.commands(get_command(app)):
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name}"


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.url_path)
def test_every_page_is_documented(entry) -> None:
    text = (DOCS / "pages.md").read_text(encoding="utf-8")
    assert f"## {entry.title} (`/{entry.url_path}`)" in text


def test_every_decision_is_in_the_list() -> None:
    folder = DOCS / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for path in folder.glob("0*.md"):
        assert f"({path.name})" in index, path.name
        assert path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]} ")


def test_links_between_documents_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (path.parent / target).exists(), f"{path.name} -> {target}"


def test_the_readme_tree_names_what_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = text.split("## The tree")[1].split("```")[1]
    tops = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    there = {path.name for top in tops for path in (top, *top.rglob("*"))}
    for line in tree.splitlines():
        name = line.strip().split(" ")[0]
        if name.endswith((".py", "/", ".toml", ".txt")) and not name.startswith("("):
            assert (ROOT / name).exists() or name.rstrip("/") in there, name


def test_the_readme_names_the_two_commands_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in ("run", "test", "demo"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
