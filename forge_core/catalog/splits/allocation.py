"""Who goes where in a split: groups whole, classes in proportion, the same for the same seed.

Pure: the catalog's columns in, a split for each image out. Letters: N images, K classes,
B = 4 bins: train, val, test, and none for what an absolute count leaves over.
"""

import random
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db.enums import Split
from forge_core.catalog.revisions.column_cache import (
    ALONE,
    HELD_OUT,
    NO_LABEL,
    NO_SPLIT,
    SPLITS,
    CatalogColumns,
    Codes,
)
from forge_core.catalog.splits import groups as grouping_room
from forge_core.catalog.splits.groups import Grouping
from forge_core.catalog.splits.sizes import SplitSizes, divide

DIVIDED = (Split.TRAIN, Split.VAL, Split.TEST)
BINS = (*(SPLITS.index(split) for split in DIVIDED), NO_SPLIT)
TRAIN = BINS[0]
_SIZE_WEIGHT = 2.0
"""How much more the sizes of the parts count than each class's share. With classes of three large
groups each, by class alone all would go into train, because each class misses most there."""


@dataclass(frozen=True, kw_only=True)
class Division:
    """What a split does to every image.

    `targets` (N,) int8: the code of `column_cache.SPLITS` that each image has afterwards.
    """

    targets: NDArray[np.int8]
    divided: NDArray[np.bool_]
    """Images that were divided, by the wished sizes."""
    wished: NDArray[np.float64]
    """(B,) images that each bin should have got."""
    num_groups: int
    """Groups of two and more images among those that were divided."""
    largest_group: int
    num_kept_out: int
    """Images that are in no split, because their groups hold held-out images."""
    num_torn: int
    """Groups that lay in several splits before, and still do."""
    num_copies: int
    """Augmented copies that move, to where their parent is."""
    num_mined: int = 0
    """Images that go into train because they, or one of their group, were chosen for what they
    are."""


def decide(
    catalog: CatalogColumns,
    class_names: Mapping[int, str],
    sizes: SplitSizes,
    *,
    seed: int,
    only_unassigned: bool,
    grouping: Grouping,
    mined: Sequence[uuid.UUID] = (),
) -> Division:
    """Divide the labelled images that are not held out.

    Without groups, each class is shuffled by itself and cut at exact sizes. With groups, whole
    groups go first, the largest to where most is missing of their classes; single images then
    even out what the groups left uneven.

    Args:
        catalog: The living images, in the order of their paths.
        class_names: Name by class number; a class's order depends on its name.
        sizes: How many images go where.
        seed: Another seed, another split.
        only_unassigned: Images that are in a split stay, and their groups follow them.
        grouping: Which images belong together.
        mined: Images that were chosen for what they are, such as their difficulty: with their
            groups they go into train, since they would bias what is measured on them.
    """
    units = grouping_room.unite(catalog, grouping)
    own = ~catalog.augmented
    divided = own & (catalog.labels != NO_LABEL) & (catalog.splits != HELD_OUT)
    if only_unassigned:
        divided &= catalog.splits == NO_SPLIT
    targets = catalog.splits.copy()
    held_units = np.zeros(len(catalog), dtype=bool)
    held_units[units[own & (catalog.splits == HELD_OUT)]] = True
    kept_out = divided & held_units[units]
    targets[kept_out] = NO_SPLIT
    divided &= ~kept_out

    rows = np.flatnonzero(divided)
    label_ids, classes = np.unique(catalog.labels[rows], return_inverse=True)
    quotas = sizes.quotas(np.bincount(classes, minlength=len(label_ids)).tolist())
    filling = _Filling(quotas)
    num_torn = 0
    if only_unassigned and grouping:
        followed, num_torn = _follow_assigned(catalog, units, rows, own)
        places = np.flatnonzero(followed >= 0)
        targets[rows[places]] = followed[places]
        fixed = Counter(zip(classes[places].tolist(), followed[places].tolist(), strict=True))
        for (class_, code), number in fixed.items():
            filling.take(class_, BINS.index(code), number)
        keep = followed < 0
        rows, classes = rows[keep], classes[keep]
    is_mined = np.zeros(len(catalog), dtype=bool)
    is_mined[units[_rows_of(catalog, mined)]] = True
    trained = is_mined[units[rows]]
    targets[rows[trained]] = TRAIN
    for class_, number in Counter(classes[trained].tolist()).items():
        filling.take(class_, BINS.index(TRAIN), number)
    rows, classes = rows[~trained], classes[~trained]
    singles = _place_groups(filling, targets, units, rows, classes, seed=seed)
    names = [class_names[int(label_id)] for label_id in label_ids]
    _place_singles(filling, targets, rows[singles], classes[singles], names, seed=seed)
    members = grouping_room.sizes_of(units, np.flatnonzero(divided))
    num_copies = _place_copies(catalog, units, targets, only_unassigned=only_unassigned)
    return Division(
        targets=targets,
        divided=divided,
        wished=quotas.sum(axis=0) if len(quotas) else np.zeros(len(BINS)),
        num_groups=len(members),
        largest_group=int(members[0]) if len(members) else 0,
        num_kept_out=int(kept_out.sum()),
        num_torn=num_torn,
        num_copies=num_copies,
        num_mined=int(trained.sum()),
    )


def _rows_of(catalog: CatalogColumns, asset_ids: Sequence[uuid.UUID]) -> Codes:
    """The rows of these images; those that do not live are left out."""
    wanted = np.array([asset_id.bytes for asset_id in asset_ids], "S16")
    return np.flatnonzero(np.isin(np.frombuffer(catalog.ids, "S16"), wanted))


class _Filling:
    """How many images each bin still lacks, of each class and in all."""

    def __init__(self, quotas: NDArray[np.float64]) -> None:
        self.missing: list[list[float]] = quotas.tolist()
        self.sizes = [max(sum(row), 1.0) for row in self.missing]
        totals = quotas.sum(axis=0) if len(quotas) else np.zeros(len(BINS))
        self.wanted = [bool(total > 0) for total in totals]
        self.missing_in_all: list[float] = totals.tolist()
        self.size = max(sum(self.missing_in_all), 1.0)
        self.filled = [0] * len(BINS)

    def take(self, class_: int, bin_: int, number: int) -> None:
        """So many images of a class went into a bin."""
        self.missing[class_][bin_] -= number
        self.missing_in_all[bin_] -= number
        self.filled[bin_] += number

    def choose(self, unit: Sequence[tuple[int, int]], num_left: int) -> int:
        """The bin that misses most of the classes of a unit, and of images in all.

        When as few units are left as there are empty bins, the empty bins come first.
        """
        bins = [b for b, wanted in enumerate(self.wanted) if wanted]
        empty = [b for b in bins if not self.filled[b]]
        if empty and num_left <= len(empty):
            bins = empty
        number = sum(part for _, part in unit)
        scores = [
            sum(part * self.missing[c][b] / self.sizes[c] for c, part in unit)
            + _SIZE_WEIGHT * number * self.missing_in_all[b] / self.size
            for b in bins
        ]
        return bins[scores.index(max(scores))]


def _place_groups(
    filling: _Filling,
    targets: NDArray[np.int8],
    units: Codes,
    rows: Codes,
    classes: Codes,
    *,
    seed: int,
) -> NDArray[np.bool_]:
    """Place every group of two and more images as a whole; returns which rows are singles."""
    _, member_of, counts = np.unique(units[rows], return_inverse=True, return_counts=True)
    grouped = counts[member_of] > 1
    places = np.flatnonzero(grouped)
    if not len(places):
        return ~grouped
    places = places[np.argsort(member_of[places], kind="stable")]
    starts = np.flatnonzero(np.diff(member_of[places], prepend=-1))
    ends = np.append(starts[1:], len(places))
    order = list(range(len(starts)))  # in the order of their first paths
    random.Random(f"{seed}/groups").shuffle(order)
    order.sort(key=lambda unit: int(starts[unit] - ends[unit]))
    of_group = classes[places]
    lowest = np.minimum.reduceat(of_group, starts).tolist()
    highest = np.maximum.reduceat(of_group, starts).tolist()
    begin, end = starts.tolist(), ends.tolist()
    num_left = len(order) + int((~grouped).sum())
    chosen = np.zeros(len(places), dtype=np.int8)
    for unit in order:
        first, last = begin[unit], end[unit]
        if lowest[unit] == highest[unit]:
            held = [(lowest[unit], last - first)]
        else:
            held = sorted(Counter(of_group[first:last].tolist()).items())
        bin_ = filling.choose(held, num_left)
        for class_, number in held:
            filling.take(class_, bin_, number)
        chosen[first:last] = BINS[bin_]
        num_left -= 1
    targets[rows[places]] = chosen
    return ~grouped


def _place_singles(
    filling: _Filling,
    targets: NDArray[np.int8],
    rows: Codes,
    classes: Codes,
    names: Sequence[str],
    *,
    seed: int,
) -> None:
    """Fill each class's bins with its single images, in an order of its own."""
    for class_, name in enumerate(names):
        # In the order of the paths, shuffled per class: independent of ids and other classes.
        members = rows[classes == class_].tolist()
        random.Random(f"{seed}/{name}").shuffle(members)
        missing = [max(number, 0.0) for number in filling.missing[class_]]
        if sum(missing) <= 0:
            missing = [float(wanted) for wanted in filling.wanted]
        start = 0
        for code, size in zip(BINS, divide(len(members), missing), strict=True):
            targets[members[start : start + size]] = code
            start += size


def _follow_assigned(
    catalog: CatalogColumns, units: Codes, rows: Codes, own: NDArray[np.bool_]
) -> tuple[Codes, int]:
    """For each row the split that most of its group is in already, or -1; and the torn groups."""
    assigned = own & (catalog.splits != NO_SPLIT) & (catalog.splits != HELD_OUT)
    votes = np.zeros((len(catalog), len(DIVIDED)), dtype=np.int32)
    for place, code in enumerate(BINS[: len(DIVIDED)]):
        np.add.at(votes[:, place], units[assigned & (catalog.splits == code)], 1)
    involved = votes[units[rows]]
    winners = np.array(BINS[: len(DIVIDED)])[involved.argmax(axis=1)]
    torn = np.unique(units[rows][(involved > 0).sum(axis=1) > 1])
    return np.where(involved.any(axis=1), winners, -1), len(torn)


def _place_copies(
    catalog: CatalogColumns, units: Codes, targets: NDArray[np.int8], *, only_unassigned: bool
) -> int:
    """Copies go into train with their parent, and out of every split with it otherwise."""
    copies = np.flatnonzero(catalog.augmented & (catalog.splits != HELD_OUT))
    if not len(copies):
        return 0
    origin = catalog.parents[copies]
    for _ in range(8):  # a copy of a copy follows the first of them
        further = (origin != ALONE) & catalog.augmented[origin] & (catalog.parents[origin] != ALONE)
        if not further.any():
            break
        origin = np.where(further, catalog.parents[origin], origin)
    # Without a parent, a copy follows the first image of its own group.
    leader = np.full(len(catalog), ALONE, dtype=np.int64)
    own = np.flatnonzero(~catalog.augmented)[::-1]
    leader[units[own]] = own
    origin = np.where(origin == ALONE, leader[units[copies]], origin)
    known = origin != ALONE
    copies, origin = copies[known], origin[known]
    wanted = np.where(targets[origin] == TRAIN, TRAIN, NO_SPLIT).astype(np.int8)
    if only_unassigned:
        free = (catalog.splits[copies] == NO_SPLIT) | (targets[origin] != catalog.splits[origin])
        copies, wanted = copies[free], wanted[free]
    moved = targets[copies] != wanted
    targets[copies] = wanted
    return int(moved.sum())
