"""Writes labels.csv and labels.parquet, which the importer reads back whole."""

import csv

from db.records import Asset
from forge_core import spreadsheet_cells
from forge_core.catalog.formats.documents import sinks
from forge_core.catalog.formats.documents.sinks import Sink, Written
from forge_core.catalog.formats.table import OWN_NAMES

COLUMNS = (
    "file_path",
    "label_name",
    "split_type",
    "source_dataset",
    "group_key",
    "is_augmented",
    "width",
    "height",
    "review_note",
    "content_hash",
    "asset_id",
)
UNLABELLED = "unlabelled"
_PARQUET_ROWS = 65_536


def folder_of(asset: Asset, has_splits: bool) -> str:
    """`split/class`; the export gives each class a folder name that every system takes."""
    return f"{sinks.split_folder(asset)}/{asset.label_name or UNLABELLED}"


def write_csv(sink: Sink, written: Written) -> None:
    """labels.csv: a header, and a row an image; no spreadsheet runs a cell of it."""
    with sink.open_text(OWN_NAMES[0]) as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for asset, path in written:
            row = _row(asset, path)
            row["is_augmented"] = str(asset.is_augmented).lower()
            writer.writerow([_cell(value) for value in row.values()])


def write_parquet(sink: Sink, written: Written) -> None:
    """labels.parquet with the columns of labels.csv; what is not known is null."""
    import pyarrow
    from pyarrow import parquet

    kinds = {"is_augmented": pyarrow.bool_(), "width": pyarrow.int32(), "height": pyarrow.int32()}
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in COLUMNS])
    with sink.open_binary(OWN_NAMES[1]) as file, parquet.ParquetWriter(file, schema) as writer:
        for start in range(0, len(written), _PARQUET_ROWS):
            rows = [_row(asset, path) for asset, path in written[start : start + _PARQUET_ROWS]]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))


def _row(asset: Asset, path: str) -> dict[str, str | int | bool | None]:
    return {
        "file_path": path,
        "label_name": asset.label_name,
        "split_type": asset.split_type,
        "source_dataset": asset.source_dataset,
        "group_key": asset.group_key,
        "is_augmented": asset.is_augmented,
        "width": asset.width,
        "height": asset.height,
        "review_note": asset.review_note or None,
        "content_hash": asset.content_hash,
        "asset_id": str(asset.asset_id),
    }


def _cell(value: str | int | bool | None) -> str | int | bool:
    if isinstance(value, str):
        return spreadsheet_cells.escape(value)
    return "" if value is None else value
