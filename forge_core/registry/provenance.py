"""What answered under an alias: the run, the images that it was trained on, and who labelled them.

Imports no torch. It can be told of runs that were removed since, as the catalog forgets nothing.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from db.enums import Split
from db.records import AssetAsOf, Run
from db.repositories.revisions import Labelling
from db.run_records import RegistryEntry
from forge_core.errors import NotFound
from forge_core.registry import aliases
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Answering:
    """An entry of an alias, and the run that it names."""

    entry: RegistryEntry
    run: Run


@dataclass(frozen=True, kw_only=True)
class LabelledImage:
    """An image as a run used it, and who gave it the label that it had then."""

    asset: AssetAsOf
    labelled: Labelling | None
    """None where that is not known: the catalog was labelled before it kept a history."""


def describe(workspace: Workspace, alias: str, moment: datetime | None = None) -> Answering:
    """What answers under an alias now, or answered at a time.

    Args:
        workspace: The workspace.
        alias: The alias.
        moment: In UTC where it names no zone; None for now.

    Raises:
        InvalidInput: It is no alias.
        NotFound: Nothing answered under it then.
    """
    if moment is None:
        entry = aliases.get_current(workspace, alias)
    else:
        found = aliases.find_at(workspace, alias, moment)
        if found is None:
            first = aliases.list_history(workspace, alias)[-1]
            raise NotFound(
                f"Nothing answered as {first.alias} at {moment:%Y-%m-%d %H:%M}.",
                next_step=f"It was first promoted at {first.created_at:%Y-%m-%d %H:%M} UTC; see "
                "`forge registry history`.",
            )
        entry = found
    assert entry.run_id is not None, "it names a checkpoint"
    with workspace.database.read() as uow:
        return Answering(entry=entry, run=uow.runs.get_with_removed(entry.run_id))


def list_images(
    workspace: Workspace, answering: Answering, split: str = Split.TRAIN
) -> Iterator[LabelledImage]:
    """Exactly the images that the run used of a split, with the labels of then and their authors.

    Raises:
        InvalidInput: The split is none that runs use.
    """
    assets = launch.assets_of(workspace, answering.run, split)
    with workspace.database.read() as uow:
        labelled: dict[uuid.UUID, Labelling] = uow.revisions.map_labellings(
            answering.run.revision_id
        )
    for asset in assets:
        yield LabelledImage(asset=asset, labelled=labelled.get(asset.asset_id))
