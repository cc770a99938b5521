"""Cases that were right from the first: they stay so."""

from collections import Counter

from tests.forge_core.catalog.public_cases.conftest import Look


def test_utf16_with_tabs__is_read(look: Look):
    assert Counter(look("utf16_tab").labels.values()) == {"cat": 2, "dog": 2}


def test_names_of_a_mac__are_one_class(look: Look):
    assert Counter(look("nfd").labels.values()) == {"Äpfel": 4}


def test_longest_names__all_come_in(look: Look):
    assert len(look("longest_names").labels) == 5


def test_one_hot_of_floats__marks_the_class(look: Look):
    assert set(look("isic_onehot").labels.values()) == {"MEL", "NV"}


def test_wrong_endings__are_named(look: Look):
    found = look("wrong_endings")
    assert len(found.labels) == 5
    assert any("d.mp4" in problem for problem in found.problems)
