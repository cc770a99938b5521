"""What passes the check can be stored on both databases and sent; what we say always can."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forge_core import storable_values
from forge_core.errors import InvalidInput
from tests.chance import examples

TEXTS = st.text(st.characters(exclude_categories=[])) | st.sampled_from(
    ["a\0b", "\ud800", "\udcff.png", "\ud83d\ude00", "é", "😀", ""]
)
NUMBERS = st.floats() | st.integers() | st.integers(2**62, 2**65) | st.integers(-(2**65), -(2**62))
VALUES = st.recursive(
    TEXTS | NUMBERS | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def is_storable(value):
    try:
        storable_values.check(value, "It")
    except InvalidInput:
        return False
    return True


def is_sendable(value):
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeEncodeError, ValueError):
        return False
    return True


def as_numbers(value):
    """JSON knows one kind of number: 5e16 may come back as a whole one."""
    if isinstance(value, dict):
        return {name: as_numbers(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [as_numbers(entry) for entry in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else value


@pytest.mark.slow
@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(values=st.lists(VALUES.filter(is_storable), min_size=1, max_size=20))
def test_check__what_it_lets_through_is_sent_stored_and_read_back(workspace, values):
    assert is_sendable(values)
    with workspace.database.write() as uow:
        uow.preferences.update_or_add("anna", "gallery", values)
    with workspace.database.read() as uow:
        assert as_numbers(uow.preferences.find("anna", "gallery")) == as_numbers(values)


@given(value=VALUES)
def test_check__refuses_whatever_cannot_be_sent(value):
    assert is_sendable(value) or not is_storable(value)


@given(value=VALUES)
def test_readable__is_always_storable_and_leaves_what_was(value):
    told = storable_values.readable(value)
    within = storable_values.readable(json.loads(json.dumps(value, default=str)))
    assert is_sendable(told)
    assert is_sendable(within)
    assert "\0" not in json.dumps(told, ensure_ascii=False)
    if is_storable(value):
        assert told == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\0", "NUL"),
        ({"\ud800": 1}, "surrogate"),
        ([[{"x": "\udfff"}]], "surrogate"),
        (float("nan"), "NaN"),
        ([float("-inf")], "Infinity"),
        (2**63, "9,223,372,036,854,775,807"),
        ({"x": -(2**63)}, "9,223,372,036,854,775,807"),
    ],
)
def test_check__says_what_is_wrong_and_does_not_repeat_it(value, words):
    with pytest.raises(InvalidInput, match=words) as refused:
        storable_values.check(value, "The note")
    assert refused.value.message.startswith("The note ")
    assert storable_values.is_text(str(refused.value))


def test_check__takes_the_largest_numbers_and_ends_at_a_depth():
    storable_values.check([2**63 - 1, 1 - 2**63, 1e308, True, None], "It")
    nested: list = []
    for _ in range(10_000):
        nested = [nested]
    with pytest.raises(InvalidInput, match="nested deeper"):
        storable_values.check(nested, "It")


def test_readable_text__shows_the_bytes_of_a_file_name_that_is_no_text():
    assert storable_values.readable_text("caf\udce9\0.png") == "caf\\udce9\\x00.png"
    assert storable_values.readable_text("café 😀") == "café 😀"
