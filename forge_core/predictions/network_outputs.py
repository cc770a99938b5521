"""What the outputs of a checkpoint mean as of a revision: classes are merged after a training."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from db.repositories.labels import follow_merges
from forge_core.catalog.editing import class_merges
from forge_core.evaluation import uncertainty
from forge_core.evaluation.answers import Whole
from forge_core.inference.predictor import Predictor
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class NetworkOutputs:
    """A checkpoint, and what its outputs meant as of a revision."""

    predictor: Predictor
    output_ids: list[int]
    """Of each output its class; after a merge the one that took over."""
    label_ids: list[int]
    """The different ones of them."""
    class_names: list[str]
    """Of `label_ids`, as they were called then."""

    def answer(self, inputs: Tensor) -> Whole:
        """The likeliest class (N,) of normalised network inputs (N, C, H, W)."""
        probabilities = uncertainty.probabilities_of(self.predictor.logits_of_inputs(inputs))
        if len(self.label_ids) < len(self.output_ids):
            _, probabilities = uncertainty.sum_classes(probabilities, self.output_ids)
        answered: Whole = np.asarray(self.label_ids, np.int64)[probabilities.argmax(axis=1)]
        return answered


def read(workspace: Workspace, predictor: Predictor, revision_id: int) -> NetworkOutputs:
    """The outputs of a network as of a revision."""
    with workspace.database.read() as uow:
        states = uow.labels.list_states_as_of(revision_id)
        merges = class_merges.merges_as_of(uow, revision_id)
    card = predictor.card
    outputs = [follow_merges(merges, label_id) for label_id in card.label_ids]
    label_ids = list(dict.fromkeys(outputs))
    names = dict(zip(reversed(outputs), reversed(card.class_names), strict=True))
    names |= {label_id: state.name for label_id, state in states.items()}
    return NetworkOutputs(
        predictor=predictor,
        output_ids=outputs,
        label_ids=label_ids,
        class_names=[names[label_id] for label_id in label_ids],
    )
