from datetime import UTC, datetime, timedelta

import pytest

from pages.components import badges, errors
from pages.components.frame import navigation
from pages.components.words import text

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (1, "just now"),
        (40, "40 s ago"),
        (150, "2 min ago"),
        (3 * 3600, "3 h ago"),
        (86400, "1 day ago"),
        (6 * 86400, "6 days ago"),
        (8 * 86400, "2026-02-22"),
    ],
)
def test_ago(seconds, words):
    moment = (NOW - timedelta(seconds=seconds)).replace(tzinfo=None)  # as the database gives it
    assert text.ago(moment, NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (200, "3 min 20 s"),
        (3540, "59 min"),
        (7500, "2 h 5 min"),
        (200_000, "55 h"),
    ],
)
def test_duration(seconds, words):
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (4_100, "4.1 kB"), (41_000_000, "41 MB"), (2e12, "2.0 TB")],
)
def test_file_size(size, words):
    assert text.file_size(size) == words


def test_counts_and_shares():
    assert text.plural(1, "image") == "1 image"
    assert text.plural(12_480, "image") == "12,480 images"
    assert text.plural(0, "augmented copy", "augmented copies") == "0 augmented copies"
    assert text.percent(0.914) == "91.4 %"
    assert text.probability(0.914) == "91.4 %"
    assert [text.probability(share) for share in (0.0, 1.0)] == ["0.0 %", "100.0 %"]
    assert [text.probability(share) for share in (1e-9, 1 - 1e-9)] == ["< 0.1 %", "> 99.9 %"]
    assert [text.probability(share) for share in (0.0006, 0.9994)] == ["0.1 %", "99.9 %"]


def test_literal__keeps_a_file_name_from_becoming_formatting():
    assert errors.literal("a*b_c$x$:red[y].png") == r"a\*b\_c\$x\$\:red\[y\].png"


def test_link_to__leaves_out_what_is_not_given_and_quotes_the_rest():
    assert navigation.link_to("gallery") == "gallery"
    link = navigation.link_to("gallery", label=3, split=None, text="a&b c")
    assert link == "gallery?label=3&text=a%26b+c"


def test_every_page_in_the_list__is_there():
    for section in navigation.SECTIONS.values():
        for entry in section:
            assert navigation.find_page(entry.url_path) == entry
    assert navigation.find_page("nowhere") is None


def test_class_chip__shows_a_hostile_name_as_text():
    chip = badges.class_chip("<script>alert(1)</script>", '"onload="x')
    assert "<script>" not in chip
    assert "&lt;script&gt;" in chip
    assert '"onload=' not in chip
