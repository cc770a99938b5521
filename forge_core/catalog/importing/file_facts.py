"""What of files their images do not show, by the hash of their bytes: more pages, deep greys.

It is true of the bytes whatever becomes of the import, so it is kept at once, for images that are
there already as well: importing a folder again tells what an older version did not keep.
"""

from collections.abc import Sequence

from forge_core.catalog.importing.reading import ReadFile
from forge_core.workspace import Workspace


def keep(workspace: Workspace, read: Sequence[ReadFile]) -> None:
    """Keep the facts of those files that have any."""
    rows = {
        file.content_hash: {
            "content_hash": file.content_hash,
            "frames": file.num_parts,
            "highest_grey": None if file.deep_greys is None else file.deep_greys[0],
            "white_grey": None if file.deep_greys is None else file.deep_greys[1],
        }
        for file in read
        if file.num_parts > 1 or file.deep_greys is not None
    }
    if rows:
        with workspace.database.write() as uow:
            uow.file_facts.add(list(rows.values()))
