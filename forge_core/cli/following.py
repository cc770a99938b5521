"""Watch a run from the terminal: a line an epoch, a bar for the current one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from db.enums import RunStatus
from db.records import EpochRow, Run
from forge_core.cli import output
from forge_core.errors import JobFailed
from forge_core.jobs import tending
from forge_core.notices import state_words
from forge_core.runs import records
from forge_core.workspace import Workspace

POLL_SECONDS = 0.5


def follow(workspace: Workspace, run_id: int, *, tends: bool = False, as_json: bool = False) -> Run:
    """Wait until a run is finished and return it. An interrupt leaves the run going.

    Args:
        workspace: The workspace.
        run_id: The run.
        tends: Whether the person asked for the run here, and not only to look at it: then a
            supervisor that is gone is started again.
        as_json: Draw nothing.

    Raises:
        KeyboardInterrupt: The person stopped watching; they are told that the run goes on.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"))
    is_hidden = as_json or not console.is_terminal
    try:
        with (
            _interrupts() as interrupted,
            Progress(*columns, console=console, disable=is_hidden, transient=True) as bar,
        ):
            task = bar.add_task("Waits to start", total=1.0, rate="")
            tend = tending.every_few_seconds(workspace) if tends else _do_nothing
            return _watch(workspace, run_id, bar, task, interrupted, tend, as_json=as_json)
    except KeyboardInterrupt:
        output.tell(f"Run {run_id} goes on in the background. See it again:")
        output.tell(f"  forge runs show {run_id} --follow")
        raise


def require_success(workspace: Workspace, run: Run) -> None:
    """Return when the run succeeded.

    Raises:
        JobFailed: It did not; in its own words.
    """
    if run.status != RunStatus.SUCCEEDED:
        progress = records.run_progress(workspace, run.run_id)
        raise JobFailed(
            run.message or f"Run {run.run_id} is {state_words.name_of(run.status)}.",
            next_step=progress.next_step or f"Read its log: forge runs log {run.run_id}",
        )


def describe_epoch(epoch: EpochRow) -> str:
    """One line with the metrics of an epoch."""
    return (
        f"epoch {epoch.epoch:>3}  {epoch.stage:<8}  "
        f"train loss {epoch.train_loss:.4f}  accuracy {output.percent(epoch.train_accuracy):>7}  "
        f"val loss {epoch.val_loss:.4f}  accuracy {output.percent(epoch.val_accuracy):>7}  "
        f"{epoch.duration_seconds:.1f} s"
    )


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Set when the person interrupts.

    An exception out of the signal may be raised where Python swallows it, as in the clean-up of
    a database connection; the first Ctrl-C would then do nothing.
    """
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _do_nothing() -> None:
    """Whoever only looks starts no process."""


def _watch(
    workspace: Workspace,
    run_id: int,
    bar: Progress,
    task: TaskID,
    interrupted: threading.Event,
    tend: Callable[[], None],
    *,
    as_json: bool,
) -> Run:
    last_epoch = 0
    while True:
        tend()
        now = records.run_progress(workspace, run_id, last_epoch)
        for epoch in now.epochs:
            output.say(describe_epoch(epoch), as_json=as_json)
            last_epoch = epoch.epoch
        rate = f"{now.images_per_second:,.0f} images/s" if now.images_per_second else ""
        if now.eta_seconds is not None:
            rate += f", {now.eta_seconds:,.0f} s left"
        bar.update(task, completed=now.fraction, description=now.message, rate=rate)
        if now.status.is_finished():
            return records.get_run(workspace, run_id)
        if interrupted.wait(POLL_SECONDS):
            raise KeyboardInterrupt
