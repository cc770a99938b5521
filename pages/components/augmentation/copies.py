"""Write augmented copies into the catalog: how many, then one job, then where they are."""

import streamlit as st

from db.boxes import JobError
from db.enums import JobStatus
from db.records import AssetFilter, Job
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.catalog.editing import classes
from forge_core.errors import InvalidInput
from forge_core.handlers import augment
from forge_core.jobs import kinds, queue
from forge_core.notices import state_words
from forge_core.runs import augmented_copies
from forge_core.runs.augmented_copies import MAX_COPIES_PER_IMAGE, CopyPlan
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links, job_progress
from pages.components.frame import session
from pages.components.words import data_time, text

EVERY_CLASS = "every class"


def show(
    workspace: Workspace, parameters: AugmentationParameters, transform: EvalTransform, seed: int
) -> None:
    """Draw the choice, the button with its count, and the newest writing."""
    st.caption(
        "Training augments anew in every epoch and needs no copies. They are for exporting and for "
        "looking: flagged, in train, counted apart, and used by a run only when it is asked to."
    )
    names = {label.label_id: label.name for label in classes.list_classes(workspace)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label_id = st.selectbox(
            "Images of",
            [None, *names],
            format_func=lambda value: EVERY_CLASS if value is None else names[value],
            key="augmentation:copies_class",
            width=220,
        )
        number = st.number_input(
            "Copies of each",
            min_value=1,
            max_value=MAX_COPIES_PER_IMAGE,
            key="augmentation:copies_number",
            width=130,
        )
        plan = CopyPlan(
            where=AssetFilter(label=label_id),
            parameters=parameters,
            transform=transform,
            copies_per_image=number,
            seed=seed,
        )
        total, refusal = _count(workspace, plan)
        pressed = st.button(
            f"Write {text.plural(total, 'copy', 'copies')}" if total else "Write copies",
            key="augmentation:copies",
            disabled=not total,
        )
    if refusal is not None:
        st.caption(errors.literal(f"{refusal.message} {refusal.next_step or ''}"))
    if pressed:
        _submit(workspace, plan, total)
    job = queue.find_latest_job(workspace, kinds.AUGMENT.name)
    if job is None:
        return
    if job.status.is_finished():
        _show_outcome(job)
    else:
        job_progress.watch(job.job_id)


def _count(workspace: Workspace, plan: CopyPlan) -> tuple[int, InvalidInput | None]:
    try:
        return augmented_copies.count_copies(workspace, plan), None
    except InvalidInput as error:
        return 0, error


def _submit(workspace: Workspace, plan: CopyPlan, total: int) -> None:
    title = f"Write {text.plural(total, 'augmented copy', 'augmented copies')}"
    with errors.redrawing():
        payload = augment.make_payload(plan)
        queue.submit(workspace, kinds.AUGMENT.name, title, payload, actor=session.actor())


def _show_outcome(job: Job) -> None:
    if job.status != JobStatus.SUCCEEDED or job.result is None:
        message = (
            job.error or JobError()
        ).message or f"The writing is {state_words.name_of(job.status)}."
        st.warning(errors.literal(f"{message} Nothing was added."), icon=":material/warning:")
        return
    result = job.result
    if result["added"] == 0:
        st.caption("The newest copies asked for were in the catalog already.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        copies = text.plural(result["added"], "copy", "copies")
        parents = text.plural(result["num_parents"], "image")
        st.caption(
            f"Written last: {copies} of {parents}.", help=data_time.hint(result["revision_id"])
        )
        gallery_links.gallery("Augmented copies", {"augmented": "yes"})
    if result["num_left_out"]:
        left_out = text.plural(result["num_left_out"], "image was", "images were")
        with st.expander(f"{left_out} left out"):
            for problem in result["left_out"][:100]:
                st.markdown(errors.literal(problem["message"]))
