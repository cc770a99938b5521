"""How many images there are of each class in each split, and what that means, in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.enums import Split
from db.records import ANY, NONE, CountRow, Label
from forge_core.workspace import Workspace

IMBALANCE_RATIO = 1.5
"""Largest class over smallest class in train above which sampling is weighted by default."""

FEW_TRAINING_IMAGES = 10
FEW_TEST_IMAGES = 10
SPLITS = (*Split, None)


@dataclass(frozen=True, kw_only=True)
class BalanceRow:
    """One class: its images in each split, augmented copies left out."""

    label_id: int | None
    label_name: str
    color: str
    train: int
    val: int
    test: int
    held_out: int
    none: int

    @property
    def total(self) -> int:
        """Images of this class."""
        return self.train + self.val + self.test + self.held_out + self.none


@dataclass(frozen=True, kw_only=True)
class BalanceWarning:
    """One thing to know before training, and which images it is about."""

    text: str
    label: int | str | None = None
    """Number of a class, "any" or "none" as in an `AssetFilter`; None for all images."""
    split: str | None = None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Counts of the catalog. `rows` are the classes; images without a label are apart."""

    rows: list[BalanceRow]
    unlabelled: BalanceRow
    augmented: int
    imbalance_ratio: float | None
    warnings: list[BalanceWarning]

    def split_total(self, split: str | None) -> int:
        """Labelled images in a split (None: in no split)."""
        return sum(getattr(row, split or "none") for row in self.rows)

    @property
    def total(self) -> int:
        """All images but augmented copies."""
        return sum(row.total for row in self.rows) + self.unlabelled.total


def class_balance(workspace: Workspace) -> Balance:
    """Counts of every class and split from the kept counts, with warnings in words."""
    with workspace.database.read() as uow:
        counts = uow.counts.list_all()
        labels = uow.labels.list_all()
    return describe_balance(labels, counts)


def describe_balance(labels: Sequence[Label], counts: Sequence[CountRow]) -> Balance:
    """The balance of these counts. Pure: same input, same answer."""
    # A retired class is seen only while an undo has given it images again.
    numbers: Counter[tuple[int | None, str | None]] = Counter()
    for count in counts:
        if not count.is_augmented:
            numbers[count.label_id, count.split_type] += count.num_images
    all_rows = [(label, _row(label, numbers)) for label in labels]
    rows = [row for label, row in all_rows if row.total or not label.is_retired]
    unlabelled = _row(None, numbers)
    train_sizes = [row.train for row in rows if row.train]
    ratio = max(train_sizes) / min(train_sizes) if train_sizes else None
    return Balance(
        rows=rows,
        unlabelled=unlabelled,
        augmented=sum(count.num_images for count in counts if count.is_augmented),
        imbalance_ratio=ratio,
        warnings=_warnings(rows, unlabelled, ratio),
    )


def _row(label: Label | None, numbers: Mapping[tuple[int | None, str | None], int]) -> BalanceRow:
    """The row of a class from its number of images in each split (a `Counter`: 0 for none)."""
    label_id = label.label_id if label else None
    number = {split: numbers[label_id, split] for split in SPLITS}
    return BalanceRow(
        label_id=label_id,
        label_name=label.name if label else "unlabelled",
        color=label.color if label else "#9AA0A6",
        train=number[Split.TRAIN],
        val=number[Split.VAL],
        test=number[Split.TEST],
        held_out=number[Split.HELD_OUT],
        none=number[None],
    )


def _warnings(
    rows: Sequence[BalanceRow], unlabelled: BalanceRow, ratio: float | None
) -> list[BalanceWarning]:
    found: list[BalanceWarning] = []
    used = [row for row in rows if row.total]
    if unlabelled.total:
        found.append(
            BalanceWarning(
                text=f"{unlabelled.total:,} images have no label: nothing is learned from them.",
                label=NONE,
            )
        )
    if not used:
        return found
    for split, purpose in (("train", "nothing can be learned"), ("val", "nothing can be measured")):
        if not any(getattr(row, split) for row in used):
            found.append(
                BalanceWarning(text=f"0 images are in {split}, so {purpose}.", split=split)
            )
    unassigned = sum(row.none for row in used)
    if unassigned:
        found.append(
            BalanceWarning(
                text=f"{unassigned:,} labelled images are not assigned to a split: no run uses "
                "them.",
                label=ANY,
                split=NONE,
            )
        )
    if ratio is not None and ratio > IMBALANCE_RATIO:
        largest = max(used, key=lambda row: row.train)
        smallest = min((row for row in used if row.train), key=lambda row: row.train)
        found.append(
            BalanceWarning(
                text=f"In train, {largest.label_name!r} has {ratio:.1f} times the images of "
                f"{smallest.label_name!r} ({largest.train:,} and {smallest.train:,}): sampling is "
                "weighted unless you turn it off.",
                label=smallest.label_id,
                split="train",
            )
        )
    found += [warning for row in used for warning in _class_warnings(row, used)]
    return found


def _class_warnings(row: BalanceRow, used: Sequence[BalanceRow]) -> list[BalanceWarning]:
    found = []
    someone_trains = any(other.train for other in used)
    if someone_trains and row.train < FEW_TRAINING_IMAGES:
        images = "no image" if row.train == 0 else f"only {row.train}"
        found.append(
            BalanceWarning(
                text=f"train has {images} of {row.label_name!r}.",
                label=row.label_id,
                split="train",
            )
        )
    for split in ("val", "test"):
        number = getattr(row, split)
        if not any(getattr(other, split) for other in used) or number >= FEW_TEST_IMAGES:
            continue
        text = f"{split} has no image of {row.label_name!r}: its accuracy cannot be known."
        if number:
            steps = ", ".join(f"{100 * k / number:.0f}" for k in range(number + 1))
            text = (
                f"{split} has {number} images of {row.label_name!r}: its accuracy can only be "
                f"{steps} %."
                if number <= 4
                else f"{split} of {row.label_name!r}: with {number} images, each one counts "
                f"{100 / number:.0f} % of its accuracy."
            ).replace("has 1 images", "has 1 image")
        found.append(BalanceWarning(text=text, label=row.label_id, split=split))
    return found
