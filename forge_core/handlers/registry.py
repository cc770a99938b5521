"""What each kind of job runs. Heavy libraries are imported by the one that needs them."""

from collections.abc import Callable, Mapping
from typing import Any

from forge_core.jobs.context import JobContext


def _train(context: JobContext) -> Mapping[str, Any]:
    """Train a run; see `train`."""
    from forge_core.handlers import train

    return train.run(context)


def _evaluate(context: JobContext) -> Mapping[str, Any]:
    """Evaluate a run's checkpoint on a split; see `evaluate`."""
    from forge_core.handlers import evaluate

    return evaluate.run(context)


def _score(context: JobContext) -> Mapping[str, Any]:
    """Score the catalog's images with a run's network; see `score`."""
    from forge_core.handlers import score

    return score.run(context)


def _import_images(context: JobContext) -> Mapping[str, Any]:
    """Take images into the catalog; see `import_images`."""
    from forge_core.handlers import import_images

    return import_images.run(context)


def _augment(context: JobContext) -> Mapping[str, Any]:
    """Write augmented copies into the catalog; see `augment`."""
    from forge_core.handlers import augment

    return augment.run(context)


def _check_augmentation(context: JobContext) -> Mapping[str, Any]:
    """Ask a run's network how it takes an augmentation; see `augmentation_check`."""
    from forge_core.predictions import augmentation_check

    return augmentation_check.run(context)


def _label_outlook(context: JobContext) -> Mapping[str, Any]:
    """Draw the learning curve of the labels; see `label_learning_curve`."""
    from forge_core.predictions import label_learning_curve

    return label_learning_curve.run(context)


def _find_rate(context: JobContext) -> Mapping[str, Any]:
    """Search the learning rate of a run that was not started; see `rate_search`."""
    from forge_core.runs.starting import rate_search

    return rate_search.run(context)


HANDLERS: dict[str, Callable[[JobContext], Mapping[str, Any] | None]] = {
    "train": _train,
    "evaluate": _evaluate,
    "score": _score,
    "import": _import_images,
    "augment": _augment,
    "check_augmentation": _check_augmentation,
    "label_outlook": _label_outlook,
    "find_rate": _find_rate,
}
