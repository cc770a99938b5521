"""The queues of the catalog: images that wait for a person's answer to one question.

A queue is a filter and an order of the gallery under a name, and nothing else: it keeps no list of
its own, so it always has what matches now. Whoever shows queues reads `QUEUES`.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from db.enums import Question, RequestReason, ReviewState
from db.records import ACROSS, ANY, NONE, AssetFilter
from db.repositories.asset_lists import SORTS
from db.repositories.opinions import DIFFER
from forge_core.catalog.listing import asset_list, filter_fields, suggestions
from forge_core.catalog.listing.asset_list import MAX_PAGE, AssetPage
from forge_core.catalog.listing.suggestions import IMPORTS, JUDGING, OPINIONS, SUSPECT, Suggester
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
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
    filled_by: str
    """What puts images into it, a sentence that is said while it is empty."""
    sort: str = "newest"
    """Its order, the most urgent first."""
    question: Question = Question.LABEL
    """What is asked of each image: what is settled once is in no queue of this question."""
    is_blind: bool = False
    """Whether it is of one person, who must not know the labels of its images."""

    @property
    def asks_a_run(self) -> bool:
        """Whether it goes by what the network of a run says."""
        return SORTS[self.sort].of_a_run or filter_fields.read(self.where).asks_the_run()

    def suggester(self, run_id: int | None) -> Suggester | None:
        """Whose word stands beside the labels of its images.

        Args:
            run_id: The run whose network is meant, where nobody else speaks.
        """
        if self.is_blind:
            return None
        if "opinions" in self.where:  # who said what
            return OPINIONS
        if self.where.get("review") == ReviewState.CONTESTED:
            return IMPORTS
        return JUDGING if SORTS[self.sort].joined == "issue" else run_id

    def query(self, run_id: int | None = None, person: str | None = None) -> dict[str, str]:
        """The parameters of the gallery's address that show it.

        Args:
            run_id: The run whose network is meant; only used where one is asked.
            person: Whose questions are meant; only used by a blind queue.

        Raises:
            InvalidInput: It asks for a run or a person, and none is named.
        """
        if self.is_blind:
            if person is None:
                raise InvalidInput(f"The queue {self.name!r} is of one person: name whose.")
            return {"asked_of": person, "sort": self.sort}
        named = dict(self.where) | {"undecided": self.question.value}
        named |= {} if self.sort == "newest" else {"sort": self.sort}
        if not self.asks_a_run:
            return named
        if run_id is None:
            raise InvalidInput(
                f"The queue {self.name!r} goes by what a run's network says, and none has scored "
                "the images.",
                next_step="Train a run, or score the images with one.",
            )
        return named | {"run": str(run_id)}

    def filter(self, run_id: int | None = None, person: str | None = None) -> AssetFilter:
        """The filter that its images match; see `query`."""
        values = self.query(run_id, person)
        values.pop("sort", None)
        return filter_fields.read(values)


_QUEUES = (
    Queue(
        name="wrong_labels",
        words="Labels that look wrong",
        reason="Networks that did not learn the label find another class likelier.",
        where={"issue_min": str(SUSPECT)},
        filled_by="`forge label-issues` judges every label by networks that did not learn it.",
        sort="label_issues",
    ),
    Queue(
        name="audit",
        words="Drawn by an audit",
        reason="Each answer tells how many labels are wrong: keep what is right, correct the rest.",
        where={"audit": ANY},
        filled_by='"How many are wrong?" above the labels that look wrong draws them.',
        sort="shuffled",
    ),
    Queue(
        name="disagrees",
        words="The model disagrees",
        reason="The run's network says another class than the label, the surest first.",
        where={"disagrees": "yes"},
        filled_by="A finished run looks at all images and calls some something else.",
        sort="most_confident",
    ),
    Queue(
        name="contested",
        words="Contested by an import",
        reason="An import said another label than the catalog.",
        where={"review": ReviewState.CONTESTED.value},
        filled_by="An import whose labels differ, where you chose to decide one by one.",
    ),
    Queue(
        name="second_opinions",
        words="Second opinions",
        reason="Somebody else decided it. What do you see? Its label is not shown to you.",
        where={},
        filled_by="“Ask for second opinions” below draws them from what others decided.",
        sort="shuffled",
        question=Question.OPINION,
        is_blind=True,
    ),
    Queue(
        name="opinions_differ",
        words="Opinions differ",
        reason="People say different things of it: which holds?",
        where={"opinions": DIFFER},
        filled_by="A second opinion or a vote of an import that differs from the label.",
        question=Question.DIFFERENCE,
    ),
    Queue(
        name="least_sure",
        words="Least sure",
        reason="The run's network can hardly choose a class, the least sure first.",
        where={},
        filled_by="A finished run looks at all images and says how sure it is.",
        sort="least_confident",
    ),
    Queue(
        name="flagged",
        words="Flagged by people",
        reason="Somebody marked the image for review.",
        where={"review": ReviewState.FLAGGED.value},
        filled_by="The key m in the gallery marks an image, with a note.",
    ),
    Queue(
        name="corrected",
        words="Corrected predictions",
        reason="Somebody corrected what a network said of the image on Predict.",
        where={"decided": Question.PREDICTION.value},
        filled_by='"Wrong, it is" on Predict puts an image here.',
    ),
    Queue(
        name="label_next",
        words="Label next",
        reason="It was chosen because its label would teach a network the most, or by chance.",
        where={"label": NONE, "requested": ANY},
        filled_by="“What to label next” on Class balance chooses images without a label.",
    ),
    Queue(
        name="shadow",
        words="The shadow disagrees",
        reason="The service and its shadow answered differently: which is right?",
        where={"label": NONE, "requested": RequestReason.DISAGREEMENT.value},
        filled_by="The page Drift and `forge queue take-shadow` take what the service kept.",
    ),
    Queue(
        name="look_alikes",
        words="Copies in two splits",
        reason="It looks like an image of another split, which makes a score too good.",
        where={"duplicates": ACROSS},
        filled_by="The search for near-duplicates finds them; Review has the button.",
        question=Question.SPLIT,
    ),
)
IMAGE_ISSUES = Queue(
    name="image_issues",
    words="Image issues",
    reason="A measure of the picture lies beyond the line that was drawn.",
    where={},
    filled_by="Lines are drawn on Review, once the images are measured.",
    question=Question.PICTURE,
)
"""Asks of the images beyond one line, which the address names; so it is no list of its own."""
OUTLIERS = Queue(
    name="outliers",
    words="Outliers",
    reason="It is far from the images that are nearest to it, among all or within its class.",
    where={},
    filled_by="Lines are drawn on Review, once the images are compared.",
    question=Question.PICTURE,
)
"""As `IMAGE_ISSUES`, of images among the others."""
_BEYOND_LINES = {queue.name: queue for queue in (IMAGE_ISSUES, OUTLIERS)}
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

    @property
    def empty_words(self) -> str:
        """Why it is empty, and what fills it."""
        why = "No network has scored the images yet." if self.query is None else "Nothing waits."
        return f"{why} {self.queue.filled_by}"


def find_queue(name: str) -> Queue:
    """The queue of this name.

    Raises:
        InvalidInput: There is none.
    """
    if name in _BEYOND_LINES:
        return _BEYOND_LINES[name]
    if name not in QUEUES:
        raise InvalidInput(
            f"There is no queue {name[:60]!r}.", next_step=f"Use {', '.join(QUEUES)}."
        )
    return QUEUES[name]


def list_states(
    workspace: Workspace, *, run_id: int | None = None, person: str | None = None
) -> list[QueueState]:
    """Every queue with its number of images.

    Args:
        workspace: The workspace.
        run_id: The run whose network is meant; by default the newest that has scored images.
        person: Whose blind questions are counted; by default those of the process's person.

    Raises:
        NotFound: There is no such run.
    """
    return [find_state(workspace, queue, run_id=run_id, person=person) for queue in QUEUES.values()]


def find_state(
    workspace: Workspace, queue: Queue, *, run_id: int | None = None, person: str | None = None
) -> QueueState:
    """A queue with its number of images; see `list_states`."""
    if queue.asks_a_run and run_id is None:
        run_id = newest_scored_run(workspace)
        if run_id is None:
            return QueueState(queue=queue, query=None, num_images=0)
    person = person or Actor.of_process(workspace).name
    where = queue.filter(run_id, person)
    return QueueState(
        queue=queue,
        query=queue.query(run_id, person),
        num_images=asset_list.count_assets(workspace, where, sort=queue.sort),
    )


def newest_scored_run(workspace: Workspace) -> int | None:
    """The newest run whose network has scored images, or None."""
    return next(iter(asset_list.list_scored_runs(workspace)), None)


@dataclass(frozen=True, kw_only=True)
class QueueEntry:
    """One image of a queue."""

    rank: int
    """From 1, the most urgent."""
    path: str
    """Empty in a blind queue, as what else tells of the label."""
    label: str | None
    suggestion: str | None
    """The class that it is said to be instead; None where nobody says one."""
    score: float | None
    """What the queue is ordered by, 0 to 1: how likely the label is wrong, or how sure the network
    is; None where it is ordered by age."""
    split: str | None
    asset_id: uuid.UUID


def list_entries(
    workspace: Workspace,
    queue: Queue,
    *,
    run_id: int | None = None,
    limit: int | None = None,
    person: str | None = None,
) -> Iterator[QueueEntry]:
    """The images of a queue, the most urgent first; a page is read when it is asked for.

    Args:
        workspace: The workspace.
        queue: The queue.
        run_id: The run whose network is meant; by default the newest that has scored images.
        limit: Images at most.
        person: Whose blind questions are meant; by default those of the process's person.

    Raises:
        InvalidInput: It goes by a run, and none has scored the images.
        NotFound: There is no such run.
    """
    if run_id is None:
        run_id = newest_scored_run(workspace)
    by = queue.suggester(run_id)
    where = queue.filter(run_id, person or Actor.of_process(workspace).name)
    rank, cursor = 0, None
    while limit is None or rank < limit:
        number = MAX_PAGE if limit is None else min(MAX_PAGE, limit - rank)
        page = asset_list.list_assets(workspace, where, sort=queue.sort, after=cursor, limit=number)
        said = {} if by is None else suggestions.suggest(workspace, by, page.assets)
        for asset in page.assets:
            rank += 1
            suggestion = said.get(asset.asset_id)
            if suggestion and suggestion.voters and suggestion.label_id == asset.label_id:
                suggestion = None  # nobody names another class
            yield QueueEntry(
                rank=rank,
                path="" if queue.is_blind else asset.file_path,
                label=None if queue.is_blind else asset.label_name,
                suggestion=suggestion.label_name if suggestion is not None else None,
                score=_score(page, asset.asset_id),
                split=None if queue.is_blind else asset.split_type,
                asset_id=asset.asset_id,
            )
        cursor = page.next_cursor
        if cursor is None:
            return


def _score(page: AssetPage, asset_id: uuid.UUID) -> float | None:
    return page.issue_scores.get(asset_id, page.confidences.get(asset_id))
