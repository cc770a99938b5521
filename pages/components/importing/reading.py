"""Read the same place differently: another format, another table, other columns."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from forge_core.catalog.formats.documents.columns import ROLES
from forge_core.catalog.formats.layout.class_levels import INNERMOST, NOTHING, OUTERMOST
from forge_core.catalog.formats.recognition import FOLDERS, FORMATS
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, TableChoice
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.importing import chooser

FIND_OUT = "Find out"
UNUSED = "not used"
LEVELS = (OUTERMOST, INNERMOST, "level-2", NOTHING, "{class}_#")
NEEDS_A_PATH = "Choose the column that names the image files."


def show(workspace: Workspace, plan: ImportPlan) -> None:
    """Draw the folded choice; open while a table is there that nobody could read."""
    tables = plan.scanned.tables
    is_unread = bool(tables) and not tables[0].mapping and not plan.classes
    turn = chooser.reading_turn()
    words = "Is that not right? Read it differently"
    if is_unread:
        words = f"{errors.literal(tables[0].document)} is not read: say what its columns mean"
    with st.expander(words, icon=":material/tune:", expanded=is_unread):
        _choose_format(workspace, plan, f"import:format:{turn}")
        if plan.layout in FOLDERS:
            _choose_level(workspace, plan, f"import:class_from:{turn}")
        if tables:
            _choose_columns(workspace, tables, turn)


def _choose_format(workspace: Workspace, plan: ImportPlan, key: str) -> None:
    names = [FIND_OUT, *FORMATS]
    now = plan.options.format_name or FIND_OUT
    chosen = st.selectbox(
        "Format",
        names,
        index=names.index(now),
        format_func=lambda name: FORMATS[name].title if name in FORMATS else name,
        key=key,
    )
    if chosen != now:
        options = ReadOptions(format_name=None if chosen == FIND_OUT else chosen)
        chooser.read_again(workspace, options)


def _choose_level(workspace: Workspace, plan: ImportPlan, key: str) -> None:
    """Which folder is the class, or which part of the file name; what it gives is shown below."""
    now = plan.options.class_from or FIND_OUT
    chosen = st.selectbox(
        "Where the class stands",
        list(dict.fromkeys([FIND_OUT, *LEVELS, now])),
        index=list(dict.fromkeys([FIND_OUT, *LEVELS, now])).index(now),
        accept_new_options=True,
        key=key,
        help="A folder, or a pattern of file names that you write: {class} is the class, # a "
        "number, * anything. With {class}_# the file dog_12.jpg is a dog.",
    )
    if chosen != now:
        value = None if chosen == FIND_OUT else chosen
        chooser.read_again(workspace, replace(plan.options, class_from=value))


def _choose_columns(workspace: Workspace, tables: Sequence[TableChoice], turn: int) -> None:
    """Which column is used for what; applied together by a button."""
    documents = [table.document for table in tables]
    document = documents[0]
    if len(documents) > 1:
        document = st.selectbox("Table", documents, key=f"import:table:{turn}") or document
    table = tables[documents.index(document)]
    with st.form(f"import:columns:{turn}:{document}", border=False):
        st.caption(f"Columns of {errors.literal(document)}")
        boxes = st.columns(len(ROLES), gap="small")
        told = {
            role: _choose_column(box, table, role, f"import:{role}:{turn}:{document}")
            for box, role in zip(boxes, ROLES, strict=True)
        }
        asked = st.form_submit_button("Read the table so", icon=":material/table_view:")
    if asked and not told["path"]:
        st.error(NEEDS_A_PATH, icon=":material/error:")
    elif asked:
        options = ReadOptions(format_name="table", columns=told, document=document)
        chooser.read_again(workspace, options)


def _choose_column(box: DeltaGenerator, table: TableChoice, role: str, key: str) -> str:
    """The column of a role, empty for none."""
    columns = ["", *table.columns]
    used = table.mapping.get(role, "")
    return box.selectbox(
        ROLES[role],
        columns,
        index=columns.index(used) if used in columns else 0,
        format_func=lambda column: column or UNUSED,
        key=key,
    )
