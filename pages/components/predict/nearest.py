"""The training images that look most like a picture: what its answer may come from."""

import streamlit as st

from db.enums import Split
from forge_core.errors import ForgeError
from forge_core.jobs import kinds, queue
from forge_core.predictions.embeddings import computing, similar, vector_store
from forge_core.workspace import Workspace
from pages.components import errors, image_strip, job_progress, pictures
from pages.components.frame import session

NUMBER = 6
SEARCHED = 60
"""Images of all splits, of which those in train are shown."""
SIDE = 96


def show(workspace: Workspace, data: bytes, *, key: str) -> None:
    """Draw the nearest training images, where that is asked for and images are embedded.

    Args:
        workspace: The workspace.
        data: Bytes of the picture.
        key: By which the picture is known.
    """
    if not vector_store.list_networks(workspace):
        _offer(workspace)
        return
    if not st.toggle("Nearest training images", key="predict_nearest"):
        return
    try:
        with st.spinner("Looking for them"):
            found = similar.find_similar(workspace, data, top=SEARCHED)
    except ForgeError as error:
        errors.show(error)
        return
    near = [each for each in found.found if each.asset.split_type == Split.TRAIN][:NUMBER]
    if not near:
        st.caption(f"None of the {len(found.found)} images most like it is in train.")
        return
    with st.container(horizontal=True, key=f"predict_near_{key}"):
        for each in near:
            with st.container(width=SIDE, gap=None):
                try:
                    image = image_strip.load(workspace, each.asset)
                except ForgeError:
                    st.markdown(":gray[:material/broken_image:]")
                else:
                    st.image(pictures.fit(image, 2 * SIDE), width=SIDE, alt=each.asset.file_path)
                label = errors.literal(each.asset.label_name or "no label")
                st.caption(f"{label} {each.similarity:.2f}")
    st.caption(f"As {errors.literal(found.network.words)} sees them; 1.00 is the same picture.")


def _offer(workspace: Workspace) -> None:
    """Let a network look at all images once, by which the nearest are found."""
    job = queue.find_latest_job(workspace, kinds.EMBED.name)
    if job is not None and not job.status.is_finished():
        st.caption("A network looks at all images; the nearest ones can be shown when it is done.")
        job_progress.watch(job.job_id)
        return
    if st.button(
        "Show nearest training images",
        icon=":material/image_search:",
        key="predict_embed",
        help="A network looks at all images once: some minutes for ten thousand.",
    ):
        with errors.redrawing():
            computing.submit(workspace, actor=session.actor())
