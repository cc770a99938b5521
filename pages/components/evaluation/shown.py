"""The evaluation that is looked at: what was kept of it, without images that are gone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from forge_core.catalog.revisions import history
from forge_core.evaluation import summary
from forge_core.evaluation.answers import Answers, Flags, Floats
from forge_core.evaluation.report import describe_classes
from forge_core.evaluation.sampling import shown
from forge_core.evaluation.sampling.shown import ShownAccuracy
from forge_core.evaluation.sampling.weighted import WeightedClasses
from forge_core.evaluation.summary import Summary
from forge_core.predictions import kept_evaluations
from forge_core.predictions.kept_evaluations import KeptEvaluation
from forge_core.predictions.sampling import samples
from forge_core.predictions.sampling.samples import Estimates
from forge_core.workspace import Workspace
from pages.components.words import text


@dataclass(frozen=True, kw_only=True)
class ShownEvaluation:
    """An evaluation, counted from the images that the gallery can still show."""

    kept: KeptEvaluation
    answers: Answers
    num_removed: int
    """Images that were measured and are not in the catalog any more: counted nowhere here."""
    summary: Summary | None
    """None where all images are gone."""
    accuracy: ShownAccuracy | None
    """As people are to read it; None as `summary`."""
    estimates: Estimates | None
    """What speaks of all images; None where the measured ones were drawn alike."""
    names: Mapping[int, str]
    """Of the classes, as they were called then."""

    @property
    def classes(self) -> WeightedClasses | None:
        """The numbers of classes that speak of all images; None where those counted do, or none."""
        found = None if self.estimates is None else self.estimates.classes
        return found if found and found.num_images else None

    @property
    def classes_note(self) -> str:
        """What must be known of the numbers of classes; empty where nothing must."""
        found = self.estimates
        return "" if found is None else describe_classes(found.accuracy, found.classes)

    @property
    def weights(self) -> Floats | None:
        """(N,) by which images count, 0 if chosen; None where all count alike, or none is fair."""
        return None if self.estimates is None else self.estimates.weights

    @property
    def weights_note(self) -> str:
        """How images count in shares and differences, beside numbers of images."""
        found = self.estimates
        assert found is not None, "there are weights"
        how = "weighted as the accuracy is"
        if not found.accuracy.is_weighted:
            how = f"without the {text.plural(found.accuracy.num_chosen, 'image')} that were chosen"
        elif found.accuracy.num_chosen:
            how += f", without the {text.plural(found.accuracy.num_chosen, 'image')} chosen"
        return how

    def share(self, is_in: Flags) -> float:
        """The share of the images at which a flag is true, weighted where the accuracy is."""
        return float(np.average(is_in, weights=self.weights))

    @property
    def evaluation_id(self) -> int:
        """Its number."""
        return self.kept.evaluation_id


def load(workspace: Workspace, evaluation_id: int) -> ShownEvaluation:
    """The evaluation of this number; read once a revision of the catalog.

    Raises:
        NotFound: There is none, or its run was removed.
    """
    kept = kept_evaluations.get_summary(workspace, evaluation_id)
    key = (kept.created_at, history.latest_revision_id(workspace))
    return _load(workspace, str(workspace.folder), evaluation_id, key)


@st.cache_resource(max_entries=6, show_spinner=False)
def _load(_workspace: Workspace, folder: str, evaluation_id: int, key: object) -> ShownEvaluation:
    kept = kept_evaluations.get(_workspace, evaluation_id)
    answers, num_removed = kept_evaluations.read_present(_workspace, evaluation_id)
    sums = summary.summarise(answers, kept.label_ids) if len(answers) else None
    found = None if sums is None else _estimate(_workspace, kept, answers)
    return ShownEvaluation(
        kept=kept,
        answers=answers,
        num_removed=num_removed,
        summary=sums,
        accuracy=None if sums is None else _accuracy(sums, found),
        estimates=found,
        names=dict(zip(kept.label_ids, kept.report.class_names, strict=True)),
    )


def _estimate(workspace: Workspace, kept: KeptEvaluation, answers: Answers) -> Estimates | None:
    split, revision_id = kept.summary.split, kept.summary.revision_id
    return samples.estimate_all(workspace, answers, kept.label_ids, split, revision_id)


def _accuracy(sums: Summary, found: Estimates | None) -> ShownAccuracy:
    sampled = None if found is None else found.accuracy
    return shown.shown(sums.accuracy.value, sums.accuracy.interval, sampled)
