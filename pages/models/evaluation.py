"""Evaluation: which model is best on a split, and what one of them gets wrong (`?evaluation=3`)."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from db.enums import Split
from forge_core.catalog.listing import balance
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.predictions import kept_evaluations, measured_images, standings
from forge_core.predictions.measured_images import SplitFacts
from forge_core.predictions.standings import Field, Standings
from forge_core.runs import records
from forge_core.workspace import Workspace
from pages.components import empty_state, errors
from pages.components.evaluation import doors, model_view, standings_view
from pages.components.frame import navigation, page_frame, session, workspace_address
from pages.components.words import glossary, text

SPLITS = (Split.TEST.value, Split.VAL.value, Split.HELD_OUT.value, Split.TRAIN.value)


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    doors.come_back()
    if not any(run.best_epoch for run in records.list_runs(workspace)):
        page_frame.show_title("Evaluation")
        show_no_run()
        return
    top = st.container()
    evaluation_id = read_number("evaluation")
    split = choose_split(workspace, evaluation_id)
    field = find_field(workspace, split)
    doors.remember()
    show_top(top, workspace, field)
    if field.num_images == 0:
        show_empty_split(split)
        if evaluation_id is None:
            return
    standings_view.watch(field)
    clicked = standings_view.show(workspace, field, rank(workspace, field))
    if clicked is not None and clicked != evaluation_id:
        workspace_address.put({"evaluation": clicked})
        st.rerun()
    if evaluation_id is not None:
        st.divider()
        model_view.show(workspace, evaluation_id, field, read_number("against"))


def show_no_run() -> None:
    """Nothing was trained yet."""
    empty_state.show(
        "No model yet. Once a run is finished, this page says how good it is and what it gets "
        "wrong.",
        icon="fact_check",
        choices=[
            empty_state.Choice(
                "Train a network", lambda: navigation.go_to("train"), ":material/play_arrow:"
            )
        ],
        key="evaluation_no_run",
    )


def show_empty_split(split: str) -> None:
    """The split has nothing to measure."""
    st.info(
        f"0 labelled images are in {text.SPLIT_WORDS[split]}, so nothing can be measured there. "
        "Choose another split above, or divide the images on Class balance.",
        icon=":material/call_split:",
    )
    if st.button("Split images", icon=":material/call_split:", key="evaluation_split_images"):
        navigation.go_to("balance")


def show_top(top: DeltaGenerator, workspace: Workspace, field: Field) -> None:
    """Title, and the one button: measure what was not measured yet."""
    missing = len(field.missing) if field.num_images else 0
    with top:
        pressed = page_frame.show_title(
            "Evaluation",
            action=f"Evaluate the missing {missing}"
            if missing > 1
            else "Evaluate the missing one"
            if missing
            else None,
            icon=":material/fact_check:",
            help="Measures the models that were not measured on these images yet, in the "
            "background.",
        )
    if pressed:
        with errors.redrawing():
            standings.evaluate_missing(workspace, field, actor=session.actor())


def choose_split(workspace: Workspace, evaluation_id: int | None) -> str:
    """The split and which weights: in the address, else that of the evaluation, else test."""
    asked = st.query_params.get("split")
    if asked is None and evaluation_id is not None:
        asked = kept_evaluations.get_summary(workspace, evaluation_id).split
    if asked is not None and asked not in SPLITS:
        raise InvalidInput(
            f"There is no split {asked[:40]!r} to evaluate on.",
            next_step=f"Use {', '.join(SPLITS)}.",
        )
    default = asked or default_split(workspace)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen = st.segmented_control(
            "Split",
            SPLITS,
            format_func=text.SPLIT_WORDS.__getitem__,
            default=default,
            required=True,
            key=f"evaluation_split_{default}",
            label_visibility="collapsed",
        )
        with_last = st.toggle(
            "Last weights too",
            value=st.query_params.get("last") == "yes",
            key="evaluation_last",
            help="Also the weights of each run's last epoch, not only those of its best.",
        )
        choose_revision(workspace)
    if with_last != (st.query_params.get("last") == "yes"):
        if with_last:
            workspace_address.put({"last": "yes"})
        else:
            st.query_params.pop("last", None)
    split = str(chosen or default)
    if split != default:
        for name in ("evaluation", "against"):
            st.query_params.pop(name, None)
        workspace_address.put({"split": split})
        st.rerun()
    return split


def choose_revision(workspace: Workspace) -> None:
    """The split as it was at another revision; the address holds it."""
    asked, latest = read_number("revision"), history.latest_revision_id(workspace)
    chosen = st.number_input(
        "As of revision",
        min_value=0,
        max_value=max(latest, asked or 0),
        value=asked,
        step=1,
        placeholder=f"{latest}, now",
        key=f"evaluation_revision_{asked}",
        width=170,
        help=glossary.SENTENCES["revision"],
    )
    if chosen != asked:
        if chosen is None:
            st.query_params.pop("revision", None)
        else:
            workspace_address.put({"revision": int(chosen)})
        st.rerun()


def default_split(workspace: Workspace) -> str:
    """Test; val where test is empty."""
    counts = balance.class_balance(workspace)
    has_test = any(row.test for row in counts.rows)
    return Split.TEST.value if has_test else Split.VAL.value


def find_field(workspace: Workspace, split: str) -> Field:
    """The models on the split, with what is known of them just now."""
    revision_id = read_number("revision")
    if revision_id is None:
        revision_id = history.latest_revision_id(workspace)
    return standings.find_field(
        workspace,
        split,
        revision_id=revision_id,
        with_last=st.query_params.get("last") == "yes",
        facts=_facts(workspace, str(workspace.folder), revision_id, split),
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _facts(_workspace: Workspace, folder: str, revision_id: int, split: str) -> SplitFacts:
    """A revision never changes, and a million images take a second to look at."""
    return measured_images.describe(_workspace, revision_id, split)


def rank(workspace: Workspace, field: Field) -> Standings:
    """The ranking, computed once for the same evaluations."""
    measured = [each.evaluation for each in field.contenders if each.evaluation is not None]
    key = [(each.evaluation_id, each.created_at) for each in measured]
    return _rank(workspace, str(workspace.folder), field, (field.digest, key))


@st.cache_data(max_entries=8, show_spinner=False)
def _rank(_workspace: Workspace, folder: str, _field: Field, key: object) -> Standings:
    return standings.rank(_workspace, _field)


def read_number(name: str) -> int | None:
    """A number of the address.

    Raises:
        InvalidInput: It is none.
    """
    asked = st.query_params.get(name, "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        raise InvalidInput(
            f"The address names the {name} {asked[:40]!r}.", next_step=f"A {name} is a number."
        )
    return int(asked)


with errors.guarded_page():
    show()
