"""Take images and labels out again, so that our importer and other tools can read them."""

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from db.records import Asset, AssetFilter
from forge_core.catalog.export import portable_names
from forge_core.catalog.formats import (
    coco,
    fiftyone_labels,
    hf_imagefolder,
    label_studio,
)
from forge_core.catalog.formats.documents import sinks
from forge_core.catalog.formats.documents.sinks import ExportFormat, FolderSink, Sink
from forge_core.catalog.formats.tables import own_tables
from forge_core.catalog.importing import entry_names
from forge_core.catalog.listing import asset_list
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

EXPORTS: dict[str, ExportFormat] = {
    "folders": ExportFormat(
        "Folders with labels.csv",
        "Folders split/class/file that every library reads; labels.csv keeps all the rest.",
        own_tables.write_csv,
        own_tables.folder_of,
    ),
    "hf_imagefolder": ExportFormat(
        "Hugging Face imagefolder",
        "Split folders with metadata.jsonl, for load_dataset(“imagefolder”).",
        hf_imagefolder.write_labels,
        hf_imagefolder.folder_of,
    ),
    "fiftyone": ExportFormat(
        "FiftyOne labels",
        "A folder data/ and labels.json for each split: FiftyOneImageClassificationDataset.",
        fiftyone_labels.write_labels,
        fiftyone_labels.folder_of,
    ),
    "coco": ExportFormat(
        "COCO annotations",
        "One annotation of the whole image for each label, a JSON file for each split.",
        coco.write_labels,
        coco.folder_of,
    ),
    "label_studio": ExportFormat(
        "Label Studio tasks",
        "Images and tasks.json with the label as a choice, to go on labelling there.",
        label_studio.write_labels,
        label_studio.folder_of,
    ),
    "csv": ExportFormat(
        "labels.csv",
        "A table without images: path, class, split, source and group of each.",
        own_tables.write_csv,
        ending=".csv",
    ),
    "parquet": ExportFormat(
        "labels.parquet",
        "The same table for pandas, polars and DuckDB.",
        own_tables.write_parquet,
        ending=".parquet",
    ),
}
"""Formats by name; docs/formats.md says what each can hold."""

_LONGEST_NAME_BYTES = 200


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written. `missing` are images whose files were not under the asset root."""

    num_images: int
    missing: list[str]


def list_matching(workspace: Workspace, where: AssetFilter) -> list[Asset]:
    """The images that match, by path.

    Raises:
        InvalidInput: The filter cannot be used, or nothing matches it.
    """
    asset_list.check_filter(where)
    found: list[Asset] = []
    after: str | None = None
    with workspace.database.read() as uow:
        asset_list.check_run(uow, where)
        while page := uow.assets.list_page(where, sort="path", after=after, limit=5_000):
            found += page
            after = page[-1].file_path
    if not found:
        raise InvalidInput(
            "No image matches, so there is nothing to export.", next_step="Clear the filter."
        )
    return found


def get_format(name: str) -> ExportFormat:
    """The format of this name.

    Raises:
        InvalidInput: There is none.
    """
    if name not in EXPORTS:
        raise InvalidInput(
            f"There is no format {name!r} to write.", next_step=f"Use {', '.join(EXPORTS)}."
        )
    return EXPORTS[name]


def export(
    workspace: Workspace,
    destination: Path,
    where: AssetFilter | None = None,
    *,
    format_name: str = "folders",
    progress: Progress = SILENT,
) -> ExportReport:
    """Write images and labels, or the labels alone; the importer reads every format back.

    Paths of a table without images are relative to the asset root: laid there, as labels.csv or
    labels.parquet, it is read back as well.

    Args:
        workspace: The workspace.
        destination: A new or empty folder, or the name of a .zip file that does not exist; for a
            table the file itself, which is replaced.
        where: Which images; None for all.
        format_name: A key of `EXPORTS`.
        progress: Told the images written.

    Raises:
        InvalidInput: Nothing matches, or there is no such format.
        Conflict: The destination holds something already.
    """
    chosen = get_format(format_name)
    assets = list_matching(workspace, where or AssetFilter())
    if chosen.folder_of is None:
        return _write_table(chosen, assets, destination)
    if destination.suffix.lower() == ".zip":
        if destination.exists():
            raise Conflict(f"{destination.name} exists already.", next_step="Name another file.")
        with sinks.open_zip(destination) as sink:
            return _write_all(workspace, chosen, assets, sink, progress)
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise Conflict(
            f"The folder {destination.name} is not empty.", next_step="Name a new folder."
        )
    return _write_all(workspace, chosen, assets, FolderSink(destination), progress)


def _write_table(chosen: ExportFormat, assets: list[Asset], destination: Path) -> ExportReport:
    """The label file alone, under the name that was asked for."""
    written = [(asset, asset.file_path) for asset in assets]
    temporary = destination.with_name(f".{destination.name}.part")
    temporary.mkdir(parents=True, exist_ok=True)
    try:
        chosen.write_labels(FolderSink(temporary), written)
        (made,) = temporary.iterdir()
        made.replace(destination)
    finally:
        for left in temporary.iterdir():
            left.unlink()
        temporary.rmdir()
    return ExportReport(num_images=len(assets), missing=[])


def _write_all(
    workspace: Workspace,
    chosen: ExportFormat,
    assets: list[Asset],
    sink: Sink,
    progress: Progress,
) -> ExportReport:
    assert chosen.folder_of is not None
    has_splits = any(asset.split_type is not None for asset in assets)
    written: list[tuple[Asset, str]] = []
    missing: list[str] = []
    used: set[str] = set()
    folders = portable_names.class_folders(
        (asset.label_name for asset in assets if asset.label_name is not None),
        taken=[own_tables.UNLABELLED],
    )
    for position, asset in enumerate(assets):
        try:
            data = workspace.store.read(asset.file_path)
        except NotFound:
            missing.append(asset.file_path)
            continue
        label = folders.get(asset.label_name or "")
        folder = chosen.folder_of(replace(asset, label_name=label), has_splits)
        path = _free_path(asset, folder, used)
        sink.write(path, data)
        written.append((asset, path))
        progress.advance(position + 1, len(assets))
    chosen.write_labels(sink, written)
    return ExportReport(num_images=len(written), missing=missing)


def _free_path(asset: Asset, folder: str, used: set[str]) -> str:
    """A path in the folder that no other has, also without its ending and in capital letters."""
    name = PurePosixPath(asset.file_path).name
    path = f"{folder}/{name}" if folder else name
    ending = PurePosixPath(name).suffix
    stem = path.removesuffix(ending).casefold()
    # A label file names it without folder or ending: what is left must still be a name.
    is_name = entry_names.path_problem(name.removesuffix(ending).strip()) is None
    is_name = is_name and portable_names.is_portable(name)
    if stem in used or not is_name or len(name.encode()) > _LONGEST_NAME_BYTES:
        kept = name.removesuffix(ending).encode()[:_LONGEST_NAME_BYTES].decode(errors="ignore")
        ending = ending.rstrip(" .")
        name = f"{asset.content_hash[:12]}-{kept.rstrip(' .') if not ending else kept}{ending}"
        path = f"{folder}/{name}" if folder else name
        stem = path.removesuffix(ending).casefold()
    used.add(stem)
    return path
