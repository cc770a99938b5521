"""The pages speak plain words: none of those that people stumbled over has come back."""

import ast
import re
from dataclasses import fields
from datetime import datetime
from pathlib import Path

import pytest

from forge_core.catalog.listing import filter_fields
from forge_core.runs.comparing import config_words
from forge_core.training.config import TrainConfig
from forge_core.training.options import OPTIONS
from pages.components.words import data_time, how_alike, relative_time, text

ROOT = Path(__file__).parents[2]
STUMBLED_OVER = (
    "Sure from",
    "as of revision",
    "points of its accuracy",
    "of 64 bits could",
    "Differing bits",
    "by people, with m",
    "loaded and proved",
    "golden predictions of",
    "Lowest label quality",
    "Odd shapes",
    "Decay norms and biases",
    "Fine-tune epochs",
)
IN_CODE_ONLY = re.compile(r"\b(held[- ]out|in no split)\b|^.?no split.?$", re.IGNORECASE)
"""What is said to people is "kept aside" and "not assigned"; commands take the word `held_out`."""


BETWEEN_PIECES = re.compile(r"""["']\s*\n\s*[rf]*["']""")
"""What lies between two pieces of a text that is written on two lines."""


def said(wanted: re.Pattern[str]) -> list[tuple[str, str]]:
    """Texts of the pages, of the core and of the documents that people may read.

    Files of Python in which nothing is like `wanted`, texts or not, are left out: that is quick.
    """
    found = []
    for path in [*(ROOT / "pages").rglob("*.py"), *(ROOT / "forge_core").rglob("*.py")]:
        source = path.read_text(encoding="utf-8")
        if not wanted.search(BETWEEN_PIECES.sub("", source)):
            continue
        tree = ast.parse(source)
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found += [
            (f"{path.relative_to(ROOT)}:{node.lineno}", node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
        ]
    for path in (ROOT / "pages").rglob("*.js"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found += [
                (f"{path.relative_to(ROOT)}:{number}", text)
                for text in re.findall(r"""["'`>][^"'`]+["'`<]""", line.split("//")[0])
            ]
    documents = {*(ROOT / "docs").glob("*.md"), ROOT / "README.md"} - {ROOT / "docs" / "log.md"}
    for path in sorted(documents):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found.append((f"{path.relative_to(ROOT)}:{number}", re.sub("`[^`]*`", "", line)))
    return found


def test_no_word_that_people_stumbled_over_is_said_again():
    wanted = re.compile("|".join(map(re.escape, STUMBLED_OVER)))
    found = [f"{where}: {word}" for where, text in said(wanted) for word in wanted.findall(text)]
    assert found == []


def test_what_is_kept_aside_and_what_is_not_assigned_is_called_so():
    likely = re.compile(r"held[- ]out|no split", re.IGNORECASE)
    found = [f"{where}: {text}" for where, text in said(likely) if IN_CODE_ONLY.search(text)]
    assert found == []


@pytest.mark.parametrize("field", [field.name for field in fields(TrainConfig)])
def test_a_choice_of_a_run_has_words_of_the_page(field: str):
    title = config_words.title_of(field)
    assert "_" not in title
    assert title != field


def test_a_number_that_stands_for_something_else_is_told_in_words():
    for option in OPTIONS:
        default = getattr(TrainConfig(), option.name)
        assert not option.describe(default).startswith("-"), option.name
    assert config_words.describe_value("lr_warmup_steps", -1) == "the usual"
    assert config_words.describe_value("num_threads", 0) == "one a core"
    assert config_words.describe_value("num_threads", 4) == "4"
    assert config_words.describe_value("clip_norm", 0.5) == "0.5"
    assert config_words.title_of("augmentation.rotation_degrees") == (
        "Augmentation: rotation degrees"
    )


def test_latency__is_told_in_seconds_from_one_second_on():
    told = [text.latency(value) for value in (0.4, 12.3, 999.4, 999.6, 6089)]
    assert told == ["0 ms", "12 ms", "999 ms", "1.0 s", "6.1 s"]


def test_data__is_told_by_its_moment_with_the_year_where_it_is_another():
    now = datetime(2026, 12, 1, 12)
    assert data_time.moment(datetime(2026, 11, 29, 17, 40), now) == "29 Nov, 17:40"
    assert data_time.moment(datetime(2025, 2, 3, 4, 5), now) == "3 Feb 2025, 04:05"
    assert data_time.hint(16).startswith("Revision 16. A revision is one saved change")


def test_zone__unknown_names_are_utc():
    assert relative_time.zone("Nowhere/City") == relative_time.zone(None)
    assert relative_time.exact(datetime(2026, 7, 1, 12), "Europe/Berlin").endswith("14:00:00 CEST")


def test_how_alike__any_number_of_bits_has_words():
    assert [how_alike.describe(bits) for bits in (0, 1, 4, 5, 10)] == [
        "unaltered",
        "lightly altered",
        "lightly altered",
        "altered",
        "strongly altered",
    ]


def test_splits__the_gallery_offers_them_in_the_words_of_the_other_pages():
    assert filter_fields.FIELDS["split"].values is text.SPLIT_WORDS
    assert list(text.SPLIT_WORDS.values()) == ["train", "val", "test", "kept aside", "not assigned"]
