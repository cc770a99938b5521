"""The job of kind `train`: payload {"run_id", "resume", "device"}."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from db import boxes
from db.boxes import LeftOutImage, RunEnvironment
from db.clock import utc_now
from db.enums import Split
from db.records import EpochMetrics, Run
from db.unit_of_work import UnitOfWork
from forge_core.errors import ForgeError
from forge_core.handlers import rank_processes
from forge_core.jobs.clusters import resuming
from forge_core.jobs.context import JobContext
from forge_core.models.checkpoints import checkpoint
from forge_core.people.actor import Actor
from forge_core.predictions import evaluation
from forge_core.predictions.sampling import samples
from forge_core.progress import Advance, Cancelled, Progress
from forge_core.runs import environments, records, run_data, run_setup, scoring_requests
from forge_core.runs.files import checkpoints
from forge_core.runs.live.reporter import TrainReporter
from forge_core.runs.run_data import RunData
from forge_core.runs.run_setup import RunSetup
from forge_core.training import usable_images
from forge_core.training.compute import ranks
from forge_core.training.compute.compute_plan import ComputePlan
from forge_core.training.config import TrainConfig
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.training.reporting import StepLosses
from forge_core.training.results import FitResult
from forge_core.training.resume_state import ImagesChanged
from forge_core.training.run_files import STATE_FILE
from forge_core.workspace import Workspace

MAX_NAMED = 10
NO_TIME_LEFT = {
    "eta_seconds": None,
    "eta_low_seconds": None,
    "eta_high_seconds": None,
    "eta_why": "",
}
MAX_REASONS_KEPT = 1_000
"""All images that were left out are kept with the run; of the first ones the sentences too."""


def run(context: JobContext) -> Mapping[str, Any]:
    """Train a run to its end, or go on with it, and measure its best checkpoint on test.

    Raises:
        Cancelled: The job shall end; finished epochs are kept.
        ForgeError: What the loop refuses or fails of, in readable words.
    """
    run_id = int(context.job.payload["run_id"])
    setup = run_setup.read(context.workspace, run_id, context.device)
    try:
        return _train(context, setup)
    finally:
        _publish_log(context, setup.folder_name)


def _publish_log(context: JobContext, folder_name: str) -> None:
    """Put what this job has said beside the run's files; a run is as good without it."""
    try:
        log_path = context.workspace.logs_folder / context.job.log_path
        context.workspace.runs.publish_log(folder_name, log_path)
    except ForgeError as error:
        context.log(f"this log could not be put to the runs root: {error.message}")


def _train(context: JobContext, setup: RunSetup) -> Mapping[str, Any]:
    workspace = context.workspace
    record, device, data = setup.record, setup.device, setup.data
    context.log(f"run {record.run_id} on {device.name} ({device.id})")
    for split, reasons in data.left_out.items():
        for reason, number in reasons.items():
            context.log(f"left out of {split}: {number:,} images, {reason}")
    payload = context.job.payload
    resume = bool(payload.get("resume", False))
    if resuming.TRY in payload:  # nobody looked what its lost node had saved
        resume = workspace.runs.has_saved(setup.folder_name, STATE_FILE)
    if resume:
        _check_files(workspace, setup)
    environment = _Environment(context, record, environments.describe(device), resume)
    context.write(
        lambda uow: uow.runs.update_fields(
            record.run_id,
            message=payload.get(resuming.MESSAGE, ""),
            started_at=record.started_at or utc_now(),
            device=device.name,
            environment=environment.now,
            class_names=list(data.class_names),
            label_ids=list(data.label_ids),
            val_sample=_describe_sample(workspace, record, data),
        )
    )
    number = setup.config.num_processes
    reporter = TrainReporter(context, record, setup.config, setup.folder_name, device_id=device.id)
    with (
        reporter.kept_to_the_end(),
        rank_processes.launch(record.run_id, number, resume=resume, device=context.device),
        ranks.init_process_group() as group,
    ):
        if number > 1:
            context.log(f"{number} processes train together")
        changed = group.on_rank_zero(lambda: _find_changed(context, data))
        if changed and not resume:  # a resumption compares with them
            environment.keep(left_out=_describe_left_out(list(changed.values())))
        while True:
            try:
                result = usable_images.fit_usable(
                    setup.fit_setup(workspace, without=set(changed)),
                    reporter,
                    resume=resume,
                    ranks=group,
                    on_plan=environment.keep_plan,
                )
            except ImagesChanged as error:
                raise _name_changed(record, changed, error) from error
            extensions = TrainConfig.from_dict(
                records.get_run(workspace, record.run_id).config
            ).extensions
            if result.stopped or extensions == setup.config.extensions:
                break
            context.log(f"extended by {extensions[-1]} epochs while it went on")
            setup = replace(setup, config=replace(setup.config, extensions=extensions))
            reporter.plan_by(setup.config)
            resume = True
    rejected = [*changed.values(), *result.rejected]
    environment.keep(left_out=_describe_left_out(rejected))
    if result.stopped:
        raise Cancelled
    # Those of an earlier network, if the run was resumed; the scoring that follows writes new ones.
    scoring_requests.remove_predictions(workspace, record.run_id)
    _keep(context, record, result, len(rejected))
    answer: dict[str, Any] = {
        "best_epoch": result.best_epoch,
        "best_val_accuracy": result.best_metric,
        "epochs_done": result.epochs_done,
        "ended_early": result.ended_early,
        "num_rejected": len(rejected),
    }
    return answer | _measure_on_test(context, record, data, environment)


def _check_files(workspace: Workspace, setup: RunSetup) -> None:
    """Let the run's files be here, and be those that it left.

    Raises:
        NotFound: One is gone.
        CheckpointRejected: Another file is in its place.
    """
    workspace.runs.bring_in(setup.folder_name)
    folder = setup.folders.checkpoints
    for path in checkpoints.check_resumable(workspace, setup.record.run_id, folder):
        checkpoint.load_checkpoint(path)


def run_rank(workspace: Workspace, run_id: int, *, resume: bool, device: str) -> None:
    """Train along with the process that runs the job; writes and tells nothing."""
    with ranks.init_process_group() as group:
        setup = run_setup.read(workspace, run_id, device)
        try:
            changed: dict[str, RejectedImage] = group.on_rank_zero(dict)  # asked, not answered here
        except Cancelled:
            return
        given = setup.fit_setup(workspace, without=set(changed))
        usable_images.fit_usable(given, _Silent(), resume=resume, ranks=group)


def _describe_sample(workspace: Workspace, record: Run, data: RunData) -> dict[str, Any] | None:
    """What a list must say of accuracies on val; None where val is a fair sample."""
    ids = [asset.asset_id for asset in data.assets[Split.VAL]]
    sample = samples.read_sample(workspace, ids, Split.VAL, record.revision_id)
    if sample.is_fair:
        return None
    return {
        "num_images": len(ids),
        "num_chosen": int(sample.is_chosen.sum()),
        "is_weighted": sample.is_weighted,
    }


class _Environment:
    """What a run computes on and how; each part is in the database as soon as it is known."""

    def __init__(
        self, context: JobContext, record: Run, here: boxes.Environment, resume: bool
    ) -> None:
        self._context = context
        self._run_id = record.run_id
        kept = record.environment or RunEnvironment()
        if resume and record.started_at is not None:
            self.now = environments.after_resuming(kept, here)
        else:  # only how the run computes that this one repeats, or its own earlier attempt
            self.now = environments.beginning_in(here, speed=kept.speed)

    def keep(self, **parts: Any) -> None:
        """Write these parts beside the others."""
        self.now = replace(self.now, **parts)
        self._context.write(lambda uow: uow.runs.update_fields(self._run_id, environment=self.now))

    def keep_plan(self, speed: ComputePlan) -> None:
        """Write how the run computes; on another kind of device its first way stays."""
        earlier = self.now.speed or {}
        if not self.now.resumed_in or earlier.get("device_kind") in (None, speed.device_kind):
            self.keep(speed=speed.choice())


class _Silent:
    """The reporter of a process that is not the first: `Ranks.broadcast_reporter` never asks it."""

    def on_message(self, text: str) -> None:
        """Nothing."""

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        """Nothing."""

    def on_losses(self, losses: StepLosses) -> None:
        """Nothing."""

    def on_epoch(self, metrics: EpochMetrics) -> None:
        """Nothing."""

    def should_stop(self) -> bool:
        """Whatever: the first process is asked."""
        return False


def _find_changed(context: JobContext, data: RunData) -> dict[str, RejectedImage]:
    """Training and validation files that are not what was imported, by path; each is named."""
    if context.workspace.store.local_root() is None:
        return {}  # far away: the pack checks each file once, when it decodes it
    assets = [*data.assets[Split.TRAIN], *data.assets[Split.VAL]]

    def tell(advance: Advance) -> None:
        context.set_progress(
            stage="verify", step=advance.done, steps=advance.total, message=advance.message
        )

    progress = Progress(tell, should_stop=context.should_stop)
    found = run_data.find_changed_files(context.workspace, assets, progress=progress)
    for problem in found:
        context.log(f"left out {problem.source}: {problem.message}")
    return {problem.source: problem for problem in found}


def _name_changed(
    record: Run, changed: Mapping[str, RejectedImage], error: ImagesChanged
) -> ForgeError:
    """Which files keep a run from going on, and what to do with them."""
    before = records.left_out_paths(record)
    words = [f"{each.source}: {each.message}" for each in changed.values()]
    words = [text for name, text in zip(changed, words, strict=True) if name not in before]
    if not words:
        return error
    shown = " ".join(words[:MAX_NAMED])
    more = f" And {len(words) - MAX_NAMED:,} more, which its log names." * (len(words) > MAX_NAMED)
    count = {1: "this file", 2: "these two files"}.get(len(words), f"these {len(words):,} files")
    return ImagesChanged(
        f"Run {record.run_id} cannot go on where it stopped, for its images are not what they "
        f"were. {shown}{more} Put {count} back and resume, or start anew.",
        next_step="“Repeat” starts the same run again with the images that are there.",
    )


def _keep(
    context: JobContext,
    record: Run,
    result: FitResult,
    num_rejected: int,
) -> None:
    """Write what the run came to."""
    words = f"Finished: {(result.best_metric or 0.0):.1%} validation accuracy"
    message = f"{words} at epoch {result.best_epoch}."
    if num_rejected:
        message += f" {num_rejected:,} images could not be used; they are listed in the log."

    def write(uow: UnitOfWork) -> None:
        if result.report is not None:
            records.keep_report(uow, record.run_id, Split.VAL, result.report)
        uow.runs.update_fields(
            record.run_id,
            best_epoch=result.best_epoch or None,
            best_val_accuracy=result.best_metric,
            message=message,
        )

    context.write(write)
    context.log(message)


def _describe_left_out(rejected: Sequence[RejectedImage]) -> tuple[LeftOutImage, ...]:
    """Paths and reasons of all, and the sentences of the first ones."""
    return tuple(
        LeftOutImage(
            source=problem.source,
            reason=problem.reason,
            message=problem.message if number < MAX_REASONS_KEPT else "",
        )
        for number, problem in enumerate(rejected)
    )


def _measure_on_test(
    context: JobContext, record: Run, data: RunData, environment: _Environment
) -> dict[str, Any]:
    """Metrics of the best checkpoint on test, when there is a test split."""
    if not data.assets[Split.TEST]:
        return {}
    context.set_progress(stage="test", message="Measuring on test", **NO_TIME_LEFT)
    rejected: list[RejectedImage] = []

    def leave_out(problem: RejectedImage) -> None:
        rejected.append(problem)
        context.log(f"left out {problem.source}: {problem.message}")

    try:
        _, measured = evaluation.evaluate_and_keep(
            context.workspace,
            record.run_id,
            split=Split.TEST,
            device=context.device or "auto",
            actor=Actor(context.job.author),
            on_rejected=leave_out,
            progress=Progress(should_stop=context.should_stop),
        )
    except ForgeError as error:  # the run itself is good
        context.log(f"test could not be measured: {error.message}")
        return {"test_error": error.message}
    finally:
        if rejected:
            before = environment.now.left_out
            environment.keep(left_out=(*before, *_describe_left_out(rejected)))
    report = measured.report
    context.log(f"test accuracy {report.accuracy:.4f} on {report.num_images} images")
    return {"test_accuracy": report.accuracy, "num_test_images": report.num_images}
