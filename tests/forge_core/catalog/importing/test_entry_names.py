import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat", "cat"),
        ("  cat\t", "cat"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("猫", "猫"),
        ("n01440764 tench", "n01440764 tench"),
        ("x" * 128, "x" * 128),
        ("👩‍🔬", "👩‍🔬"),
    ],
)
def test_normalise_class_name__keeps_what_people_write(name: str, expected: str) -> None:
    assert entry_names.normalise_class_name(name) == expected


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b\u2060", "x" * 129, "a\nb", "a\0b", "a\x1b[31m", "a\u2028b", "\ud800"],
)
def test_normalise_class_name__refuses_what_cannot_be_shown(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        entry_names.normalise_class_name(name)
    assert "\n" not in caught.value.message
    caught.value.message.encode()


@given(st.text(max_size=140))
def test_normalise_class_name__is_idempotent_or_refuses(name: str) -> None:
    try:
        once = entry_names.normalise_class_name(name)
    except InvalidInput:
        return
    assert entry_names.normalise_class_name(once) == once
    assert 0 < len(once) <= 128
    assert once == unicodedata.normalize("NFC", once).strip()


def test_names__naughty_strings_are_kept_or_refused_never_more(
    shared_data: Callable[[str], Path],
) -> None:
    strings = json.loads((shared_data("bad_inputs") / "blns" / "blns.json").read_text("utf-8"))
    kept = 0
    for text in strings:
        try:
            kept += len(entry_names.normalise_class_name(text)) <= 128
        except InvalidInput as error:
            error.message.encode()
        problem = entry_names.path_problem(f"class/{text}.png")
        if problem is None:
            assert ".." not in f"class/{text}.png".split("/")
            assert "\0" not in text
            assert "\\" not in text
        else:
            assert problem.message.isprintable()
    assert kept > 300


@pytest.mark.parametrize(
    "path", ["/a", "../a", "a/../b", "..", "C:/a", "c:a", "file://a", "s3://bucket/a"]
)
def test_path_problem__names_paths_that_lead_out(path: str) -> None:
    problem = entry_names.path_problem(path)
    assert problem is not None
    assert problem.reason == "outside"


@pytest.mark.parametrize("path", ["", "a/", "a//b", "./a", "a/./b", "a\\b", "a\0", "a\n", "\udcff"])
def test_path_problem__names_paths_that_cannot_be_kept(path: str) -> None:
    problem = entry_names.path_problem(path)
    assert problem is not None
    assert problem.reason == "bad_name"
    problem.message.encode()


@pytest.mark.parametrize("path", ["a.png", "a b/c.png", "été/ü.png", "a..b/..c", "10:30/a.png"])
def test_path_problem__accepts_ordinary_paths(path: str) -> None:
    assert entry_names.path_problem(path) is None


@given(st.text(st.characters(), max_size=30))
def test_printable__can_always_be_shown_and_leaves_plain_text(text: str) -> None:
    assert printable(text).isprintable()
    printable(text).encode()
    if text.isprintable():
        assert printable(text) == text


def test_is_ignored__knows_what_systems_add() -> None:
    for name in (".DS_Store", "._1.png", "__MACOSX", "Thumbs.db", "thumbs.db", "Desktop.ini"):
        assert entry_names.is_ignored(name)
    for name in ("cat", "_cat", "thumbs", "1.png"):
        assert not entry_names.is_ignored(name)
