"""The glossary tells the truth: its names in code exist, and the pages say its sentences."""

import ast
import re
from pathlib import Path

import pytest

from pages.components.words import glossary

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
WORD, MEANING, IN_CODE, AVOID = range(4)


def rows() -> list[list[str]]:
    """The cells of every word."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [row for row in cells if row[WORD] != "word" and not set(row[WORD]) <= set("-")]


ROWS = rows()
NAMES = sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[IN_CODE])})


def names_of(node: ast.AST) -> set[str]:
    """What a statement gives a name to."""
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return {node.name}
        case ast.Assign():
            return {target.id for target in node.targets if isinstance(target, ast.Name)}
        case ast.AnnAssign(target=ast.Name()):
            return {node.target.id}
    return set()


def exists(dotted: str) -> bool:
    """Whether a dotted name is a module, or something that a module or its class defines."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        module = ROOT.joinpath(*parts[:length])
        if module.with_suffix(".py").is_file():
            inside: list[ast.stmt] = ast.parse(module.with_suffix(".py").read_text("utf-8")).body
            for name in parts[length:]:
                found = [node for node in inside if name in names_of(node)]
                if not found:
                    return False
                inside = getattr(found[0], "body", [])
            return True
    return ROOT.joinpath(*parts).is_dir()


def test_every_word_has_a_sentence_a_name_in_code_and_words_to_avoid():
    assert len(ROWS) > 30
    assert len({row[WORD] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert len(row) == 4, row
        assert row[MEANING][0].isupper(), row
        assert row[MEANING].endswith("."), row
        assert re.search(r"`[a-z_.]+", row[IN_CODE]), row
        assert row[AVOID], row


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_code_is_where_the_glossary_says(name: str):
    assert exists(name)


def test_a_name_that_is_not_there_is_noticed():
    assert not exists("db.enums.Split.VALID")
    assert not exists("db.records.Sample")
    assert not exists("forge_core.nothing")


def test_the_sentences_of_the_pages_are_those_of_the_glossary():
    written = {row[WORD]: row[MEANING] for row in ROWS}
    assert written | glossary.SENTENCES == written


def test_a_label_is_explained_by_the_words_that_it_holds():
    assert glossary.explain("Batch size") == glossary.SENTENCES["batch"]
    assert glossary.explain("Head learning rate") == glossary.SENTENCES["head"]
    assert glossary.explain("Warm-up epochs") == glossary.SENTENCES["warm-up"]
    assert glossary.explain("Header") is None
