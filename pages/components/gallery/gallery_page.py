"""The gallery page around its component: filters, empty states, and the demo."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import streamlit as st

from db.records import Label
from forge_core.api import assets, shapes
from forge_core.catalog.editing import assignments, classes
from forge_core.catalog.listing import asset_list, filter_fields, queues
from forge_core.catalog.listing.asset_list import Totals
from forge_core.catalog.listing.field_types import Offer
from forge_core.catalog.listing.finds import kept_selections
from forge_core.catalog.listing.queues import Queue
from forge_core.catalog.listing.suggestions import JUDGING, Suggester
from forge_core.catalog.opinions import answering
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError
from forge_core.progress import Advance, Progress
from forge_core.workspace import Workspace
from pages.components import empty_state, errors
from pages.components.empty_state import Choice
from pages.components.frame import navigation, page_frame, session
from pages.components.gallery import (
    assign_dialog,
    filter_address,
    filters,
    gallery,
    judging_panel,
    likeness,
    review_task,
)
from pages.components.gallery.filter_controls import Choices
from pages.components.image_map import panel
from pages.components.importing import chooser
from pages.components.words import text

_OUT_OF_THE_WAY = "<style>.st-key-gallery_drops { position: absolute; }</style>"


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    _take_drops(workspace)
    totals = asset_list.totals(workspace)
    if totals.images + totals.augmented == 0:
        _show_empty()
        return
    page_frame.show_title("Gallery", action="Import images", icon=":material/upload:", to="import")
    choices = _find_choices(workspace)
    try:
        where = filter_address.read(choices.runs)
    except ForgeError as error:
        _show_refused(error)
        return
    sort = filter_address.read_sort()
    queue = review_task.read()
    if queue is not None and queue.is_blind:  # everybody has their own, whatever the address says
        where, sort = {"asked_of": session.actor().name}, queue.sort
    if queue is not None:  # the image has the room, and "Leave" brings the filters back
        _show_matching(where, sort, queue, choices, totals)
        return
    with filters.shown(where, sort, choices):
        _show_matching(where, sort, queue, choices, totals)


def _show_matching(
    where: Mapping[str, str], sort: str, queue: Queue | None, choices: Choices, totals: Totals
) -> None:
    """Draw the images that match, and what stands above them."""
    workspace = session.workspace()
    suggest = _suggester(where, sort, choices)
    if queue is not None and (isinstance(suggest, int) or suggest is None):
        suggest = queue.suggester(suggest)
    try:
        asked = answering.check_own(filter_fields.read(where), session.actor())
        first = assets.read_page(workspace, asked, sort=sort, by=suggest, limit=gallery.PAGE_ROWS)
    except ForgeError as error:
        _show_refused(error)
        return
    judging_panel.show(workspace, where, sort)
    likeness.show(workspace, where)
    if queue is None:
        assign_dialog.show(where)
        run_id = where.get("run", next(iter(choices.runs), None))
        panel.show(workspace, where, None if run_id is None else int(run_id))
    elif first["assets"]:
        review_task.show_head(queue)
    else:
        review_task.show_empty(queue)
        return
    if not first["assets"]:
        _show_nothing_matches(totals.images + totals.augmented)
        return
    _show_grid(where, sort, suggest, queue, [first])


def _suggester(where: Mapping[str, str], sort: str, choices: Choices) -> Suggester | None:
    """Whose suggestions stand on the images: the run that is named, or what the list goes by."""
    if "asked_of" in where:
        return None
    if "run" in where:
        return int(where["run"])
    if sort == "label_issues" or filter_fields.read(where).asks_the_judging():
        return JUDGING
    run = next(iter(choices.runs), None)
    return None if run is None else int(run)


def _take_drops(workspace: Workspace) -> None:
    """Files dropped anywhere on the page are sent, and shown on Import before they are taken in."""
    if navigation.find_page("import") is None:
        return
    with st.container(key="gallery_drops"):
        st.html(_OUT_OF_THE_WAY)
        has_come = chooser.take_uploads(workspace, drops_only=True)
    if has_come:
        navigation.go_to("import")


def _show_refused(error: ForgeError) -> None:
    errors.show(error)
    st.button(
        "Clear filters", on_click=filter_address.replace, args=({},), key="gallery_clear_refused"
    )


def _find_choices(workspace: Workspace) -> Choices:
    @cache
    def labels() -> list[Label]:
        return classes.list_classes(workspace, with_retired=True)

    def name_classes(*, with_retired: bool) -> dict[str, str]:
        listed = (label for label in labels() if with_retired or not label.is_retired)
        return {str(label.label_id): label.name for label in listed}

    return Choices(
        {
            Offer.CLASSES: lambda: name_classes(with_retired=False),
            Offer.ALL_CLASSES: lambda: name_classes(with_retired=True),
            Offer.SOURCES: lambda: _as_said(name for name, _ in asset_list.list_sources(workspace)),
            Offer.RUNS: lambda: {
                f"{n}": f"run {n}" for n in asset_list.list_scored_runs(workspace)
            },
            Offer.EVALUATIONS: lambda: {
                f"{one.evaluation_id}": asset_list.describe_evaluation(one)
                for one in asset_list.list_evaluations(workspace)
            },
            Offer.SEARCHES: lambda: {
                f"{one.search_id}": one.name for one in asset_list.list_searches(workspace)
            },
            Offer.SELECTIONS: lambda: {
                f"{one.selection_id}": one.name for one in kept_selections.list_newest(workspace)
            },
            Offer.AUTHORS: lambda: _as_said(history.list_authors(workspace)),
            Offer.PERSONS: lambda: _as_said(assignments.list_persons(workspace)),
        }
    )


def _as_said(values: Iterable[str]) -> dict[str, str]:
    return {value: value for value in values}


@st.fragment
@errors.guarded_page()
def _show_grid(
    where: Mapping[str, str],
    sort: str,
    suggest: Suggester | None,
    queue: Queue | None,
    first: list[Mapping[str, Any]],
) -> None:
    """The component in a fragment: a new token needs no run of the whole page.

    The rows in `first` are sent once: a run of the fragment alone finds none there any more.
    """
    labels = classes.list_classes(session.workspace())
    run_id = suggest if isinstance(suggest, int) else _newest_run(queue)
    asked = gallery.show(
        where=where,
        sort=sort,
        suggest=suggest,
        token=session.api_token(),
        actor=session.actor(),
        workspace_id=session.workspace().id,
        classes=[shapes.shape_label(label) for label in labels if not label.is_retired],
        on_token_asked=_mint_again,
        review=None if queue is None else review_task.describe(queue, run_id),
        first=first.pop() if first else None,
    )
    if asked.finished:
        review_task.finish(asked.finished, run_id)
    if asked.alike:
        likeness.search_like(asked.alike)


def _newest_run(queue: Queue | None) -> int | None:
    """The run that is retrained at the end of a queue that no run filled."""
    return None if queue is None else queues.newest_scored_run(session.workspace())


def _mint_again() -> None:
    """Nothing to do: the run that follows mints a new token."""


def _show_nothing_matches(total: int) -> None:
    empty_state.show(
        f"None of the {text.plural(total, 'image')} matches these filters.",
        icon="filter_alt_off",
        choices=[Choice("Clear filters", _clear_and_rerun)],
        key="gallery_nothing",
    )


def _clear_and_rerun() -> None:
    filter_address.replace({})
    st.rerun()


def _show_empty() -> None:
    page_frame.show_title("Gallery")
    choices = [Choice("Use the demo", _import_demo, ":material/grid_view:")]
    if navigation.find_page("import") is not None:
        choices.insert(0, Choice("Import images", _go_to_import, ":material/upload:"))
    empty_state.show(
        "No images yet. Drop a folder here, or start with 1,797 handwritten digits.",
        icon="imagesmode",
        choices=choices,
        key="gallery_empty",
    )


def _go_to_import() -> None:
    navigation.go_to("import")


def _import_demo() -> None:
    from forge_core.demo import digits  # scikit-learn takes seconds to import

    bar = st.progress(0.0, "Writing the digits")

    def show(now: Advance) -> None:
        words = f"{text.number(now.done)} of {text.number(now.total)} images"
        bar.progress(now.fraction, words)

    progress = Progress(show)
    digits.import_digits(session.workspace(), actor=session.actor(), progress=progress)
    st.rerun()
