"""Which images show one picture: what the hash brought together, verified on the pixels.

Pure: fingerprints in, groups out. The hash joins what might belong together, chained: of brain
scans or invoices, nearly all. Among these every image is compared with those that are most alike,
and a group is kept when

- every two of its images are near enough to be copies of each other (no chains), and
- every other image is clearly farther from it: where all pictures of a set are alike, two that are
  a little more alike are no copies, and no claim is made.

Letters: N images that the hash joined, n of one joined set.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forge_core.imaging import likeness
from forge_core.imaging.fingerprints import Fingerprint

NEAR, LOOSE = 1.0, 2.0
"""Distances up to which a group is one by itself, and while nothing else is near it; small pictures
are never one beyond the first."""
APART, APART_SMALL, APART_LOOSE = 0.75, 0.6, 0.5
"""How far a group may reach, as a share of the distance to the nearest image outside of it:
usually, for pictures of so few pixels that re-encoding changes them much, and beyond `NEAR`."""
FEWEST = 50
"""Of fewer images nobody knows how alike other pictures of their kind are: only `NEAR` counts."""
NEIGHBOURS = 8
"""Images that each one is compared with on the pixels: those that are most alike at 16 x 16."""
_ROWS = 1_024
_WORTH = 2.5
"""Differences at 16 x 16, in units of noise, beyond which the pixels need not be asked."""
_ALIKE = 0.85
"""Correlation at 16 x 16 from which the most alike image of all is compared on the pixels."""
FEWEST_ALIKE, MOST_ALIKE = 3, 20_000
"""Joined sets in which brightened pictures are looked for by what tells them apart: in smaller ones
nothing is known to be common, and in larger ones it takes minutes."""
NEAREST_OF_CLIPPED = 2
_ALIKE_OWN = 0.3
"""Correlation of what tells pictures apart from which their pixels are compared."""

Positions = NDArray[np.int64]
Pair = tuple[int, int]
Tell = Callable[[int, int], None]


def find(
    fingerprints: Sequence[Fingerprint | None],
    joined: Positions,
    *,
    num_compared: int,
    tell: Tell = lambda done, total: None,
) -> Positions:
    """The group of each image, (N,): the position of its first image, or -1 for one alone.

    Images of `SIDE` pixels and less whose pixels are all the same are one group whatever they show.
    The same fingerprints in the same order give the same groups.

    Args:
        fingerprints: N of them; None for an image that cannot be read, which stays alone.
        joined: (N,) equal for images that might show one picture; negative for one alone.
        num_compared: Images that the hash was looked up for, so that could have been near.
        tell: Told how many pairs are compared, of how many.
    """
    groups = np.full(len(fingerprints), -1, dtype=np.int64)
    sets = [_JoinedSet.of(fingerprints, places) for places in _sets(joined)]
    pairs = [pair for each in sets for pair in each.pairs]
    values = np.concatenate(
        [
            np.zeros(0, dtype=np.float32),
            *_measured_in_parts(fingerprints, pairs, tell),
        ]
    )
    at = 0
    for each in sets:
        found = dict(zip(each.pairs, values[at : at + len(each.pairs)].tolist(), strict=True))
        at += len(each.pairs)
        for members in _groups_of(fingerprints, each, found, num_compared=num_compared):
            groups[members] = min(members)
    return groups


@dataclass(frozen=True, kw_only=True)
class _JoinedSet:
    """Images of one joined set: those of equal pixels as one, and which to compare."""

    twins: dict[int, list[int]]
    """By the first of equal images, all of them."""
    pairs: list[Pair]
    """Firsts to compare on the pixels, the smaller place before the larger."""

    @classmethod
    def of(cls, fingerprints: Sequence[Fingerprint | None], places: Sequence[int]) -> "_JoinedSet":
        there = [(place, found) for place in places if (found := fingerprints[place]) is not None]
        details = likeness.details_of([found for _, found in there])
        telling = (details >= likeness.LEAST_DETAIL).tolist()
        twins: dict[int, list[int]] = {}
        first_of: dict[object, int] = {}
        compared: list[tuple[int, Fingerprint]] = []
        for (place, found), tells in zip(there, telling, strict=True):
            key = _pixels_of(found, tells) or place
            first = first_of.setdefault(key, place)
            twins.setdefault(first, []).append(place)
            if first == place and tells:
                compared.append((place, found))
        return cls(twins=twins, pairs=_nearest([p for p, _ in compared], [f for _, f in compared]))


def _pixels_of(fingerprint: Fingerprint, tells: bool) -> object:
    """What only images of equal pixels have in common; None where that cannot be known."""
    if fingerprint.digest:
        return fingerprint.width, fingerprint.height, fingerprint.digest
    return (fingerprint.luma.tobytes(), fingerprint.color.tobytes()) if tells else None


@dataclass(slots=True, kw_only=True)
class _Cluster:
    """Firsts of which every two are within `reach`; made of two smaller ones, or of one first."""

    firsts: list[int]
    reach: float
    parts: "list[_Cluster]" = field(default_factory=list)


def _sets(joined: Positions) -> list[list[int]]:
    places = np.flatnonzero(joined >= 0)
    if not len(places):
        return []
    order = places[np.argsort(joined[places], kind="stable")]
    cuts = np.flatnonzero(np.diff(joined[order])) + 1
    return [part.tolist() for part in np.split(order, cuts) if len(part) > 1]


def _nearest(places: Sequence[int], fingerprints: Sequence[Fingerprint]) -> list[Pair]:
    """Each one with those that are most alike at 16 x 16, where that is near enough."""
    number = len(places)
    if number < 2:
        return []
    rows, contrast = likeness.descriptors(fingerprints)
    noise = np.array([likeness.noise_of(each.side) for each in fingerprints], dtype=np.float32)
    most = min(NEIGHBOURS, number - 1)
    found: set[Pair] = set()
    for start in range(0, number, _ROWS):
        stop = min(start + _ROWS, number)
        alike = rows[start:stop] @ rows.T
        alike[np.arange(stop - start), np.arange(start, stop)] = -2
        nearest = np.argpartition(-alike, most - 1, axis=1)[:, :most]
        own = np.arange(start, stop)[:, None]
        corr = np.take_along_axis(alike, nearest, axis=1)
        differing = np.maximum(contrast[own], contrast[nearest]) * np.sqrt(
            np.maximum(0, 1 - corr * corr)
        )
        near = (corr > 0) & (differing <= _WORTH * np.maximum(noise[own], noise[nearest]))
        # Clipped highlights differ by more: the most alike one is worth a look all the same.
        near |= (corr >= _ALIKE) & (corr == corr.max(axis=1, keepdims=True))
        left, right = np.nonzero(near)
        found.update(_ordered(left + start, nearest[left, right]))
    found |= _nearest_of_clipped(fingerprints)
    return sorted((places[a], places[b]) for a, b in found)


def _nearest_of_clipped(fingerprints: Sequence[Fingerprint]) -> set[Pair]:
    """Those that may be brightened ones, with the likest by what tells pictures of a kind apart."""
    number = len(fingerprints)
    places = np.flatnonzero(likeness.has_clipped(fingerprints))
    if not len(places) or not FEWEST_ALIKE <= number <= MOST_ALIKE:
        return set()
    rows = likeness.own_details(fingerprints)
    most = min(NEAREST_OF_CLIPPED, number - 1)
    found: set[Pair] = set()
    for start in range(0, len(places), _ROWS):
        part = places[start : start + _ROWS]
        alike = rows[part] @ rows.T
        alike[np.arange(len(part)), part] = -2
        nearest = np.argpartition(-alike, most - 1, axis=1)[:, :most]
        corr = np.take_along_axis(alike, nearest, axis=1)
        left, right = np.nonzero(corr >= _ALIKE_OWN)
        found.update(_ordered(part[left], nearest[left, right]))
    return found


def _ordered(some: Positions, others: Positions) -> Iterator[Pair]:
    return ((min(a, b), max(a, b)) for a, b in zip(some.tolist(), others.tolist(), strict=True))


def _measured_in_parts(
    fingerprints: Sequence[Fingerprint | None], pairs: Sequence[Pair], tell: Tell
) -> list[NDArray[np.float32]]:
    measured = []
    for start in range(0, len(pairs), _ROWS):
        measured.append(_measure(fingerprints, pairs[start : start + _ROWS]))
        tell(min(start + _ROWS, len(pairs)), len(pairs))
    return measured


def _measure(
    fingerprints: Sequence[Fingerprint | None], pairs: Sequence[Pair]
) -> NDArray[np.float32]:
    there = []
    for a, b in pairs:
        first, second = fingerprints[a], fingerprints[b]
        assert first is not None, "only those that were read are compared"
        assert second is not None, "only those that were read are compared"
        there.append((first, second))
    return likeness.distances(there)


def _groups_of(
    fingerprints: Sequence[Fingerprint | None],
    joined: _JoinedSet,
    known: dict[Pair, float],
    *,
    num_compared: int,
) -> list[list[int]]:
    """Groups of one joined set, as places."""
    clusters = _clusters(fingerprints, joined, known)
    cluster_of = {first: cluster for cluster in clusters for first in cluster.firsts}
    links: dict[int, list[tuple[int, float]]] = {}
    for (a, b), distance in known.items():
        links.setdefault(a, []).append((b, distance))
        links.setdefault(b, []).append((a, distance))
    taken: list[_Cluster] = []
    waiting = list(clusters)
    while waiting:
        cluster = waiting.pop()
        if len(cluster.firsts) > 1 and not _stands(
            fingerprints, cluster, links, num_compared=num_compared
        ):
            waiting += cluster.parts
            continue
        taken.append(cluster)
    alone = [first for first in joined.twins if first not in cluster_of]
    groups = [
        [place for first in firsts for place in joined.twins[first]]
        for firsts in ([cluster.firsts for cluster in taken] + [[first] for first in alone])
    ]
    return [group for group in groups if len(group) > 1]


def _clusters(
    fingerprints: Sequence[Fingerprint | None],
    joined: _JoinedSet,
    known: dict[Pair, float],
) -> list[_Cluster]:
    """Join the nearest first, but only what is near throughout."""
    cluster_of: dict[int, _Cluster] = {}
    for distance, (a, b) in sorted((known[pair], pair) for pair in joined.pairs):
        if distance > LOOSE:
            break
        left = cluster_of.setdefault(a, _Cluster(firsts=[a], reach=0.0))
        right = cluster_of.setdefault(b, _Cluster(firsts=[b], reach=0.0))
        if left is right:
            continue
        across = [(min(p, q), max(p, q)) for p in left.firsts for q in right.firsts]
        unknown = [pair for pair in across if pair not in known]
        if unknown and distance <= NEAR:  # many copies of one: not all are each other's nearest
            found = _measure(fingerprints, unknown)
            known.update(zip(unknown, found.tolist(), strict=True))
        reach = max(known.get(pair, likeness.FAR) for pair in across)
        if reach > LOOSE:
            continue
        whole = _Cluster(
            firsts=left.firsts + right.firsts,
            reach=max(reach, left.reach, right.reach),
            parts=[left, right],
        )
        for first in whole.firsts:
            cluster_of[first] = whole
    return list({id(cluster): cluster for cluster in cluster_of.values()}.values())


def _stands(
    fingerprints: Sequence[Fingerprint | None],
    cluster: _Cluster,
    links: dict[int, list[tuple[int, float]]],
    *,
    num_compared: int,
) -> bool:
    """Whether a cluster is one group: near throughout, and clearly apart from all others."""
    inside = set(cluster.firsts)
    nearest_outside = min(
        (
            distance
            for first in cluster.firsts
            for other, distance in links.get(first, [])
            if other not in inside
        ),
        default=float("inf"),
    )
    side = min(found.side for first in inside if (found := fingerprints[first]) is not None)
    is_small = likeness.noise_of(side) >= likeness.MOST_NOISE
    if cluster.reach > NEAR:
        is_known = num_compared >= FEWEST and not is_small
        return is_known and cluster.reach <= APART_LOOSE * nearest_outside
    return cluster.reach <= (APART_SMALL if is_small else APART) * nearest_outside
