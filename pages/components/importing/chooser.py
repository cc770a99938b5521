"""Where images come from: dropped files, folders and archives, or a path on the server.

Looking writes nothing to the catalog. What was found is kept in the session until it is
imported, replaced or let go.
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from forge_core.catalog.formats.scan.file_walk import TABLE_EXTENSIONS
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.catalog.importing import import_plan, server_paths
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.importing.uploads import earlier, upload_plan
from forge_core.errors import ForgeError, InvalidInput
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import session
from pages.components.importing.upload import upload

UPLOAD, PATH = "Folder, files or a zip", "Path on the server"
READABLE = (
    "A folder for each class, train, val and test folders with classes, loose images that are "
    "labelled later, or images with a label file: CSV, TSV or Parquet (Kaggle, AutoML, Roboflow), "
    "COCO, Hugging Face metadata, Label Studio, FiftyOne, ImageNet lists. What is found is shown "
    "before anything is written."
)
NO_PATHS = (
    "Paths of the server cannot be typed here, because this app answers to a network and no "
    "folder is set for that (FORGE_IMPORT_ROOTS). On the server, `forge import PATH` reads any."
)
_PLAN, _ERROR, _TURN = "import:plan", "import:error", "import:turn"
_TAKEN, _BEGUN = "import:taken", "import:begun"


def chosen_plan() -> ImportPlan | None:
    """What was found at the chosen place, or None."""
    plan = st.session_state.get(_PLAN)
    if plan is not None and not plan.folder.exists():  # the cache may be deleted at any time
        forget()
        return None
    return plan


def rename_source(name: str) -> None:
    """Give the images that were found another source."""
    plan = st.session_state[_PLAN]
    st.session_state[_PLAN] = replace(plan, source_dataset=import_plan.clean_source(name))


def choose_merge(merge: Merge, *, unlock_held_out: bool) -> None:
    """What a person wants of images of which the chosen place says something else."""
    plan = st.session_state[_PLAN]
    is_new = (merge, unlock_held_out) != (plan.merge, plan.unlock_held_out)
    st.session_state[_PLAN] = replace(
        plan, merge=merge, is_merge_chosen=True, unlock_held_out=unlock_held_out
    )
    if is_new:
        st.rerun()


def reading_turn() -> int:
    """How often the place was read: widgets of an earlier reading do not speak for a new one."""
    return int(st.session_state.get(_TURN, 0))


def read_again(workspace: Workspace, options: ReadOptions) -> None:
    """Read the chosen place as a person says; what cannot be read so leaves it as it was."""
    try:
        st.session_state[_PLAN] = import_plan.read_again(
            workspace, st.session_state[_PLAN], _limited(workspace, options)
        )
        st.session_state.pop(_ERROR, None)
    except ForgeError as error:
        st.session_state[_ERROR] = error
    st.session_state[_TURN] = reading_turn() + 1
    st.rerun()


def forget(*, discard: bool = False) -> None:
    """Empty the chooser; with `discard` what was unpacked for it is removed."""
    plan = st.session_state.pop(_PLAN, None)
    if discard and plan is not None:
        import_plan.discard(plan)
    st.session_state.pop(_ERROR, None)


def has_begun() -> bool:
    """Whether another import was begun since this was asked last: earlier reports leave."""
    return bool(st.session_state.pop(_BEGUN, False))


def show(workspace: Workspace) -> None:
    """Draw the chooser and look at whatever is chosen."""
    roots = _import_roots(workspace)
    way = st.segmented_control(
        "Where are the images?",
        [UPLOAD, PATH] if roots != () else [UPLOAD],
        default=UPLOAD,
        required=True,
        key="from",
        bind="query-params",
        on_change=forget,
        kwargs={"discard": True},
    )
    if way == PATH:
        _show_path(workspace, roots)
    elif take_uploads(workspace):
        st.rerun()
    if _ERROR in st.session_state:
        errors.show(st.session_state[_ERROR])
    elif chosen_plan() is None:
        st.caption(READABLE)
        if roots == ():
            st.caption(NO_PATHS)


def take_uploads(workspace: Workspace, *, drops_only: bool = False) -> bool:
    """Draw the upload control; look at what has come, and tell whether something has.

    Args:
        workspace: The workspace.
        drops_only: Show nothing until files are dropped on the page.
    """
    told = upload.show(
        key=f"upload-{workspace.id}",
        token=session.api_token(),
        workspace_id=workspace.id,
        taken=st.session_state.get(_TAKEN, ""),
        on_token_asked=_mint_again,
        drops_only=drops_only,
        cut=None if drops_only else earlier.find_cut(workspace, session.actor()),
    )
    if told.is_begun:
        _begin()
    upload_id = told.upload_id
    if upload_id is None or upload_id == st.session_state.get(_TAKEN):
        return False
    st.session_state[_TAKEN] = upload_id
    with st.spinner("Looking at what has come", show_time=True):
        _look(lambda: upload_plan.prepare(workspace, upload_id, actor=session.actor()))
    return True


def _mint_again() -> None:
    """Nothing to do: the run that follows mints a new token."""


def _begin() -> None:
    """A new import begins: what was found or said before leaves."""
    forget(discard=True)
    st.session_state[_BEGUN] = True


def _limited(workspace: Workspace, options: ReadOptions) -> ReadOptions:
    """The same where links lead only to what this page may read."""
    roots = _import_roots(workspace)
    return replace(options, link_roots=None if roots is None else tuple(map(str, roots)))


def _import_roots(workspace: Workspace) -> tuple[Path, ...] | None:
    return server_paths.import_roots(workspace.settings, is_loopback=_is_loopback())


def _is_loopback() -> bool:
    """Whether the web app answers to this machine only."""
    address = str(st.get_option("server.address") or "")
    try:
        return address == "localhost" or ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False  # a name, or every address


def _show_path(workspace: Workspace, roots: Sequence[Path] | None) -> None:
    with (
        st.form("import:path", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        location = st.text_input(
            "Path on the server",
            placeholder="/data/photos, photos.zip or train.csv",
            key="path",
            bind="query-params",
            help="A folder, an archive, or a label file beside its images. It is read on "
            "the machine that runs Vision Forge; the images are copied into the workspace.",
        )
        asked = st.form_submit_button("Look", icon=":material/search:")
    if asked and location.strip():
        _look(lambda: _prepare_path(workspace, server_paths.allowed(Path(location.strip()), roots)))
    if roots:
        below = ", ".join(str(root) for root in roots)
        st.caption(errors.literal(f"Only what lies below {below} can be read."))


def _prepare_path(workspace: Workspace, location: Path) -> ImportPlan:
    """What is at a path; a table that nobody can read shows its folder, to say its columns."""
    options = _limited(workspace, ReadOptions())
    try:
        return import_plan.prepare(workspace, location, options=options)
    except InvalidInput:
        if location.suffix.lower() not in TABLE_EXTENSIONS:
            raise
        plan = import_plan.prepare(workspace, location.parent, options=options)
        if location.name not in (table.document for table in plan.scanned.tables):
            raise
        return plan


def _look(prepare: Callable[[], ImportPlan]) -> None:
    _begin()
    try:
        st.session_state[_PLAN] = prepare()
    except ForgeError as error:
        st.session_state[_ERROR] = error
