"""Signs in what was read that labels or splits are not what they seem: each one a caution."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from forge_core.catalog.formats.scan.scanned_folder import Caution, ScannedFile
from forge_core.catalog.importing.import_problems import printable

_ENOUGH_IMAGES = 2


def cautions_of(entries: Sequence[ScannedFile]) -> list[Caution]:
    """What is odd about the classes and splits of these images."""
    by_split: dict[str, set[str]] = defaultdict(set)
    classes: set[str] = set()
    labelled = 0
    unlabelled: Counter[str] = Counter()
    for entry in entries:
        if entry.label_name is None:
            unlabelled[entry.split or ""] += 1
            continue
        labelled += 1
        classes.add(entry.label_name)
        if entry.split is not None:
            by_split[entry.split].add(entry.label_name)
    found = []
    if len(classes) == 1 and labelled >= _ENOUGH_IMAGES and labelled == len(entries):
        text = f"All images are of one class, {listed(classes)}: there is nothing to tell apart."
        found.append(Caution(kind="one_class", message=text))
    return [*found, *_unlabelled_splits(by_split, unlabelled), *_between_splits(by_split)]


def _unlabelled_splits(
    by_split: dict[str, set[str]], unlabelled: Counter[str]
) -> Iterator[Caution]:
    for split, number in sorted(unlabelled.items()):
        if split and by_split and split not in by_split:
            images = "1 image" if number == 1 else f"{number:,} images"
            text = f"{split} has {images}, and none has a label; the other splits have classes."
            yield Caution(kind="unlabelled_split", message=text)


def _between_splits(by_split: dict[str, set[str]]) -> list[Caution]:
    train = by_split.get("train", set())
    others = {split: names for split, names in by_split.items() if split != "train"}
    if not train or not others:
        return []
    found = []
    for split, names in others.items():
        if not names & train:
            text = (
                f"No class of {split} is a class of train: {split} has {listed(names)}, train has "
                f"{listed(train)}. Their names differ, or they are not of one set."
            )
            found.append(Caution(kind="class_names_differ", message=text))
        elif only := names - train:
            text = f"{listed(only)} {_lie(only)} in {split}, but not in train: never learnt."
            found.append(Caution(kind="class_in_one_split", message=text))
    never = train.difference(*others.values())
    if never and not any(caution.kind == "class_names_differ" for caution in found):
        text = f"{listed(never)} {_lie(never)} only in train: never measured."
        found.append(Caution(kind="class_in_one_split", message=text))
    return found


def listed(names: Iterable[str]) -> str:
    """The first names in quotation marks, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - 4:,} more" if len(ordered) > 4 else ""
    return ", ".join(f"“{printable(name)}”" for name in ordered[:4]) + more


def _lie(names: set[str]) -> str:
    return "lies" if len(names) == 1 else "lie"
