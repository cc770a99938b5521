"""How the images of an evaluation came to be measured: a fair sample, weighted, or chosen.

Imports no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from db.columns import SPLITS
from db.enums import Split
from forge_core.catalog.revisions import as_of
from forge_core.catalog.splits import chosen_images
from forge_core.evaluation.answers import Answers, Floats
from forge_core.evaluation.sampling import estimate
from forge_core.evaluation.sampling.estimate import Sample
from forge_core.evaluation.sampling.shown import SampledAccuracy
from forge_core.evaluation.sampling.weighted import WeightedClasses
from forge_core.runs.probabilities import blocks
from forge_core.runs.probabilities.blocks import Ids
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """What answers tell of all images, where those that were answered were not drawn alike."""

    accuracy: SampledAccuracy
    classes: WeightedClasses
    """In the order that was asked for."""
    sample: Sample

    @property
    def weights(self) -> Floats | None:
        """(N,) by which images count, 0 if chosen; None where none is a fair one."""
        if not self.classes.num_images:
            return None
        return np.where(self.sample.is_chosen, 0.0, self.sample.weights)


def estimate_all(
    workspace: Workspace,
    answers: Answers,
    label_ids: Sequence[int],
    split: str,
    revision_id: int,
) -> Estimates | None:
    """The numbers that speak of all images; None where the answered ones were drawn alike.

    Args:
        workspace: The workspace.
        answers: Of a network.
        label_ids: The classes that could be answered.
        split: Of the images.
        revision_id: As of this revision.
    """
    sample = read_sample(workspace, answers.asset_ids, split, revision_id)
    if sample.is_fair:
        return None
    return Estimates(
        accuracy=estimate.estimate(answers.is_right, sample),
        classes=estimate.weigh_classes(answers.label_ids, answers.predicted_ids, label_ids, sample),
        sample=sample,
    )


def read_sample(
    workspace: Workspace, asset_ids: Sequence[UUID], split: str, revision_id: int
) -> Sample:
    """How images of a split came to be measured, as of a revision; in their order.

    Those that were drawn by chance to be labelled stand for more than themselves: each for as many
    as the inverse of its probability says, times the share of their kind that is in the split. All
    others of the catalog's labelled images are one kind more. What a network is trained on measures
    nothing, so train is taken as it is.
    """
    if not asset_ids or split == Split.TRAIN:
        return Sample.drawn_alike(len(asset_ids))
    chosen = read_chosen(workspace, revision_id)
    with workspace.database.read() as uow:
        drawn = uow.chosen_images.list_drawn()
    ids = blocks.as_ids(asset_ids)
    is_chosen = np.isin(ids, chosen)
    weights = np.ones(len(ids))
    is_drawn = np.isin(ids, blocks.as_ids(list(drawn))) & ~is_chosen
    if is_drawn.any():
        shares = _shares_in_split(workspace, split, revision_id, chosen, list(drawn))
        probabilities = [drawn[asset_ids[place]] for place in np.flatnonzero(is_drawn).tolist()]
        weights[is_drawn] = shares[1] / np.array(probabilities)
        weights[~is_drawn] = shares[0]
        weights /= weights.mean()
    return Sample(is_chosen=is_chosen, weights=weights)


def read_chosen(workspace: Workspace, revision_id: int) -> Ids:
    """Images that were chosen for what they are, as of a revision, in no order."""
    with workspace.database.read() as uow:
        mined = chosen_images.list_mined(uow)
        return blocks.as_ids([*mined, *uow.chosen_images.list_moved(revision_id)])


def _shares_in_split(
    workspace: Workspace, split: str, revision_id: int, chosen: Ids, drawn: Sequence[UUID]
) -> tuple[float, float]:
    """Labelled images for each one in the split, of those not drawn and of those that were."""
    columns = as_of.read_columns(workspace, revision_id)
    counts = (columns.label_ids > 0) & ~columns.is_augmented & ~np.isin(columns.ids, chosen)
    is_there = columns.splits == SPLITS.index(split)
    is_drawn = np.isin(columns.ids, blocks.as_ids(drawn))
    found = []
    for kind in (counts & ~is_drawn, counts & is_drawn):
        found.append(max(int(kind.sum()), 1) / max(int((kind & is_there).sum()), 1))
    return found[0], found[1]
