"""Pictures that a log of traffic keeps, into the catalog without a label."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from db.enums import Split
from forge_core.catalog.editing import corrections
from forge_core.catalog.importing import run_import
from forge_core.catalog.importing.uploads import upload_plan
from forge_core.errors import ImageRejected
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


def bring_in(
    workspace: Workspace,
    pictures: Sequence[Path],
    *,
    source: str,
    notes: Mapping[str, str] | None = None,
    asks_rule: bool = False,
    actor: Actor,
) -> list[str]:
    """Import pictures that are called by their hashes; what is there already stays as it is.

    Args:
        workspace: The workspace.
        pictures: Files of a log.
        source: What the catalog calls them by.
        notes: By hash the review note of an image.
        asks_rule: Whether the standing rule draws their splits; otherwise they go into train.
        actor: Who brings them in.

    Returns:
        The hashes of those that are images within the limits of this workspace.
    """
    limits = DecodeLimits.from_settings(workspace.settings)
    files: list[tuple[str, bytes]] = []
    note_of: dict[str, str | None] = {}
    taken: list[str] = []
    for path in pictures:
        try:
            data = path.read_bytes()
            mime = decode.decode_image(data, limits=limits).mime
        except (ImageRejected, OSError):  # other limits than the service's, or removed by now
            continue
        name = f"{path.name[:24]}{corrections.SUFFIX_BY_MIME.get(mime, '')}"
        files.append((name, data))
        note_of[name] = (notes or {}).get(path.name)
        taken.append(path.name)
    if files:
        plan = upload_plan.prepare_files(workspace, files, source_dataset=source)
        plan = plan if asks_rule else upload_plan.put_into(plan, Split.TRAIN)
        noted = [replace(file, review_note=note_of.get(file.path)) for file in plan.files]
        plan = replace(plan, scanned=replace(plan.scanned, entries=noted))
        run_import.run_import(workspace, plan, actor=actor)
    return taken
