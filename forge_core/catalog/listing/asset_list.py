"""Look at the catalog: filtered pages, counts, single images."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date

from db.enums import Question, Split
from db.records import ACROSS, ANY, NONE, Asset, AssetFilter, CountRow
from db.repositories import measure_conditions
from db.repositories.asset_lists import SORTS, check_cursor
from db.repositories.likeness_searches import LikenessSearch
from db.repositories.opinions import DIFFER
from db.run_records import EvaluationSummary
from db.unit_of_work import UnitOfWork
from forge_core import storable_values
from forge_core.catalog.listing import suggestions
from forge_core.catalog.listing.answer_fields import OUTCOME_WORDS
from forge_core.catalog.listing.field_types import FilterField
from forge_core.catalog.listing.filter_fields import FIELDS, SPLIT_WORDS
from forge_core.catalog.listing.suggestions import Suggester, Suggestion
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace

MAX_PAGE = 500
BLIND_SORTS = ("shuffled", "newest", "oldest")
"""Orders of blind questions: by chance or by age, which say nothing of a label."""


@dataclass(frozen=True, kw_only=True)
class AssetPage:
    """Some assets in order, and where the next page starts (None at the end)."""

    assets: list[Asset]
    next_cursor: str | None
    confidences: dict[uuid.UUID, float] = field(default_factory=dict)
    """Of the run's predictions, 0 to 1, where the sort is of a run."""
    issue_scores: dict[uuid.UUID, float] = field(default_factory=dict)
    """How likely the labels are wrong, 0 to 1, where the sort is by that."""
    strangeness: dict[uuid.UUID, float] = field(default_factory=dict)
    """How far images are from those nearest to them, where the sort is by that."""


@dataclass(frozen=True, kw_only=True)
class AssetsNow:
    """Some assets as they are now."""

    revision_id: int
    """The newest revision that they are of."""
    assets: list[Asset]
    suggested: dict[uuid.UUID, Suggestion] | None
    """What a run suggests for them; None where no run was named."""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Living images of the catalog; augmented copies are counted apart."""

    images: int
    unlabelled: int
    augmented: int


def check_filter(where: AssetFilter) -> AssetFilter:
    """The filter itself, when its values can be asked for; the catalog is not looked at.

    Raises:
        InvalidInput: The label is no number, "none" or "any", the split is unknown, a range is
            empty, a value cannot be asked for, or the opinion of a run is asked without naming the
            run.
    """
    largest = storable_values.LARGEST_IN_A_COLUMN
    storable_values.check(asdict(where), "The filter", largest=largest)
    if where.label not in (None, NONE, ANY) and not isinstance(where.label, int):
        raise InvalidInput(
            f"The label filter is a class number, {NONE!r} or {ANY!r}, not {where.label!r}."
        )
    if where.split is not None and where.split not in (*Split, NONE):
        raise InvalidInput(
            f"There is no split {where.split!r}.",
            next_step=f"Use one of {', '.join(Split)}, {NONE}.",
        )
    if isinstance(where.duplicates, str) and where.duplicates not in (ANY, ACROSS):
        raise InvalidInput(f"The duplicates filter is {ANY!r}, {ACROSS!r} or the id of a group.")
    if where.measured is not None:
        try:
            measure_conditions.read(where.measured)
        except ValueError as error:
            raise InvalidInput(
                f"{error}.", next_step="Say it as sharpness<12.5 or emptiness>0.9."
            ) from None
    for name in ("decided", "undecided"):
        value = getattr(where, name)
        if value is not None and value not in list(Question):
            raise InvalidInput(
                f"There is no question {value!r}.", next_step=f"Use one of {', '.join(Question)}."
            )
    for name in (
        "confidence_min",
        "confidence_max",
        "sure_min",
        "sure_max",
        "issue_min",
        "issue_max",
    ):
        value = getattr(where, name)
        if value is not None and not 0 <= value <= 1:
            raise InvalidInput(f"{name} is a number from 0 to 1, not {value:g}.")
    for known in FIELDS.values():
        if known.upper:
            _check_order(where, known)
    if where.asks_the_run() and where.run is None:
        raise InvalidInput(
            "The filter asks for what a run says, but names no run.",
            next_step="Add the number of a run: run=12.",
        )
    _check_evaluation(where)
    if where.opinions not in (None, ANY, DIFFER):
        raise InvalidInput(f"opinions is {ANY!r} or {DIFFER!r}, not {where.opinions!r}.")
    if where.asked_of is not None and where != AssetFilter(asked_of=where.asked_of):
        raise InvalidInput(
            "Another filter beside the questions of a person would tell what they must not know.",
            next_step="Keep asked_of alone.",
        )
    return where


def _check_evaluation(where: AssetFilter) -> None:
    for name in ("outcome", "against_outcome"):
        value = getattr(where, name)
        if value not in (None, *OUTCOME_WORDS):
            raise InvalidInput(f"{name} is {' or '.join(OUTCOME_WORDS)}, not {value!r}.")
    for asked, name in (
        (where.asks_the_evaluation(), "evaluation"),
        (where.against_outcome is not None, "against"),
    ):
        if asked and getattr(where, name) is None:
            raise InvalidInput(
                "The filter asks what was answered, but names no evaluation.",
                next_step=f"Add the number of an evaluation: {name}=3.",
            )


def _check_order(where: AssetFilter, lower: FilterField) -> None:
    low, high = getattr(where, lower.name), getattr(where, lower.upper)
    if low is not None and high is not None and low > high:
        low_words, high_words = (f"{end} {lower.unit}".strip() for end in (low, high))
        beyond = "after" if isinstance(low, date) else "above"
        raise InvalidInput(
            f"Nothing can match: {lower.name} {low_words} is {beyond} {lower.upper} {high_words}.",
            next_step="Swap the two, or clear one.",
        )


def check_run(uow: UnitOfWork, where: AssetFilter) -> None:
    """Refuse the number of a run, an evaluation or a search that is not there.

    Raises:
        NotFound: There is no such run, evaluation or search.
    """
    if where.run is not None and not uow.runs.exists(where.run):
        raise NotFound(
            f"There is no run {where.run}.", next_step="Choose one of the page Runs, or none."
        )
    for evaluation_id in {where.evaluation, where.against} - {None}:
        if evaluation_id is not None and not uow.evaluations.exists(evaluation_id):
            raise NotFound(
                f"There is no evaluation {evaluation_id}; its run may have been removed.",
                next_step="Choose one of the page Evaluation, or none.",
            )
    if where.alike is not None and uow.likeness_searches.find(where.alike) is None:
        raise NotFound(
            f"There is no search {where.alike} for what looks alike; old ones are not kept.",
            next_step="Search again from the image or the picture.",
        )
    if where.selected is not None and uow.kept_selections.find(where.selected) is None:
        raise NotFound(
            f"There is no selection {where.selected}; old ones are not kept.",
            next_step="Pick the images on the map again.",
        )


def check_sort(where: AssetFilter, sort: str) -> None:
    """Refuse an order that does not exist or does not fit the filter.

    Raises:
        InvalidInput: There is no such sort, or it needs the run whose predictions are meant.
    """
    if sort not in SORTS:
        raise InvalidInput(f"There is no sort {sort!r}.", next_step=f"Use {', '.join(SORTS)}.")
    if where.asked_of is not None and sort not in BLIND_SORTS:
        raise InvalidInput(
            f"The sort {sort!r} would tell of the labels.", next_step=f"Use {BLIND_SORTS[0]}."
        )
    if SORTS[sort].of_a_run and where.run is None:
        raise InvalidInput(
            f"The sort {sort!r} needs a run: whose predictions are meant?",
            next_step="Add the number of a run to the filter: run=12.",
        )
    if SORTS[sort].joined == "alike" and where.alike is None:
        raise InvalidInput(
            f"The sort {sort!r} needs a search: alike to what?",
            next_step="Add the number of a search to the filter: alike=3.",
        )


def list_assets(
    workspace: Workspace,
    where: AssetFilter,
    *,
    sort: str = "newest",
    after: str | None = None,
    limit: int = 100,
    skip: int = 0,
) -> AssetPage:
    """One page of the images that match.

    Args:
        workspace: The workspace.
        where: Which images.
        sort: `newest`, `oldest` or `path`; with a `run` in the filter also `least_confident`,
            `most_confident` and `highest_entropy`, of the images that it has a prediction of, and
            `lowest_quality`: of those whose label is doubted by a network that did not learn it,
            as long as it is their label. `label_issues` needs no run: the labels that look wrong
            first, of those that were judged as they are now. `strangest` and
            `most_typical` (of its class) have images that were compared with the others as they
            are now. `most_alike` needs a search, `alike`.
        after: The cursor of the page before; None for the first page.
        limit: 1 to 500.
        skip: Images to leave out first; for a jump, behind the nearest bookmark.

    Raises:
        InvalidInput: The filter, sort, cursor or limit cannot be used.
    """
    check_filter(where)
    check_sort(where, sort)
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput(f"A page has 1 to {MAX_PAGE} images, {limit} were asked for.")
    if skip < 0:
        raise InvalidInput(f"Cannot skip {skip} images.")
    if after is not None:
        try:
            check_cursor(sort, after)
        except ValueError:
            raise InvalidInput(
                f"{after[:60]!r} is not the place of an image in the order {sort!r}."
            ) from None
    with workspace.database.read() as uow:
        check_run(uow, where)
        rows = uow.asset_lists.list_rows(where, sort=sort, after=after, limit=limit + 1, skip=skip)
    shown = rows[:limit]
    return AssetPage(
        assets=[row.asset for row in shown],
        next_cursor=shown[-1].cursor if len(rows) > limit else None,
        confidences={
            row.asset.asset_id: row.confidence for row in shown if row.confidence is not None
        },
        issue_scores={
            row.asset.asset_id: row.issue_score for row in shown if row.issue_score is not None
        },
        strangeness={
            row.asset.asset_id: row.strangeness for row in shown if row.strangeness is not None
        },
    )


def count_assets(workspace: Workspace, where: AssetFilter, *, sort: str = "newest") -> int:
    """How many images the list has; an order by another table leaves out those without a row.

    From the kept counts for any combination of label, split and origin, and for a source or a
    review state alone; otherwise the matching images are counted.

    Raises:
        InvalidInput: The filter or the sort cannot be used.
        NotFound: There is no such run.
    """
    check_filter(where)
    check_sort(where, sort)
    with workspace.database.read() as uow:
        check_run(uow, where)
        if SORTS[sort].joined:
            return uow.asset_lists.count_scored(where, sort=sort)
        if not where.asks_the_run():
            where = replace(where, run=None, text=where.text or None)
        if where == AssetFilter(source=where.source) and where.source is not None:
            return dict(uow.counts.list_facet("source")).get(where.source, 0)
        if where == AssetFilter(review=where.review) and where.review is not None:
            wanted = "" if where.review == NONE else where.review
            return dict(uow.counts.list_facet("review")).get(wanted, 0)
        if where == AssetFilter(label=where.label, split=where.split, augmented=where.augmented):
            return sum(row.num_images for row in uow.counts.list_all() if _matches(row, where))
        return uow.assets.count_matching(where)


def list_ids(workspace: Workspace, where: AssetFilter) -> list[uuid.UUID]:
    """Ids of all images that match, oldest first."""
    check_filter(where)
    with workspace.database.read() as uow:
        check_run(uow, where)
        return uow.assets.list_ids(where)


def get_asset(workspace: Workspace, asset_id: uuid.UUID | str) -> Asset:
    """One image of the catalog.

    Raises:
        NotFound: There is none with this id.
    """
    with workspace.database.read() as uow:
        asset = uow.assets.find(_parse_id(asset_id))
    if asset is None:
        raise NotFound(f"There is no image {asset_id} in the catalog; it may have been removed.")
    return asset


def list_now(
    workspace: Workspace, asset_ids: Sequence[uuid.UUID], *, suggest: Suggester | None = None
) -> AssetsNow:
    """The living images among some (at most a page), all as of one moment.

    Args:
        workspace: The workspace.
        asset_ids: Their ids.
        suggest: The run whose suggestions are asked for, or the judging of labels.
    """
    with workspace.database.read() as uow:
        revision_id = uow.revisions.latest_id()
        assets = uow.assets.list_by_ids(asset_ids)
        suggested = None if suggest is None else suggestions.suggest_in(uow, suggest, assets)
    return AssetsNow(revision_id=revision_id, assets=assets, suggested=suggested)


def list_sources(workspace: Workspace) -> list[tuple[str, int]]:
    """Each source with its number of images, by name."""
    with workspace.database.read() as uow:
        return uow.counts.list_facet("source")


def list_scored_runs(workspace: Workspace) -> list[int]:
    """Numbers of the runs that have predictions of images, newest first."""
    with workspace.database.read() as uow:
        return uow.runs.list_scored_ids()


def list_searches(workspace: Workspace) -> list[LikenessSearch]:
    """The newest searches for what looks alike, newest first."""
    with workspace.database.read() as uow:
        return uow.likeness_searches.list_newest()


def find_search(workspace: Workspace, search_id: int) -> LikenessSearch | None:
    """The search for what looks alike of this number; None for one that is not kept any more."""
    with workspace.database.read() as uow:
        return uow.likeness_searches.find(search_id)


def list_evaluations(workspace: Workspace) -> list[EvaluationSummary]:
    """The evaluations whose answers were kept image by image, newest first."""
    with workspace.database.read() as uow:
        return uow.evaluations.list_all()[::-1]


def describe_evaluation(evaluation: EvaluationSummary) -> str:
    """An evaluation in a few words."""
    where = SPLIT_WORDS.get(evaluation.split, evaluation.split)
    return f"run {evaluation.run_id} on {where}, revision {evaluation.revision_id}"


def totals(workspace: Workspace) -> Totals:
    """The figures of the header line."""
    with workspace.database.read() as uow:
        images, unlabelled, augmented = uow.counts.sum_up()
    return Totals(images=images, unlabelled=unlabelled, augmented=augmented)


def _matches(row: CountRow, where: AssetFilter) -> bool:
    return (
        _matches_label(row.label_id, where.label)
        and (where.split is None or (row.split_type or NONE) == where.split)
        and (where.augmented is None or row.is_augmented == where.augmented)
    )


def _matches_label(label_id: int | None, wanted: int | str | None) -> bool:
    if wanted == ANY:
        return label_id is not None
    return wanted is None or (label_id or NONE) == wanted


def _parse_id(asset_id: uuid.UUID | str) -> uuid.UUID:
    try:
        return asset_id if isinstance(asset_id, uuid.UUID) else uuid.UUID(asset_id)
    except ValueError:
        raise InvalidInput(f"{str(asset_id)[:60]!r} is not the id of an image.") from None
