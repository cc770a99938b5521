"""What to label next: images without a label are chosen and wait in the queue `label_next`.

The choice proves itself first: replayed on the labels that exist, and where it is no better than
chance, chance draws the images. Either way a tenth is drawn by chance with a known probability.
Images of val, test and those kept aside are never asked for, nor do their labels decide anything.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from db.columns import SPLITS, AssetColumns
from db.enums import Question, RequestReason, Split
from db.records import NONE, AssetFilter, Job
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.evaluation.label_next import choosing
from forge_core.evaluation.label_next import replay as replays
from forge_core.evaluation.label_next.pool import MOST_IMAGES, Pool
from forge_core.evaluation.label_next.replay import Budget, Replay
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.predictions.embeddings import computing
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

KIND = kinds.LABEL_NEXT.name
DEFAULT_NUMBER = 100
MOST_REQUESTS = 5_000
_MOST_LABELLED = 5_000
"""More labels than these say nothing new of where labels are missing."""
_EMBEDDING_SHARE = 0.7
"""Of the progress; replaying and choosing are the rest."""
_REPLAY_UNTIL = 0.95


class Way(StrEnum):
    """How the images are to be found."""

    AUTO = "auto"
    """By choice, unless the replay says that chance is as good."""
    CHOICE = "choice"
    CHANCE = "chance"


@dataclass(frozen=True, kw_only=True)
class NextLabels:
    """What was asked for."""

    network: str
    """Whose embeddings were compared, in words."""
    num_candidates: int
    """Images without a label that could be chosen."""
    num_labelled: int
    """Images whose labels were known to the choice."""
    way: Way
    """How they were found: never `AUTO`."""
    num_by_reason: Mapping[RequestReason, int]
    num_dropped: int
    """Images that were asked for earlier, have no label yet, and are asked for no more."""
    num_not_embedded: int
    """Images whose file could not be read: they cannot be chosen."""
    replay: Replay | None
    """What the choice was worth on the labels that exist; None with too few labels."""

    @property
    def num_requests(self) -> int:
        """Images that wait in the queue now."""
        return sum(self.num_by_reason.values())

    @property
    def verdict(self) -> str:
        """What the replay says of the choice, in a sentence."""
        if self.replay is None:
            return (
                f"{self.num_labelled:,} labels are too few to try the choice on; until then what "
                "covers most images is the safe choice."
            )
        mean, (low, high) = self.replay.advantage
        measured = (
            f"{100 * mean:+.1f} points of accuracy ({100 * low:+.1f} to {100 * high:+.1f}) on "
            f"{self.replay.num_test:,} labelled images that it had not seen"
        )
        if self.replay.is_recommended:
            return f"Replayed on your labels, the choice beat chance by {measured}."
        return f"Replayed on your labels, chance is as good as the choice: {measured}."

    def as_json(self) -> dict[str, Any]:
        """As `read_result` reads it."""
        values = asdict(self)
        values["num_by_reason"] = {str(key): n for key, n in self.num_by_reason.items()}
        return values


def choose_next(
    workspace: Workspace,
    number: int = DEFAULT_NUMBER,
    *,
    actor: Actor,
    way: Way = Way.AUTO,
    source: NetworkSource | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = SILENT,
) -> NextLabels:
    """Choose images without a label, and ask for their labels instead of those asked for before.

    Args:
        workspace: The workspace.
        number: How many, 1 to 5,000; fewer are asked for where fewer have no label.
        actor: Who asks.
        way: How they are found.
        source: Whose embeddings; by default `networks.choose`.
        seed: The same seed on the same catalog chooses the same.
        device: auto, cpu or cuda:N.
        progress: Told how far it is; asked before each step.

    Raises:
        InvalidInput: `number` is out of its range, no image is without a label, or there is no
            network to look at the images.
        WeightsUnavailable: The pretrained weights cannot be had.
        Cancelled: Nothing is asked for; what was embedded until then is kept.
    """
    if not 1 <= number <= MOST_REQUESTS:
        raise InvalidInput(
            f"{number:,} images were asked for; 1 to {MOST_REQUESTS:,} can be asked for at once.",
            next_step="Label some, and ask again: the next choice knows what was labelled.",
        )
    checked = actor.checked()
    revision_id = history.latest_revision_id(workspace)
    report = computing.embed_catalog(
        workspace, source, device=device, progress=progress.within(0.0, _EMBEDDING_SHARE)
    )
    embedded = computing.read_catalog(workspace, report.network, revision_id)
    parts = _Parts.of(workspace, embedded.columns, seed)
    if not parts.num_free:
        raise InvalidInput(
            "No image in train or without a split is without a label.",
            next_step="Import more images, or look at the labels that look wrong on Review.",
        )
    replay = _replay(parts, embedded.values, progress.within(_EMBEDDING_SHARE, _REPLAY_UNTIL))
    used = way
    if way is Way.AUTO:
        used = Way.CHOICE if replay is None or replay.is_recommended else Way.CHANCE
    choosing_progress = progress.within(_REPLAY_UNTIL, 1.0)
    choosing_progress.check()
    choosing_progress.advance(0, 1, "Choosing")
    places = np.concatenate([parts.labelled, parts.free])
    pool = Pool.of(embedded.values[places].astype(np.float32)) if len(places) > 1 else None
    chosen = (
        [choosing.Choice(place=0, why=RequestReason.CHANCE, probability=1.0)]
        if pool is None  # the only image of the catalog
        else choosing.choose(
            pool,
            np.arange(len(parts.labelled)),
            parts.labels,
            number,
            num_classes=max(parts.num_classes, 1),
            seed=seed,
            random_share=1.0 if used is Way.CHANCE else choosing.RANDOM_SHARE,
        )
    )
    in_sample = len(parts.free) / parts.num_free
    requests = [
        LabelRequest(
            asset_id=embedded.columns.id_at(int(places[choice.place])),
            reason=choice.why,
            probability=choice.probability and choice.probability * in_sample,
        )
        for choice in chosen
    ]
    with workspace.database.write() as uow:
        num_dropped = uow.label_requests.replace_open(
            requests, revision_id=revision_id, actor=checked.name
        )
    return NextLabels(
        network=report.network.words,
        num_candidates=parts.num_free,
        num_labelled=parts.num_labelled,
        way=used,
        num_by_reason=Counter(request.reason for request in requests),
        num_dropped=num_dropped,
        num_not_embedded=embedded.num_missing,
        replay=replay,
    )


def submit(
    workspace: Workspace,
    number: int = DEFAULT_NUMBER,
    *,
    way: Way = Way.AUTO,
    actor: Actor,
) -> Job:
    """Choose in the background; `find_job` and `read_result` give the answer.

    Raises:
        InvalidInput: `number` is out of its range.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    if not 1 <= number <= MOST_REQUESTS:
        raise InvalidInput(
            f"{number:,} images were asked for.", next_step=f"Ask for 1 to {MOST_REQUESTS:,}."
        )
    payload = {"number": number, "way": str(way), "actor": actor.checked().name}
    return queue.submit(workspace, KIND, "Choose what to label next", payload, actor=actor)


def find_job(workspace: Workspace) -> Job | None:
    """The newest of these jobs in whatever state, or None."""
    return queue.find_latest_job(workspace, KIND)


def read_result(job: Job) -> NextLabels:
    """What a finished job asked for."""
    values = dict(job.result or {})
    replay = values.pop("replay")
    return NextLabels(
        **{
            **values,
            "way": Way(values["way"]),
            "num_by_reason": {RequestReason(key): n for key, n in values["num_by_reason"].items()},
        },
        replay=None
        if replay is None
        else Replay(
            budgets=tuple(
                Budget(
                    num_labels=each["num_labels"],
                    chosen=tuple(each["chosen"]),
                    by_chance=tuple(each["by_chance"]),
                )
                for each in replay["budgets"]
            ),
            num_test=replay["num_test"],
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """Places of the catalog's images that take part, sampled where they are too many."""

    labelled: NDArray[np.int64]
    labels: NDArray[np.int64]
    """Of `labelled`, in [0, K)."""
    num_labelled: int
    """Before sampling."""
    free: NDArray[np.int64]
    """Without a label."""
    num_free: int
    """Before sampling."""
    num_classes: int

    @classmethod
    def of(cls, workspace: Workspace, columns: AssetColumns, seed: int) -> "_Parts":
        usable = [SPLITS.index(split) for split in (None, Split.TRAIN.value)]
        takes_part = np.isin(columns.splits, usable)
        settled = AssetFilter(label=NONE, decided=Question.LABEL.value)
        left_out = [asset_id.bytes for asset_id in asset_list.list_ids(workspace, settled)]
        is_free = takes_part & (columns.label_ids == 0)
        is_free &= ~np.isin(columns.ids, np.array(left_out, "S16"))
        random = np.random.default_rng(seed)
        labelled = np.flatnonzero(takes_part & (columns.label_ids > 0))
        num_labelled = len(labelled)
        if num_labelled > _MOST_LABELLED:
            labelled = np.sort(random.permutation(labelled)[:_MOST_LABELLED])
        free = np.flatnonzero(is_free)
        num_free = len(free)
        if num_free > MOST_IMAGES - len(labelled):
            free = np.sort(random.permutation(free)[: MOST_IMAGES - len(labelled)])
        classes, labels = np.unique(columns.label_ids[labelled], return_inverse=True)
        return cls(
            labelled=labelled,
            labels=labels.astype(np.int64),
            num_labelled=num_labelled,
            free=free,
            num_free=num_free,
            num_classes=len(classes),
        )


def _replay(parts: _Parts, embeddings: NDArray[np.float16], progress: Progress) -> Replay | None:
    """What the choice is worth on these labels; None where they are too few."""
    values = embeddings[parts.labelled].astype(np.float32)
    try:
        return replays.replay(
            values, parts.labels, num_classes=max(parts.num_classes, 1), progress=progress
        )
    except InvalidInput:
        return None
