"""FiftyOne's FiftyOneImageClassificationDataset: labels.json beside a folder data/.

`{"classes": [...] or null, "labels": {"path without extension": 2 or "cat" or {"label": ...}}}`.
One such pair at the top, or one in each split folder.

Source: FiftyOne user guide, "Importing data into FiftyOne", FiftyOneImageClassificationDataset.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from db.records import Asset
from forge_core.catalog.formats import table
from forge_core.catalog.formats.documents import sinks
from forge_core.catalog.formats.documents.sinks import Sink, Written
from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder, split_of_name

LABELS_NAME = "labels.json"
DATA_FOLDER = "data"
EXTRA = "vision_forge"
"""Where our export keeps what the format has no place for; FiftyOne does not read it."""


def recognises(walked: Walked) -> bool:
    """A labels.json that holds classes and labels."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each label, found by its path in data/ without extension."""
    documents = _documents(walked)
    records = (
        record for document, content in documents.items() for record in _records(document, content)
    )
    return label_records.place(
        walked,
        records,
        layout="fiftyone",
        heading=f"FiftyOne labels, {label_records.named(list(documents))}",
        documents=list(documents),
        several=options.several,
    )


def _documents(walked: Walked) -> dict[str, dict[str, Any]]:
    return {
        path: content
        for path, content in walked.json_documents(depth=1).items()
        if path.rsplit("/", 1)[-1].lower() == LABELS_NAME
        and isinstance(content, dict)
        and isinstance(content.get("labels"), dict)
        and isinstance(content.get("classes", None), list | None)
    }


def _records(document: str, content: Mapping[str, Any]) -> Iterator[Record]:
    folder = document.rpartition("/")[0]
    data = f"{folder}/{DATA_FOLDER}" if folder else DATA_FOLDER
    classes = content.get("classes") or []
    extra = content.get(EXTRA)
    extra = extra if isinstance(extra, dict) else {}
    for name, target in content["labels"].items():
        more = extra.get(name)
        more = more if isinstance(more, dict) else {}
        split = table.read_split(_text(more.get("split")))
        yield Record(
            path=name,
            row=f"{document} “{name[:80]}”",
            folder=data,
            labels=tuple(_labels(target, classes)),
            split=split if split in table.SPLITS else split_of_name(folder),
            source_dataset=_text(more.get("source_dataset")) or None,
            is_augmented=more.get("is_augmented") is True,
            group_key=_text(more.get("group_key")) or None,
            review_note=_text(more.get("review_note")) or None,
        )


def _labels(target: Any, classes: list[Any]) -> Iterator[str]:
    """The names of one target: a number into the classes, a name, or a mapping with either."""
    if isinstance(target, dict):
        yield from _labels(target.get("label", target.get("labels")), classes)
    elif isinstance(target, list):
        for part in target:
            yield from _labels(part, classes)
    elif isinstance(target, int) and not isinstance(target, bool):
        yield str(classes[target]) if 0 <= target < len(classes) else str(target)
    elif isinstance(target, str) and target.strip():
        yield target


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def folder_of(asset: Asset, has_splits: bool) -> str:
    """`<split>/data`, or `data` when no image has a split."""
    return f"{sinks.split_folder(asset)}/{DATA_FOLDER}" if has_splits else DATA_FOLDER


def write_labels(sink: Sink, written: Written) -> None:
    """A labels.json beside each data folder; source and group in a field that is only ours."""
    classes = sinks.class_names(written)
    numbers = {name: number for number, name in enumerate(classes)}
    folders: dict[str, list[tuple[str, Asset]]] = {}
    for asset, path in written:
        folder, _, name = path.rpartition(f"{DATA_FOLDER}/")
        folders.setdefault(folder, []).append((name.rpartition(".")[0], asset))
    for folder, members in folders.items():
        with sink.open_text(f"{folder}{LABELS_NAME}") as file:
            file.write(f'{{"classes": {sinks.to_json(classes)}, "labels": {{')
            sinks.write_json_items(
                file,
                (
                    f"{sinks.to_json(name)}: "
                    + ("null" if asset.label_name is None else str(numbers[asset.label_name]))
                    for name, asset in members
                ),
            )
            file.write(f'}}, "{EXTRA}": {{')
            sinks.write_json_items(
                file,
                (
                    f"{sinks.to_json(name)}: {sinks.to_json(sinks.extras(asset))}"
                    for name, asset in members
                ),
            )
            file.write("}}")
