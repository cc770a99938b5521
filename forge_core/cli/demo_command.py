"""`forge demo`: the main job from start to end in a workspace of its own."""

import enum
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from forge_core import settings
from forge_core.cli import output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import JobFailed
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace, open_workspace

DIGITS_FLOOR = 0.97
"""Test accuracy below which the digits demo has failed."""
TEST_SHARE, VAL_SHARE = 20.0, 10.0
DEMO_INPUT_SIZE = 64


class DemoName(enum.StrEnum):
    """The data sets of the demo."""

    DIGITS = "digits"
    CIFAR10 = "cifar10"
    FASHION_MNIST = "fashion-mnist"
    FLOWERS102 = "flowers102"


@dataclass
class _Steps:
    """Tells each step and what came of it."""

    as_json: bool
    started: float

    def tell(self, words: str) -> None:
        seconds = time.monotonic() - self.started
        output.say(f"[{seconds:6.1f} s] {words}", as_json=self.as_json)


def demo(
    dataset: Annotated[
        DemoName, typer.Option(help="digits need no download, the others a network.")
    ] = DemoName.DIGITS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs; the recommended number if left out.")
    ] = None,
    floor: Annotated[
        float | None, typer.Option(min=0, max=1, help="Fail below this test accuracy.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import, split, train, evaluate and predict on a public data set; print each result."""
    from forge_core.jobs import supervision

    folder = workspace or _default_folder(dataset)
    # A workspace of its own: not the person's database, bytes or runs, whatever is set.
    places = dict.fromkeys(("database_url", "asset_root", "runs_root", "cache_root"), "")
    chosen = settings.current().model_copy(update={"workspace": folder, **places})
    opened = open_workspace(chosen)
    steps = _Steps(as_json, time.monotonic())
    steps.tell(f"workspace {chosen.workspace_folder}")
    try:
        result = _walk(opened, dataset, seed, epochs, steps)
    finally:
        supervision.stop_supervisor(opened)  # this workspace is ours alone; nothing stays behind
    lowest = DIGITS_FLOOR if floor is None and dataset is DemoName.DIGITS else floor or 0.0
    result["floor"] = lowest
    if as_json:
        output.answer(result)
    require_accuracy(result["test_accuracy"], lowest, result["run_id"], folder)
    steps.tell(f"done. Look at it: forge web --workspace {folder}")


def require_accuracy(accuracy: float, lowest: float, run_id: int, folder: Path) -> None:
    """Return when the accuracy is high enough.

    Raises:
        JobFailed: It is below `lowest`.
    """
    if accuracy < lowest:
        raise JobFailed(
            f"Test accuracy is {accuracy:.4f}; at least {lowest:g} was expected.",
            next_step=f"Read the log: forge runs log {run_id} --workspace {folder}",
        )


def _default_folder(dataset: DemoName) -> Path:
    """Beside the person's own workspace, never in it."""
    return settings.current().workspace_folder.parent / "workspaces" / f"demo-{dataset.value}"


def _walk(
    workspace: Workspace, dataset: DemoName, seed: int, epochs: int | None, steps: _Steps
) -> dict[str, Any]:
    """Import, split, train, evaluate, predict; returns what came of it."""
    _import(workspace, dataset, steps)
    counts = _split(workspace, dataset, steps)
    run_id = _train(workspace, seed, epochs, steps)
    accuracy, low, high = _evaluate(workspace, run_id, steps)
    prediction = _predict(workspace, run_id, steps)
    return {
        "workspace": workspace.folder,
        "dataset": dataset.value,
        "seed": seed,
        "counts": counts,
        "run_id": run_id,
        "test_accuracy": accuracy,
        "test_accuracy_interval": [low, high],
        "prediction": prediction,
        "duration_seconds": time.monotonic() - steps.started,
    }


def _import(workspace: Workspace, dataset: DemoName, steps: _Steps) -> None:
    from forge_core.catalog.importing import run_import
    from forge_core.demo import digits

    with output.progress_bar("Importing", as_json=steps.as_json) as progress:
        if dataset is DemoName.DIGITS:
            report = digits.import_digits(
                workspace, actor=Actor.of_process(workspace), progress=progress
            )
        else:
            from forge_core.demo import downloads

            plan = downloads.prepare(workspace, dataset.value, progress=progress)
            report = run_import.run_import(
                workspace, plan, actor=Actor.of_process(workspace), progress=progress
            )
    steps.tell(
        f"imported {report.added:,} images ({report.already_present:,} were there, "
        f"{len(report.skipped):,} skipped)"
    )


def _split(workspace: Workspace, dataset: DemoName, steps: _Steps) -> dict[str, int]:
    from forge_core.catalog.listing import balance
    from forge_core.catalog.splits import split_plan
    from forge_core.catalog.splits.split_plan import SplitRatios

    if dataset is DemoName.DIGITS:
        ratios = SplitRatios(train=100 - TEST_SHARE - VAL_SHARE, val=VAL_SHARE, test=TEST_SHARE)
        plan = split_plan.plan_split(workspace, ratios, seed=0)
    else:  # these sets come with their own test split; validation is taken from the rest
        ratios = SplitRatios(train=100 - VAL_SHARE, val=VAL_SHARE, test=0)
        plan = split_plan.plan_split(workspace, ratios, seed=0, only_unassigned=True)
    split_plan.apply_split(workspace, plan, actor=Actor.of_process(workspace))
    found = balance.class_balance(workspace)
    counts = {split: found.split_total(split) for split in ("train", "val", "test")}
    words = ", ".join(f"{number:,} {split}" for split, number in counts.items())
    steps.tell(f"split by class, seed 0: {words}")
    return counts


def _train(workspace: Workspace, seed: int, epochs: int | None, steps: _Steps) -> int:
    from forge_core.cli import following
    from forge_core.runs.starting import config_choice, launch

    check = launch.check_data(workspace)
    config = config_choice.recommend(check).config
    if config.pretrained:  # the demo must not depend on a second download
        config = replace(
            config, architecture="forge_cnn", pretrained=False, input_size=DEMO_INPUT_SIZE
        )
    config = replace(config, seed=seed, scratch_epochs=epochs or config.scratch_epochs)
    run = launch.start_run(workspace, config, actor=Actor.of_process(workspace), name="demo")
    steps.tell(
        f"run {run.run_id}: {config.architecture}, preset {config.preset}, seed {seed}, "
        f"{config.total_epochs} epochs, in a process of its own"
    )
    run = following.follow(workspace, run.run_id, tends=True, as_json=steps.as_json)
    following.require_success(workspace, run)
    steps.tell(f"{run.message} Device: {run.device}")
    return run.run_id


def _evaluate(workspace: Workspace, run_id: int, steps: _Steps) -> tuple[float, float, float]:
    from forge_core.predictions import evaluation

    report = evaluation.measure_run(workspace, run_id, "test").report
    low, high = report.accuracy_interval
    steps.tell(
        f"test accuracy {report.accuracy:.4f} ({low:.4f} to {high:.4f} with 95 % confidence) on "
        f"{report.num_images:,} images"
    )
    return report.accuracy, low, high


def _predict(workspace: Workspace, run_id: int, steps: _Steps) -> dict[str, Any]:
    from forge_core.inference.predictor import Predictor
    from forge_core.runs.files import checkpoints
    from forge_core.runs.starting import launch

    asset = launch.run_assets(workspace, run_id, "test")[0]
    predictor = Predictor.load(checkpoints.checkpoint_path(workspace, run_id))
    prediction = predictor.predict(workspace.store.read(asset.file_path))
    best = prediction.probabilities[0]
    steps.tell(
        f"predicted {asset.file_path}: {best.label_name} with {output.percent(best.probability)} "
        f"in {output.latency(prediction.latency_ms)} (labelled {asset.label_name})"
    )
    return {
        "file_path": asset.file_path,
        "label_name": asset.label_name,
        "predicted": best.label_name,
        "probability": best.probability,
        "latency_ms": prediction.latency_ms,
    }
