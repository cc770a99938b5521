"""The list of runs: what a refresh of the page reads, with one query however many there are.

Without torch, as all that only looks at runs.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from db.enums import RunOrder, RunStatus
from db.run_records import PAUSED, RunFilter, RunPage
from forge_core import storable_values
from forge_core.errors import InvalidInput
from forge_core.jobs import kinds
from forge_core.models.architectures import ARCHITECTURES
from forge_core.runs.listing import shown_accuracies
from forge_core.workspace import Workspace

MOST_ROWS = 1_000
"""Of a page of the list; what lies behind is found by the filter."""
STATES = (*(str(status) for status in RunStatus), PAUSED)
MAX_TEXT = 200
"""Characters of what is searched for."""


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """What the list can be restricted to, and how many runs there are of each."""

    architectures: dict[str, int]
    tags: dict[str, int]
    num_runs: int
    num_live: int
    """Of them those that wait or run."""


def read_page(workspace: Workspace, where: RunFilter, *, limit: int = MOST_ROWS) -> RunPage:
    """The first runs that match, in their order, with tags and curves.

    Raises:
        InvalidInput: There is no such state.
    """
    unknown = [state for state in where.states if state not in STATES]
    if unknown:
        raise InvalidInput(
            f"There is no state {unknown[0][:40]!r} of a run.",
            next_step=f"Use {', '.join(STATES)}.",
        )
    with workspace.database.read() as uow:
        page = uow.run_lists.list_page(where, limit=limit, job_kind=kinds.TRAIN.name)
    if where.order == RunOrder.BEST:  # by what is shown, to the last one
        page = RunPage(sorted(page.rows, key=shown_accuracies.rank_of, reverse=True), page.total)
    return page


def list_choices(workspace: Workspace) -> RunChoices:
    """The networks and tags of all runs."""
    with workspace.database.read() as uow:
        counted = uow.run_lists.count_by_network()
        tags = uow.run_tags.count_all()
    networks: Counter[str] = Counter()
    num_live = 0
    for (architecture, status), count in counted.items():
        networks[architecture] += count
        num_live += 0 if status.is_finished() else count
    return RunChoices(
        architectures={name: networks[name] for name in sorted(networks) if name},
        tags=tags,
        num_runs=networks.total(),
        num_live=num_live,
    )


def find_by(text: str, where: RunFilter | None = None) -> RunFilter:
    """A filter by words: each must be in the number, name, tags, note, network or author.

    A network is found by its key and by the name that people read. "Run 12" means the number.

    Raises:
        InvalidInput: The text is too long, or cannot be stored.
    """
    storable_values.check(text, "What is searched for")
    if len(text) > MAX_TEXT:
        raise InvalidInput(
            f"What is searched for has {len(text):,} characters.",
            next_step=f"Use at most {MAX_TEXT}.",
        )
    words = tuple(_words(text.split()))
    named = tuple(
        tuple(
            key for key, known in ARCHITECTURES.items() if word.casefold() in known.title.casefold()
        )
        for word in words
    )
    return replace(where or RunFilter(), words=words, named=named)


def _words(given: Sequence[str]) -> Iterable[str]:
    for place, word in enumerate(given):
        following = given[place + 1] if place + 1 < len(given) else ""
        if word.casefold() == "run" and following.lstrip("#").isdigit():
            continue
        yield word.removeprefix("#") if word.removeprefix("#").isdigit() else word
