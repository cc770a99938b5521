"""What a run is, in a few words, the same on every page."""

from datetime import UTC, datetime

from db.records import Run
from forge_core.models.architectures import ARCHITECTURES
from pages.components.words import text


def title(run: Run) -> str:
    """The run's number, with its name where it has one."""
    return f"Run {run.run_id} · {run.name}" if run.name else f"Run {run.run_id}"


def architecture(run: Run) -> str:
    """The network and what it started from."""
    name = str(run.config.get("architecture", ""))
    found = ARCHITECTURES.get(name)
    start = "pretrained" if run.config.get("pretrained") else "from scratch"
    if run.config.get("start_run") is not None:
        start = f"from run {run.config['start_run']}"
    return f"{found.title if found else name}, {start}"


def best(run: Run) -> str:
    """Best validation accuracy, or a dash."""
    accuracy = run.best_val_accuracy
    return "–" if accuracy is None else text.percent(accuracy)


def seconds(run: Run, now: datetime | None = None) -> float | None:
    """Time since the run was started, until it ended; None while it waits."""
    if run.started_at is None:
        return None
    end = run.finished_at or now or datetime.now(UTC)
    return max(0.0, (_aware(end) - _aware(run.started_at)).total_seconds())


def choice(run: Run) -> str:
    """A line of a list to choose from."""
    return f"{title(run)} · {architecture(run)} · {best(run)}"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
