"""Groups of images whose perceptual hashes differ in few bits, without comparing all pairs.

Pure numpy: hashes in, groups out. Source: G. Manku, A. Jain, A. Das Sarma, "Detecting
Near-Duplicates for Web Crawling" (WWW 2007), section 3: cut the 64 bits into `bits + r` blocks;
two hashes that differ in at most `bits` bits agree on at least `r` whole blocks, so for every
choice of r blocks the hashes are sorted by those blocks and only equal neighbours are compared.

Letters: N hashes, U different ones among them.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HASH_BITS = 64
MAX_BITS = 10
"""Most differing bits that can be asked for; beyond, unlike photos meet by chance."""
FLAT_BITS = 4
"""A hash with fewer bits set, or unset, than this shows no structure: a flat or evenly shaded
image. Any two such images look alike to the hash, so they are not compared at all."""
MAX_BUCKET = 1_024
"""Of more than this many hashes that agree on the same blocks, each is compared to so many."""
MANY = 200_000
"""From this many different hashes on, longer keys pay for the more sorts that they need."""

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SimilarGroups:
    """Which of N hashes belong together.

    `groups` (N,) int64: position of the first hash of its group, or -1 for a hash that is alone.
    `distances` (N,) int64: bits to the nearest other member; 0 where alone.
    """

    groups: Positions
    distances: Positions
    num_flat: int
    """Hashes that were not compared, because they show no structure."""
    num_cut: int
    """Hashes in buckets that were too full to be compared completely."""


def find_groups(hashes: Hashes, *, bits: int) -> SimilarGroups:
    """Join hashes that differ in at most `bits` bits; groups are the connected ones.

    Every pair within `bits` bits is found, but for hashes counted in `num_flat` and `num_cut`.
    The same hashes in the same order give the same groups.

    Args:
        hashes: (N,) uint64.
        bits: 0 to `MAX_BITS`.
    """
    flat = is_flat(hashes)
    places = np.flatnonzero(~flat)
    unique, first, member_of, sizes = np.unique(
        hashes[places], return_index=True, return_inverse=True, return_counts=True
    )
    joined = Components(len(unique))
    to_nearest = np.full(len(unique), HASH_BITS, dtype=np.int64)
    num_cut = 0
    if bits and len(unique) > 1:
        for mask in block_masks(bits, many=len(unique) > MANY):
            num_cut = max(num_cut, _join_neighbours(unique, mask, bits, joined, to_nearest))
    # Named by the first hash of the group in the order given.
    root = joined.roots
    earliest = np.full(len(unique), len(hashes), dtype=np.int64)
    np.minimum.at(earliest, root, places[first])
    group_of = earliest[root][member_of]
    nearest = np.where(sizes > 1, 0, to_nearest)[member_of]
    counts = np.bincount(root[member_of], minlength=len(unique)) if len(unique) else root
    together = counts[root][member_of] > 1 if len(unique) else np.zeros(0, dtype=bool)
    groups = np.full(len(hashes), -1, dtype=np.int64)
    distances = np.zeros(len(hashes), dtype=np.int64)
    groups[places] = np.where(together, group_of, -1)
    distances[places] = np.where(together, nearest, 0)
    return SimilarGroups(
        groups=groups, distances=distances, num_flat=int(flat.sum()), num_cut=num_cut
    )


def is_flat(hashes: Hashes) -> NDArray[np.bool_]:
    """Which hashes show no structure: (N,) bool."""
    ones = np.bitwise_count(hashes).astype(np.int64)
    return np.minimum(ones, HASH_BITS - ones) < FLAT_BITS


def block_masks(bits: int, *, many: bool) -> list[tuple[int, ...]]:
    """For each way to choose the agreeing blocks, the bit positions of the chosen ones.

    Any two hashes that differ in at most `bits` bits agree on all positions of at least one.
    """
    chosen = 1 if bits <= 2 else 2 if bits <= 5 or not many else 3
    blocks = np.array_split(np.arange(HASH_BITS), bits + chosen)
    return [
        tuple(int(bit) for block in choice for bit in block)
        for choice in itertools.combinations(blocks, chosen)
    ]


class Components:
    """Union-find over arrays: which of N things belong together."""

    def __init__(self, number: int) -> None:
        self.roots: Positions = np.arange(number, dtype=np.int64)
        """(N,) the smallest member of each one's set."""

    def join(self, left: Positions, right: Positions) -> None:
        """Put each left and its right into one set."""
        while True:
            a, b = self.roots[left], self.roots[right]
            apart = a != b
            if not apart.any():
                return
            left, right, a, b = left[apart], right[apart], a[apart], b[apart]
            np.minimum.at(self.roots, np.maximum(a, b), np.minimum(a, b))
            while True:
                shorter = self.roots[self.roots]
                if np.array_equal(shorter, self.roots):
                    break
                self.roots = shorter

    def join_equal(self, codes: Positions) -> None:
        """Put all things of one code into one set; those with a negative code stay alone."""
        places = np.flatnonzero(codes >= 0)
        _, first, member_of = np.unique(codes[places], return_index=True, return_inverse=True)
        self.join(places, places[first][member_of])


def _join_neighbours(
    hashes: Hashes,
    mask: tuple[int, ...],
    bits: int,
    joined: Components,
    to_nearest: Positions,
) -> int:
    """Join the hashes that agree on the mask and differ in few bits; returns how many were cut."""
    keep = np.uint64(sum(1 << bit for bit in mask))
    keys = hashes & keep
    order = np.argsort(keys, kind="stable")
    keys, ordered = keys[order], hashes[order]
    lefts: list[Positions] = []
    rights: list[Positions] = []
    at = np.flatnonzero(keys[1:] == keys[:-1])
    offset = 1
    while len(at) and offset <= MAX_BUCKET:
        differing = np.bitwise_count(ordered[at] ^ ordered[at + offset])
        near = differing <= bits
        if near.any():
            left, right = order[at[near]], order[at[near] + offset]
            distance = differing[near].astype(np.int64)
            np.minimum.at(to_nearest, left, distance)
            np.minimum.at(to_nearest, right, distance)
            lefts.append(left)
            rights.append(right)
        offset += 1
        at = at[at + offset < len(keys)]
        at = at[keys[at] == keys[at + offset]]
    if lefts:
        joined.join(np.concatenate(lefts), np.concatenate(rights))
    return len(at)
