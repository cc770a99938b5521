"""Keep the best of every group: what it would remove is looked at first, then confirmed."""

import pandas as pd
import streamlit as st

from db.enums import Split
from forge_core.catalog.splits import duplicate_removal
from forge_core.catalog.splits.duplicate_removal import RemovalPreview
from forge_core.catalog.splits.duplicates import DuplicateStatus
from forge_core.errors import ForgeError
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links
from pages.components.frame import session
from pages.components.review import duplicate_groups
from pages.components.review.leaks import CONTESTED
from pages.components.words import text
from pages.components.words.text import SPLIT_WORDS

OPEN_KEY = "review:keeping_all"


def show_button(workspace: Workspace, status: DuplicateStatus) -> None:
    """The button that opens the preview, and the preview while it is open."""
    removed = status.num_images - status.num_groups
    if st.button(
        f"Keep the best of all groups, remove up to {removed:,} …",
        icon=":material/star:",
        key="keep_all",
        help="Kept aside before labelled before larger before older. What would be removed is "
        "shown first. Images kept aside are never removed.",
    ):
        st.session_state[OPEN_KEY] = True
    if st.session_state.get(OPEN_KEY):
        _show(workspace)


def _close() -> None:
    st.session_state.pop(OPEN_KEY, None)


@st.dialog("Keep one image of every group?", width="large", on_dismiss=_close)
@errors.guarded_page()
def _show(workspace: Workspace) -> None:
    preview = duplicate_removal.preview_all(workspace)
    st.markdown(
        f"**{text.plural(preview.num_removed, 'image')}** of "
        f"{text.plural(preview.num_groups, 'group')} would be removed from the catalog. One step, "
        "which can be undone; files stay."
    )
    _show_left_out(preview)
    _show_counts(preview)
    _show_pictures(workspace, preview)
    is_sure = _ask_for_number(preview)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Change nothing", key="keep_all_not"):
            _close()
            st.rerun()
        if st.button(
            f"Remove {text.plural(preview.num_removed, 'image')}",
            type="primary",
            icon=":material/delete:",
            key="keep_all_sure",
            disabled=not is_sure or preview.num_removed == 0,
        ):
            _remove(workspace, preview)


def _show_left_out(preview: RemovalPreview) -> None:
    if preview.num_kept_aside:
        aside = text.plural(
            preview.num_kept_aside, "image kept aside stays", "images kept aside stay"
        )
        st.caption(f"{aside}.")
    if preview.num_contested:
        groups = text.plural(preview.num_contested, "group is", "groups are")
        st.markdown(
            f":orange[:material/warning: {groups} left out, because the labels of the images "
            "differ.]"
        )
        gallery_links.show(
            "Look at them", "review", {"queue": CONTESTED}, icon=":material/photo_library:"
        )


def _show_counts(preview: RemovalPreview) -> None:
    """What each class would lose, in all and by split."""
    splits = [
        split
        for split in (*Split, "none")
        if any(loss.removed_by_split[split] for loss in preview.classes)
    ]
    rows = [
        {
            "Class": loss.label_name or "unlabelled",
            "Images": loss.num_images,
            "Removed": loss.num_removed,
            "Share": f"{100 * loss.num_removed / loss.num_images:.0f} %",
            **{SPLIT_WORDS[split]: loss.removed_by_split[split] for split in splits},
        }
        for loss in preview.classes
    ]
    if rows:
        st.dataframe(
            pd.DataFrame(rows), hide_index=True, height="content" if len(rows) <= 8 else 320
        )


def _show_pictures(workspace: Workspace, preview: RemovalPreview) -> None:
    """The first groups: the image that stays with a star, the others beside it."""
    duplicate_groups.apply_style()
    for group, kept in preview.examples:
        name = group.group_id.hex
        others = [m.asset for m in group.members if m.asset.asset_id != kept.asset_id]
        with (
            st.container(border=True, key=f"duplicate-group-preview-{name}"),
            st.container(horizontal=True, gap="small", key=f"preview-row-{name}"),
        ):
            for asset in [kept, *others[: duplicate_groups.MOST_PICTURES - 1]]:
                is_kept = asset.asset_id == kept.asset_id
                with st.container(
                    width=duplicate_groups.SIDE,
                    gap="small",
                    key=f"duplicate-picture-preview-{asset.asset_id.hex}",
                ):
                    duplicate_groups.show_picture(
                        workspace, asset, ["stays" if is_kept else "goes"], is_best=is_kept
                    )
    more = preview.num_groups - len(preview.examples)
    if more > 0:
        st.caption(f"And {text.plural(more, 'group')} more, as listed on the page.")


def _ask_for_number(preview: RemovalPreview) -> bool:
    """Whether a person may go on: where a class would lose most, only with the number typed."""
    losses = preview.large_losses
    if not losses:
        return True
    st.error(errors.literal(duplicate_removal.describe_losses(losses)), icon=":material/warning:")
    typed = st.text_input(
        f"To remove them all the same, type the number of images: {preview.num_removed}",
        key="keep_all_number",
    )
    return typed.strip() == str(preview.num_removed)


def _remove(workspace: Workspace, preview: RemovalPreview) -> None:
    try:
        result = duplicate_removal.keep_best_of_all(
            workspace, actor=session.actor(), num_confirmed=preview.num_removed
        )
    except ForgeError as error:
        errors.show(error)
        return
    _close()
    words = text.plural(result.num_changed, "near-duplicate is", "near-duplicates are")
    duplicate_groups.offer(result, f"{words} removed.")
