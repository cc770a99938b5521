"""What a run is, in a few words, the same on every page."""

from datetime import UTC, datetime

from db.records import Run
from db.run_records import RunRow
from forge_core.models.architectures import ARCHITECTURES
from forge_core.runs.listing import shown_accuracies
from pages.components.words import text

MARK = "⚖"
"""Beside an accuracy that must not be read as it stands."""


def title(run: Run | RunRow) -> str:
    """The run's number, with its name where it has one; of a row for a group its runs."""
    words = f"Run {run.run_id}"
    if isinstance(run, RunRow) and run.members:
        words = f"{len(run.members)} seeds: runs {', '.join(map(str, run.ids))}"
        if run.ids[-1] - run.ids[0] == len(run.ids) - 1 and len(run.ids) > 2:
            words = f"{len(run.members)} seeds: runs {run.ids[0]} to {run.ids[-1]}"
    return f"{words} · {run.name}" if run.name else words


def architecture(run: Run) -> str:
    """The network and what it started from."""
    config = run.config
    return network(
        str(config.get("architecture", "")),
        bool(config.get("pretrained")),
        config.get("start_run"),
    )


def network(name: str, pretrained: bool, start_run: int | None) -> str:
    """An architecture as people read it, and what it started from."""
    found = ARCHITECTURES.get(name)
    start = "pretrained" if pretrained else "from scratch"
    if start_run is not None:
        start = f"from run {start_run}"
    return f"{found.title if found else name}, {start}"


def best(run: Run) -> str:
    """Best validation accuracy as it speaks of all images, or a dash."""
    accuracy = shown_accuracies.best_of(run)
    if accuracy is None:
        return "–"
    return f"{text.percent(accuracy.value)} {MARK if accuracy.note else ''}".rstrip()


def seconds(run: Run | RunRow, now: datetime | None = None) -> float | None:
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
