"""A run's network for other runtimes: make the ONNX file, see what it was held against, take it."""

from pathlib import Path

import streamlit as st

from db.enums import JobStatus
from db.records import Job, Run
from forge_core.errors import ForgeError, NotFound
from forge_core.exports import requests
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.frame import session
from pages.components.words import text

MEANING = (
    "One file for any ONNX runtime: pixels of any size in, probabilities out. Resize, crop and "
    "normalisation are in it."
)

INT8_MEANING = (
    "The network computes in whole numbers of 8 bits: a quarter to a half of the size, and faster "
    "on a processor. It answers otherwise than the checkpoint; how much is measured on validation "
    "images."
)


def show(workspace: Workspace, run: Run) -> None:
    """The file where it is there, its making while it is made, else a button to make it."""
    try:
        path = requests.find_kept(workspace, run.run_id)
        job = requests.find_export_job(workspace, run.run_id)
    except NotFound:
        return  # the checkpoint is not there any more, which is said above
    if path is not None:
        _show_file(run, path, job)
        _show_int8(workspace, run)
        return
    if job is not None and job.status != JobStatus.SUCCEEDED:
        job_progress.has_result(job)
        if not job.status.is_finished():
            return
    _offer(workspace, run)


def _show_file(run: Run, path: Path, job: Job | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            f"Download as ONNX ({text.file_size(path.stat().st_size)})",
            data=path.read_bytes,
            file_name=f"run{run.run_id}-best.onnx",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
            key="run_onnx",
            help=MEANING,
        )
        st.caption(f"{MEANING} {_describe(job)}")


def _describe(job: Job | None) -> str:
    """What the file was compared on, as far as that is still known."""
    if job is None or job.status != JobStatus.SUCCEEDED or not job.result:
        return "It was compared with the checkpoint before it was kept."
    images = text.plural(int(job.result["num_images"]), "image")
    return (
        f"On {images} it gave the same classes as the checkpoint; logits differ by at most "
        f"{float(job.result['largest_difference']):.1g} of the largest."
    )


def _show_int8(workspace: Workspace, run: Run) -> None:
    """The file in 8 bits with what those cost, its making, or the button that makes it."""
    path = requests.find_kept(workspace, run.run_id, in_int8=True)
    job = requests.find_export_job(workspace, run.run_id, in_int8=True)
    if path is None and job is not None and job.status != JobStatus.SUCCEEDED:
        job_progress.has_result(job)
        if not job.status.is_finished():
            return
    with st.container(horizontal=True, vertical_alignment="center"):
        if path is not None:
            st.download_button(
                f"Download in 8 bits ({text.file_size(path.stat().st_size)})",
                data=path.read_bytes,
                file_name=f"run{run.run_id}-best-int8.onnx",
                mime="application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
                key="run_int8",
                help=INT8_MEANING,
            )
            told = job.result.get("int8") if job is not None and job.result else None
            st.caption(told["words"] if told else "What 8 bits cost stands in its metadata.")
            return
        if st.button(
            "Also in 8 bits", icon=":material/compress:", key="run_int8", help=INT8_MEANING
        ):
            _submit(workspace, run, in_int8=True)
        st.caption("Smaller and faster, and a little less right: how much is measured.")


def _submit(workspace: Workspace, run: Run, *, in_int8: bool = False) -> None:
    try:
        requests.submit_export(workspace, run.run_id, actor=session.actor(), in_int8=in_int8)
    except ForgeError as error:
        errors.show(error)
        return
    st.rerun()


def _offer(workspace: Workspace, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Export to ONNX", icon=":material/deployed_code:", key="run_export", help=MEANING
        )
        st.caption(
            "For other runtimes and for a service without PyTorch. It takes about half a minute, "
            "and is compared with the checkpoint on 200 of your images."
        )
    if pressed:
        _submit(workspace, run)
