"""What a run starts from that goes on from another one: its weights, its classes, its choices."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from db.repositories.labels import follow_merges
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import class_merges
from forge_core.errors import CheckpointRejected, InvalidInput
from forge_core.file_hashes import known_hash
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.training import options
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

if TYPE_CHECKING:
    from forge_core.models.networks.carried_weights import StartWeights

SHARE_OF_EPOCHS = 0.25
"""Of those that train all layers."""
HEAD_EPOCHS = 5
"""Of the head alone, where there are classes that the run does not know or that were merged."""


def choose(
    workspace: Workspace, run_id: int, kind: str, label_ids: Sequence[int]
) -> dict[str, Any]:
    """The fields of a config by which a network starts from a run, and trains as long as it needs.

    Where no class is new, the head needs no epochs of its own.

    Args:
        workspace: The workspace.
        run_id: The run to start from.
        kind: Which of its weights: best or last.
        label_ids: Classes that shall be trained.

    Raises:
        NotFound: There is no such run or checkpoint.
        InvalidInput: The run knows none of the classes.
    """
    run = records.get_run(workspace, run_id)
    found = checkpoints.find_checkpoint(workspace, run_id, kind)
    with workspace.database.read() as uow:
        trained = _now_called(uow, run.label_ids, uow.revisions.latest_id())
    if not set(trained) & set(label_ids):
        raise InvalidInput(
            f"Run {run_id} knows none of the classes that are in training now.",
            next_step="Start without it.",
        )
    is_equal = len(set(trained)) == len(trained) and set(label_ids) <= set(trained)
    epochs = options.total_epochs({**run.config, "warmup_epochs": 0})
    if run.config.get("start_run") is None:  # else they are as few already
        epochs = math.ceil(SHARE_OF_EPOCHS * epochs)
    return {
        "pretrained": True,
        "start_run": run_id,
        "start_kind": str(found.kind),
        "start_hash": found.content_hash,
        "train_all_layers": False,
        "fit": run.config.get("fit", "crop"),  # how images come in is what it has learned
        "grey_window": run.config.get("grey_window", ""),
        "warmup_epochs": 0 if is_equal else HEAD_EPOCHS,
        "finetune_epochs": max(1, epochs),
    }


def read(
    workspace: Workspace, config: TrainConfig, label_ids: Sequence[int], revision_id: int
) -> "StartWeights":
    """The weights that a config names, and which of their outputs mean which class.

    Args:
        workspace: The workspace.
        config: Names a run to start from.
        label_ids: Of the new network's outputs.
        revision_id: Classes that were merged by then are one.

    Raises:
        NotFound: The run or its file is gone.
        CheckpointRejected: The file is another one than when the run was started, or does not
            answer here as it did when it was saved.
        InvalidInput: The run is of another network.
    """
    from forge_core.models.checkpoints import checkpoint
    from forge_core.models.networks import carried_weights

    assert config.start_run is not None, "asked only where there is one"
    path = checkpoints.checkpoint_path(workspace, config.start_run, config.start_kind)
    if known_hash(path) != config.start_hash:
        raise CheckpointRejected(
            f"Run {config.start_run} has written another {config.start_kind} checkpoint since this "
            "run was started from it.",
            next_step="Start a new run from it.",
        )
    loaded = checkpoint.load_checkpoint(path)
    if loaded.card.architecture != config.architecture:
        raise InvalidInput(
            f"Run {config.start_run} is a {loaded.card.architecture}, not a {config.architecture}.",
            next_step="Train the same network, or start without it.",
        )
    with workspace.database.read() as uow:
        trained = _now_called(uow, loaded.card.label_ids, revision_id)
    return carried_weights.StartWeights(
        state=loaded.model.state_dict(),
        architecture=loaded.card.architecture,
        input_size=loaded.card.eval_transform.crop,
        outputs=carried_weights.find_outputs(trained, label_ids),
    )


def _now_called(uow: UnitOfWork, label_ids: Sequence[int], revision_id: int) -> list[int]:
    """Each class, or the one that it was merged into by a revision."""
    merges = class_merges.merges_as_of(uow, revision_id)
    return [follow_merges(merges, label_id) for label_id in label_ids]
