"""The queues of the catalog: images that wait for a person's answer to one question.

A queue is a filter and an order of the gallery under a name, and nothing else: it keeps no list of
its own, so it always has what matches now. Whoever shows queues reads `QUEUES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from db.enums import ReviewState
from db.records import AssetFilter
from db.repositories.asset_lists import SORTS
from forge_core.catalog.listing import asset_list, filter_fields
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Queue:
    """One queue."""

    name: str
    """In addresses and commands; never changes."""
    words: str
    """Its title where people read it."""
    reason: str
    """Why an image is in it, a sentence."""
    where: Mapping[str, str]
    """The fields of its filter, as in the gallery's address; a run is added where one is asked."""
    sort: str = "newest"
    """Its order, the most urgent first."""

    @property
    def asks_a_run(self) -> bool:
        """Whether it goes by what the network of a run says."""
        return SORTS[self.sort].of_a_run or filter_fields.read(self.where).asks_the_run()

    def query(self, run_id: int | None = None) -> dict[str, str]:
        """The parameters of the gallery's address that show it.

        Args:
            run_id: The run whose network is meant; only used where one is asked.

        Raises:
            InvalidInput: It asks for a run, and none is named.
        """
        named = dict(self.where) | ({} if self.sort == "newest" else {"sort": self.sort})
        if not self.asks_a_run:
            return named
        if run_id is None:
            raise InvalidInput(
                f"The queue {self.name!r} goes by what a run's network says, and none has scored "
                "the images.",
                next_step="Train a run, or score the images with one.",
            )
        return named | {"run": str(run_id)}

    def filter(self, run_id: int | None = None) -> AssetFilter:
        """The filter that its images match; see `query`."""
        values = self.query(run_id)
        values.pop("sort", None)
        return filter_fields.read(values)


_QUEUES = (
    Queue(
        name="wrong_labels",
        words="Labels that look wrong",
        reason="A network that did not learn the image finds its label unlikely.",
        where={},
        sort="lowest_quality",
    ),
    Queue(
        name="disagrees",
        words="The model disagrees",
        reason="The run's network says another class than the label, the surest first.",
        where={"disagrees": "yes"},
        sort="most_confident",
    ),
    Queue(
        name="contested",
        words="Contested by an import",
        reason="An import said another label than the catalog.",
        where={"review": ReviewState.CONTESTED.value},
    ),
    Queue(
        name="least_sure",
        words="Least sure",
        reason="The run's network can hardly choose a class, the least sure first.",
        where={},
        sort="least_confident",
    ),
    Queue(
        name="flagged",
        words="Flagged by people",
        reason="Somebody marked the image for review.",
        where={"review": ReviewState.FLAGGED.value},
    ),
)
QUEUES = {queue.name: queue for queue in _QUEUES}
"""Every queue by name, in the order in which people read them."""


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """A queue as it is now."""

    queue: Queue
    query: dict[str, str] | None
    """Of the gallery's address; None where it needs a run and none has scored the images."""
    num_images: int
    """0 where it has no query."""


def find_queue(name: str) -> Queue:
    """The queue of this name.

    Raises:
        InvalidInput: There is none.
    """
    if name not in QUEUES:
        raise InvalidInput(
            f"There is no queue {name[:60]!r}.", next_step=f"Use {', '.join(QUEUES)}."
        )
    return QUEUES[name]


def list_states(workspace: Workspace, *, run_id: int | None = None) -> list[QueueState]:
    """Every queue with its number of images.

    Args:
        workspace: The workspace.
        run_id: The run whose network is meant; by default the newest that has scored images.

    Raises:
        NotFound: There is no such run.
    """
    return [find_state(workspace, queue, run_id=run_id) for queue in QUEUES.values()]


def find_state(workspace: Workspace, queue: Queue, *, run_id: int | None = None) -> QueueState:
    """A queue with its number of images; see `list_states`."""
    if queue.asks_a_run and run_id is None:
        run_id = newest_scored_run(workspace)
        if run_id is None:
            return QueueState(queue=queue, query=None, num_images=0)
    where = queue.filter(run_id)
    return QueueState(
        queue=queue,
        query=queue.query(run_id),
        num_images=asset_list.count_assets(workspace, where, sort=queue.sort),
    )


def newest_scored_run(workspace: Workspace) -> int | None:
    """The newest run whose network has scored images, or None."""
    return next(iter(asset_list.list_scored_runs(workspace)), None)
