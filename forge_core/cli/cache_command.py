"""`forge cache`: what was made from the images and can be made again, and what it takes."""

import shutil
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from forge_core.catalog.splits import look_alikes
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.imaging import thumbnails
from forge_core.predictions.embeddings import vector_store
from forge_core.runs.probabilities import kept as probabilities
from forge_core.training.pixels import kept
from forge_core.workspace import Workspace


class Clearable(StrEnum):
    """What `forge cache --clear` removes."""

    PACK = "pack"
    THUMBNAILS = "thumbnails"
    PROBABILITIES = "probabilities"
    EMBEDDINGS = "embeddings"
    CHECKPOINTS = "checkpoints"
    """Copies of those that are not on this machine; never a run's own."""
    FINGERPRINTS = "fingerprints"
    ALL = "all"


def cache(
    clear: Annotated[
        Clearable | None,
        typer.Option(help="Remove this: it is made again when it is needed. Runs that go on stay."),
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option(help="With --clear pack: only this one, by the name that is shown."),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what disk decoded pixels, thumbnails, fingerprints and the like take, or clear them."""
    opened = opening.existing(workspace)
    if pack is not None and clear != Clearable.PACK:
        raise InvalidInput(
            "--pack goes with --clear pack.", next_step="Add it, or leave --pack out."
        )
    freed_bytes, num_stayed = (0, 0) if clear is None else _clear(opened, clear, pack)
    packs = kept.list_packs(opened.cache_folder / kept.FOLDER)
    folders = {
        path.name: _folder_bytes(path)
        for path in sorted(opened.cache_folder.iterdir())
        if path.is_dir()
    }
    budget_bytes = opened.settings.pack_budget_bytes
    if as_json:
        output.answer(
            {
                "packs": packs,
                "folders": folders,
                "pack_budget_bytes": budget_bytes,
                "freed_bytes": freed_bytes,
                "shards_in_use": num_stayed,
            }
        )
        return
    if clear is not None:
        output.say(f"Freed {_megabytes(freed_bytes)}.")
    if num_stayed:
        output.say(f"{num_stayed} shards stay: a run uses them now.")
    output.show_table(
        "Folders",
        ("folder", "size"),
        [(name, _megabytes(num_bytes)) for name, num_bytes in folders.items()],
    )
    if packs:
        output.show_table(
            f"Decoded pixels, of a budget of {_megabytes(budget_bytes)}",
            ("pack", "images", "size", "last used (UTC)", "in use"),
            [
                (
                    found.name,
                    found.num_images,
                    _megabytes(found.num_bytes),
                    f"{datetime.fromtimestamp(found.used_at, UTC):%Y-%m-%d %H:%M}",
                    "yes" if found.num_used_shards else "no",
                )
                for found in packs
            ],
        )


def _clear(workspace: Workspace, what: Clearable, pack: str | None) -> tuple[int, int]:
    """Bytes that were freed, and shards that stay because a run uses them."""
    freed_bytes, num_stayed = 0, 0
    root = workspace.cache_folder / kept.FOLDER
    if pack is not None and pack not in {found.name for found in kept.list_packs(root)}:
        raise InvalidInput(
            f"There is no pack {pack!r}.", next_step="See the names of those there: forge cache"
        )
    if what in (Clearable.PACK, Clearable.ALL):
        freed_bytes, num_stayed = kept.clear(root, pack)
    if what in (Clearable.THUMBNAILS, Clearable.ALL):
        for folder in workspace.cache_folder.glob(f"{thumbnails.FOLDER}*"):
            freed_bytes += _folder_bytes(folder)
            thumbnails.ThumbnailCache(folder).clear()
    if what in (Clearable.PROBABILITIES, Clearable.ALL):
        freed_bytes += _folder_bytes(workspace.cache_folder / probabilities.FOLDER)
        probabilities.clear(workspace)
    if what in (Clearable.EMBEDDINGS, Clearable.ALL):
        freed_bytes += _folder_bytes(workspace.cache_folder / vector_store.FOLDER)
        vector_store.clear(workspace)
    if what in (Clearable.CHECKPOINTS, Clearable.ALL):
        freed_bytes += _folder_bytes(workspace.runs.copies)
        shutil.rmtree(workspace.runs.copies, ignore_errors=True)
    if what in (Clearable.FINGERPRINTS, Clearable.ALL):
        freed_bytes += _folder_bytes(workspace.cache_folder / look_alikes.FOLDER)
        look_alikes.clear(workspace)
    return freed_bytes, num_stayed


def _folder_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # somebody clears it at the same time
            continue
    return total


def _megabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:,.1f} MB"
