"""What each kind of job runs. Heavy libraries are imported by the one that needs them."""

from collections.abc import Callable, Mapping
from typing import Any

from forge_core.jobs.context import JobContext


def train(context: JobContext) -> Mapping[str, Any]:
    """Train a run; see `training_job`."""
    from forge_core.jobs import training_job

    return training_job.run(context)


def evaluate(context: JobContext) -> Mapping[str, Any]:
    """Evaluate a run's checkpoint on a split; see `evaluating_job`."""
    from forge_core.jobs import evaluating_job

    return evaluating_job.run(context)


def score(context: JobContext) -> Mapping[str, Any]:
    """Score the catalog's images with a run's network; see `scoring_job`."""
    from forge_core.jobs import scoring_job

    return scoring_job.run(context)


def import_images(context: JobContext) -> Mapping[str, Any]:
    """Take images into the catalog; see `importing_job`."""
    from forge_core.jobs import importing_job

    return importing_job.run(context)


def augment(context: JobContext) -> Mapping[str, Any]:
    """Write augmented copies into the catalog; see `augmenting_job`."""
    from forge_core.jobs import augmenting_job

    return augmenting_job.run(context)


def check_augmentation(context: JobContext) -> Mapping[str, Any]:
    """Ask a run's network how it takes an augmentation; see `risk_checking`."""
    from forge_core.jobs import risk_checking

    return risk_checking.run(context)


def label_outlook(context: JobContext) -> Mapping[str, Any]:
    """Draw the learning curve of the labels; see `label_outlook`."""
    from forge_core.jobs import label_outlook as room

    return room.run(context)


def find_rate(context: JobContext) -> Mapping[str, Any]:
    """Search the learning rate of a run that was not started; see `rate_search`."""
    from forge_core.jobs import rate_search

    return rate_search.run(context)


HANDLERS: dict[str, Callable[[JobContext], Mapping[str, Any] | None]] = {
    "train": train,
    "evaluate": evaluate,
    "score": score,
    "import": import_images,
    "augment": augment,
    "check_augmentation": check_augmentation,
    "label_outlook": label_outlook,
    "find_rate": find_rate,
}
