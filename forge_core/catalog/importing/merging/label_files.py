"""Label files that come without images: what they say, brought to the images of the catalog."""

from dataclasses import replace
from pathlib import Path

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan import catalog_names, file_walk
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.name_index import FoundFile
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace


def read(
    workspace: Workspace, folder: Path, options: ReadOptions, *, max_files: int
) -> ScannedFolder:
    """What a label file, or a folder of them, says of images of the catalog.

    Every format with a label file is read as if the catalog's images lay around the
    file. Paths of the entries are those of the catalog; what the file names and the catalog does
    not have, or has several times, is reported.

    Args:
        workspace: The workspace.
        folder: Where label files lie; images that lie there are not looked at.
        options: Which label file, and how to read it, where that shall not be found out.
        max_files: Most files of the folder that are looked at.

    Raises:
        InvalidInput: The catalog is empty, or nothing there can be read as labels.
    """
    walked = file_walk.walk(folder.resolve(), max_files)
    documents = walked.documents
    if options.document is not None:
        documents = {path: d for path, d in documents.items() if path == options.document}
    if not documents:
        raise InvalidInput(
            f"There is no label file at {printable(options.document or folder.name)}.",
            next_step="Name a table, a JSON or another label file.",
        )
    with workspace.database.read() as uow:
        files = [
            FoundFile(path, 0) for rows in uow.columns.stream(["file_path"]) for (path,) in rows
        ]
        if not files:
            raise InvalidInput(
                "The catalog has no images that labels could be brought to.",
                next_step="Import the images first.",
            )
        known = Walked(
            root=walked.root,
            files=files,
            documents=documents,
            lookup=catalog_names.lookup_in(uow),
        )
        scanned = recognition.read_walked(known, options)
    unnamed = len(files) - len(scanned.entries)
    note = (
        f"Only labels come in: {len(scanned.entries):,} images of the catalog are named, "
        f"{unnamed:,} are not."
    )
    return replace(scanned, notes=[*scanned.notes, note])
