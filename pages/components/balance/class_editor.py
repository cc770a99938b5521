"""Create, rename, merge, dress and retire classes; what each would do is said beside its button."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from db.enums import ChangeOutcome
from db.records import Label
from forge_core.catalog.editing import class_merges, classes
from forge_core.catalog.editing.class_merges import ClassPreview
from forge_core.catalog.revisions import history
from forge_core.catalog.revisions.journal import ChangeResult
from forge_core.errors import ForgeError
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import undo_notice
from pages.components.words import text
from pages.components.words.text import SPLIT_WORDS

MOST_CHARACTERS = 128
RENAME, MERGE, LOOK, RETIRE = "Rename", "Merge", "Look", "Retire"
NO_KEY = ""


def show(workspace: Workspace, actor: Actor) -> None:
    """Draw the editor: a new class, one class to change, and those that are out of use."""
    with st.container(border=True, key="class-editor"):
        st.markdown("**Classes**")
        show_create(workspace, actor)
        labels = classes.list_classes(workspace, with_retired=True)
        used = [label for label in labels if not label.is_retired]
        if used:
            _show_change(workspace, actor, used)
        _show_retired(workspace, actor, [label for label in labels if label.is_retired])


def show_create(workspace: Workspace, actor: Actor) -> None:
    """One field and a button; the colour comes from the palette."""
    with st.form("class:create", clear_on_submit=True, border=False):
        name = st.text_input("New class", max_chars=MOST_CHARACTERS, key="class:new_name")
        asked = st.form_submit_button("Create class", icon=":material/add:")
    if not asked:
        return
    try:
        label = classes.create_class(workspace, name, actor=actor)
    except ForgeError as error:
        errors.show(error)
        return
    undo_notice.offer(f"Class {label.name!r} is created.", None)
    st.rerun()


def _show_change(workspace: Workspace, actor: Actor, labels: Sequence[Label]) -> None:
    names = {label.label_id: label.name for label in labels}
    label_id = st.selectbox(
        "Change class", list(names), format_func=names.__getitem__, key="class:chosen"
    )
    action = st.pills(
        "What to change",
        [RENAME, MERGE, LOOK, RETIRE],
        default=RENAME,
        required=True,
        key="class:action",
        label_visibility="collapsed",
    )
    if label_id is None:
        return
    revision_id = history.latest_revision_id(workspace)
    found = _preview(workspace, str(workspace.folder), revision_id, label_id)
    if action == MERGE:
        _show_merge(workspace, actor, found, labels)
    elif action == LOOK:
        _show_look(workspace, actor, found.label, labels)
    elif action == RETIRE:
        _show_retire(workspace, actor, found)
    else:
        _show_rename(workspace, actor, found)


@st.cache_data(max_entries=64, show_spinner=False)
def _preview(_workspace: Workspace, folder: str, revision_id: int, label_id: int) -> ClassPreview:
    """What the class holds as of this revision."""
    return class_merges.preview(_workspace, label_id)


def _show_rename(workspace: Workspace, actor: Actor, found: ClassPreview) -> None:
    label = found.label
    with st.form("class:rename", border=False):
        name = st.text_input("New name", max_chars=MOST_CHARACTERS, key="class:rename_to")
        _say([f"{_images(found)}: the name follows on all of them."])
        _say(class_merges.describe_heads(found, new_name=name.strip() or "the new name"))
        asked = st.form_submit_button("Rename", icon=":material/edit:")
    if asked:
        _do(
            lambda: classes.rename_class(workspace, label.label_id, name, actor=actor),
            f"{label.name!r} is now called {name.strip()!r}.",
        )


def _show_merge(
    workspace: Workspace, actor: Actor, found: ClassPreview, labels: Sequence[Label]
) -> None:
    label = found.label
    others = {other.label_id: other for other in labels if other.label_id != label.label_id}
    into_id = st.selectbox(
        "Into",
        list(others),
        format_func=lambda label_id: others[label_id].name,
        key="class:merge_into",
        placeholder="There is no other class",
    )
    if into_id is None:
        return
    into = others[into_id]
    after = into.num_images + found.num_images + found.num_augmented
    _say(
        [
            f"{_images(found)}: all become {into.name!r}, which then has "
            f"{text.plural(after, 'image')}. {label.name!r} is retired; images that are "
            f"imported under its name go to {into.name!r}."
        ]
    )
    _say(class_merges.describe_heads(found, into=into))
    if st.button("Merge classes", icon=":material/merge:", key="class:merge"):
        _do(
            lambda: class_merges.merge_classes(workspace, label.label_id, into_id, actor=actor),
            f"{label.name!r} is merged into {into.name!r}.",
        )


def _show_look(workspace: Workspace, actor: Actor, label: Label, labels: Sequence[Label]) -> None:
    keys = [NO_KEY, *sorted({*classes.free_keys(labels), label.hotkey or NO_KEY} - {NO_KEY})]
    with st.form(f"class:look:{label.label_id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            color = st.color_picker("Colour", label.color, key=f"class:color:{label.label_id}")
            hotkey = st.selectbox(
                "Key in the gallery",
                keys,
                index=keys.index(label.hotkey or NO_KEY),
                format_func=lambda key: key or "automatic",
                key=f"class:key:{label.label_id}",
                help="Keys of other classes and of the gallery itself are not offered.",
            )
        description = st.text_area(
            "What belongs into it",
            label.description,
            max_chars=classes.MAX_DESCRIPTION,
            height=80,
            key=f"class:description:{label.label_id}",
        )
        asked = st.form_submit_button("Save", icon=":material/check:")
    if asked:
        _do(
            lambda: classes.edit_class(
                workspace,
                label.label_id,
                actor=actor,
                color=color,
                hotkey=hotkey,
                description=description,
            ),
            f"The look of {label.name!r} is changed.",
            can_be_undone=False,
        )


def _show_retire(workspace: Workspace, actor: Actor, found: ClassPreview) -> None:
    label = found.label
    number = found.num_images + found.num_augmented
    unlabel = True
    if number:
        _say([f"{_images(found)}. To keep what they show, merge it into another class instead."])
        unlabel = st.checkbox(
            f"Take the label off its {text.plural(number, 'image')}",
            key=f"class:unlabel:{label.label_id}",
        )
    _say([f"{label.name!r} is then not offered for labels, filters and new runs."])
    _say(class_merges.describe_heads(found))
    if st.button(
        "Retire class", icon=":material/inventory_2:", key="class:retire", disabled=not unlabel
    ):
        _do(
            lambda: class_merges.retire_class(
                workspace, label.label_id, actor=actor, unlabel=bool(number)
            ),
            f"{label.name!r} is retired.",
        )


def _show_retired(workspace: Workspace, actor: Actor, labels: Sequence[Label]) -> None:
    if not labels:
        return
    with st.expander(text.plural(len(labels), "retired class", "retired classes")):
        for label in labels:
            with st.container(
                horizontal=True,
                vertical_alignment="center",
                horizontal_alignment="distribute",
            ):
                st.markdown(errors.literal(label.name), width="content")
                if st.button(
                    "Bring back",
                    icon=":material/unarchive:",
                    key=f"class:back:{label.label_id}",
                    help="Without images; to get those of a merge back, undo the merge.",
                ):
                    _do(
                        partial(
                            class_merges.unretire_class, workspace, label.label_id, actor=actor
                        ),
                        f"{label.name!r} is in use again.",
                    )


def _images(found: ClassPreview) -> str:
    """'circle' has 10 images (8 train, 2 val) and 3 augmented copies."""
    splits = ", ".join(
        f"{number:,} {SPLIT_WORDS[split]}" for split, number in found.by_split.items() if number
    )
    words = f"{found.label.name!r} has {text.plural(found.num_images, 'image')}"
    words += f" ({splits})" if splits else ""
    if found.num_augmented:
        copies = text.plural(found.num_augmented, "augmented copy", "augmented copies")
        words += f" and {copies}"
    return words


def _say(sentences: Sequence[str]) -> None:
    if sentences:
        st.caption(errors.literal(" ".join(sentences)))


def _do(act: Callable[[], ChangeResult], words: str, *, can_be_undone: bool = True) -> None:
    """Do it and offer to undo it, or say why it was refused."""
    try:
        result = act()
    except ForgeError as error:
        errors.show(error)
        return
    if result.status == ChangeOutcome.APPLIED:
        undo_notice.offer(words, result.revision_id if can_be_undone else None)
    st.rerun()
