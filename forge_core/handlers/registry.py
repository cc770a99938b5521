"""What each kind of job runs, and how what follows its success is queued.

Heavy libraries are imported by the one that needs them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from db.records import Job
from db.unit_of_work import UnitOfWork
from forge_core.jobs import kinds
from forge_core.jobs.context import JobContext
from forge_core.runs import scoring_requests
from forge_core.workspace import Workspace

Handler = Callable[[JobContext], Mapping[str, Any] | None]
FollowUp = Callable[[Workspace, Job], Callable[[UnitOfWork], None] | None]


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


def _embed(context: JobContext) -> Mapping[str, Any]:
    """Embed the catalog's images with a network; see `embed`."""
    from forge_core.handlers import embed

    return embed.run(context)


def _draw_map(context: JobContext) -> Mapping[str, Any]:
    """Draw the map of the catalog; see `draw_map`."""
    from forge_core.handlers import draw_map

    return draw_map.run(context)


def _compare(context: JobContext) -> Mapping[str, Any]:
    """Compare every image with all others; see `compare`."""
    from forge_core.handlers import compare

    return compare.run(context)


def _judge_labels(context: JobContext) -> Mapping[str, Any]:
    """Judge every label of the catalog; see `judge_labels`."""
    from forge_core.handlers import judge_labels

    return judge_labels.run(context)


def _import_images(context: JobContext) -> Mapping[str, Any]:
    """Take images into the catalog; see `import_images`."""
    from forge_core.handlers import import_images

    return import_images.run(context)


def _augment(context: JobContext) -> Mapping[str, Any]:
    """Write augmented copies into the catalog; see `augment`."""
    from forge_core.handlers import augment

    return augment.run(context)


def _check_augmentation(context: JobContext) -> Mapping[str, Any]:
    """Ask a run's network how it takes an augmentation; see `check_augmentation`."""
    from forge_core.handlers import check_augmentation

    return check_augmentation.run(context)


def _draw_learning_curve(context: JobContext) -> Mapping[str, Any]:
    """Draw the learning curve of the labels; see `draw_learning_curve`."""
    from forge_core.handlers import draw_learning_curve

    return draw_learning_curve.run(context)


def _find_shortcuts(context: JobContext) -> Mapping[str, Any]:
    """Look for shortcuts in an evaluation; see `find_shortcuts`."""
    from forge_core.handlers import find_shortcuts

    return find_shortcuts.run(context)


def _measure(context: JobContext) -> Mapping[str, Any]:
    """Measure the catalog's pictures; see `measure`."""
    from forge_core.handlers import measure

    return measure.run(context)


def _choose_labels(context: JobContext) -> Mapping[str, Any]:
    """Choose the images that are to be labelled next; see `choose_labels`."""
    from forge_core.handlers import choose_labels

    return choose_labels.run(context)


def _search_rate(context: JobContext) -> Mapping[str, Any]:
    """Search the learning rate of a run that was not started; see `search_rate`."""
    from forge_core.handlers import search_rate

    return search_rate.run(context)


def _export(context: JobContext) -> Mapping[str, Any]:
    """Write a run's network as an ONNX file; see `export`."""
    from forge_core.handlers import export

    return export.run(context)


def _look_at_traffic(context: JobContext) -> Mapping[str, Any]:
    """Judge the traffic that the service logged; see `look_at_traffic`."""
    from forge_core.handlers import look_at_traffic

    return look_at_traffic.run(context)


HANDLERS: dict[str, Handler] = {
    kinds.TRAIN.name: _train,
    kinds.EVALUATE.name: _evaluate,
    kinds.SCORE.name: _score,
    kinds.EMBED.name: _embed,
    kinds.MAP.name: _draw_map,
    kinds.COMPARE.name: _compare,
    kinds.LABEL_ISSUES.name: _judge_labels,
    kinds.IMPORT.name: _import_images,
    kinds.AUGMENT.name: _augment,
    kinds.CHECK_AUGMENTATION.name: _check_augmentation,
    kinds.LEARNING_CURVE.name: _draw_learning_curve,
    kinds.SHORTCUTS.name: _find_shortcuts,
    kinds.MEASURE.name: _measure,
    kinds.LABEL_NEXT.name: _choose_labels,
    kinds.RATE_SEARCH.name: _search_rate,
    kinds.DRIFT.name: _look_at_traffic,
    kinds.EXPORT.name: _export,
}

FOLLOW_UPS: dict[str, FollowUp] = {kinds.SCORE.name: scoring_requests.after_training}
"""By the kind that is queued: what a job that succeeded asks for, or None for nothing."""


def after_success(workspace: Workspace, job: Job) -> Callable[[UnitOfWork], None]:
    """What belongs into the transaction that ends a job with success; see `JobKind.followed_by`."""
    asked = [FOLLOW_UPS[name](workspace, job) for name in kinds.find(job.kind).followed_by]

    def queue_all(uow: UnitOfWork) -> None:
        for queue_one in filter(None, asked):
            queue_one(uow)

    return queue_all
