"""Grouping: images that look alike, share a key or a part of their path are found together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_core.catalog.splits import groups, similarity
from forge_core.catalog.splits.groups import Grouping
from forge_core.errors import InvalidInput
from tests.chance import examples


def flip(value: int, *bits: int) -> int:
    for bit in bits:
        value ^= 1 << bit
    return value


def hashes_of(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.uint64)


BASE = 0x0F1E2D3C4B5A6978
OTHER = 0xA5A5C3C399996666


def test_similar__hashes_within_the_bits_are_one_group_through_a_chain() -> None:
    near, nearer = flip(BASE, 0, 13, 27, 41), flip(BASE, 0, 13, 27, 41, 50, 63)
    found = similarity.find_groups(hashes_of(OTHER, BASE, near, nearer), bits=4)
    assert found.groups.tolist() == [-1, 1, 1, 1]
    assert found.distances.tolist() == [0, 4, 2, 2]


def test_similar__one_bit_too_far_is_alone() -> None:
    far = flip(BASE, 1, 14, 28, 42, 60)
    assert similarity.find_groups(hashes_of(BASE, far), bits=4).groups.tolist() == [-1, -1]
    assert similarity.find_groups(hashes_of(BASE, far), bits=5).groups.tolist() == [0, 0]


def test_similar__equal_hashes_are_a_group_at_distance_zero() -> None:
    found = similarity.find_groups(hashes_of(OTHER, BASE, OTHER), bits=0)
    assert (found.groups.tolist(), found.distances.tolist()) == ([0, -1, 0], [0, 0, 0])


def test_similar__flat_images_are_not_compared_and_counted() -> None:
    # 0: one colour. 7: three bits. All ones: evenly darker to brighter.
    found = similarity.find_groups(hashes_of(0, 0, 7, 2**64 - 1, 2**64 - 1, BASE), bits=4)
    assert found.groups.tolist() == [-1] * 6
    assert found.num_flat == 5


@pytest.mark.parametrize("number", [0, 1])
def test_similar__of_nothing_or_one_is_nothing(number: int) -> None:
    found = similarity.find_groups(hashes_of(*[BASE] * number), bits=4)
    assert found.groups.tolist() == [-1] * number


@settings(max_examples=examples(30), deadline=None)
@given(
    bits=st.integers(0, similarity.MAX_BITS),
    many=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_blocks__hashes_within_the_bits_always_agree_on_one_choice(
    bits: int, many: bool, seed: int
) -> None:
    changed = np.random.default_rng(seed).choice(64, size=bits, replace=False)
    touched = {int(bit) for bit in changed}
    assert any(touched.isdisjoint(mask) for mask in similarity.block_masks(bits, many=many))


@settings(max_examples=examples(20), deadline=None)
@given(seed=st.integers(0, 2**32), bits=st.integers(0, 6))
def test_similar__is_what_comparing_all_pairs_finds(seed: int, bits: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 2**64, 40, dtype=np.uint64)
    for place in range(20, 40):  # copies of earlier ones, a few bits off
        value = values[random.integers(0, place)]
        for bit in random.choice(64, size=random.integers(0, 9), replace=False):
            value ^= np.uint64(1) << np.uint64(bit)
        values[place] = value
    found = similarity.find_groups(values, bits=bits)
    flat = similarity.is_flat(values)
    group = list(range(40))
    for i in range(40):
        for j in range(i):
            if flat[i] or flat[j] or int(values[i] ^ values[j]).bit_count() > bits:
                continue
            old, new = max(group[i], group[j]), min(group[i], group[j])
            group = [new if g == old else g for g in group]
    expected = [g if group.count(g) > 1 else -1 for g in group]
    assert found.groups.tolist() == expected


def test_parse__several_reasons_with_the_path_last() -> None:
    chosen = groups.parse(r"near_duplicates:6, group_key,path:^(a|b),(\d{2,3})")
    assert chosen == Grouping(
        near_duplicate_bits=6, by_group_key=True, path_pattern=r"^(a|b),(\d{2,3})"
    )
    assert groups.parse("near_duplicates") == Grouping(near_duplicate_bits=groups.DEFAULT_BITS)
    assert not groups.parse("")
    assert groups.parse(str(chosen)) == chosen


@pytest.mark.parametrize(
    "text", ["looks", "near_duplicates:x", "near_duplicates:11", "group_key:1"]
)
def test_parse__unknown_words_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        groups.parse(text)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "not a regular expression"),
        ("abc", "captures nothing"),
        ("(a+)+", "take for ever"),
        ("(a*){2,}", "take for ever"),
        ("(" + "a" * 300 + ")", "take for ever"),
    ],
)
def test_path_expression__that_cannot_be_used_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Grouping(path_pattern=pattern)
