"""Review: what is worth a second look, as queues with their counts."""

from collections.abc import Mapping

import streamlit as st

from db.enums import GroupKind
from db.records import NONE
from forge_core.catalog.listing import asset_list
from forge_core.catalog.splits import duplicates
from forge_core.catalog.splits.duplicates import DuplicateSearch, DuplicateStatus
from forge_core.catalog.splits.groups import DEFAULT_BITS
from forge_core.workspace import Workspace
from pages.components import empty_state, errors, gallery_links
from pages.components.frame import navigation, page_frame, session, undo_notice
from pages.components.review import (
    contested_queue,
    duplicate_groups,
    image_issues_panel,
    keep_all_dialog,
    leaks,
    opinions_panel,
    outliers_panel,
    queue_cards,
    repairs_panel,
    scenes_panel,
)
from pages.components.review.leaks import ACROSS, CONTESTED, OTHER
from pages.components.words import how_alike, text

DUPLICATES = "Near-duplicates"
GROUPS_A_PAGE = 10
CARD = 172
"""Pixels: two cards side by side on a phone."""
KIND_OF_QUEUE = {
    DUPLICATES: GroupKind.ALL,
    ACROSS: GroupKind.ACROSS_SPLITS,
    CONTESTED: GroupKind.CONTESTED,
}
NOTHING = {
    GroupKind.ALL: "No two images show one picture.",
    GroupKind.ACROSS_SPLITS: "No group lies in more than one split.",
    GroupKind.CONTESTED: "The labels of every group agree.",
}
FOUND_KEY = "review:found"
SHOWN_KEY = "review:shown"


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    totals = asset_list.totals(workspace)
    if totals.images == 0:
        show_empty()
        return
    status = duplicates.status(workspace)
    show_top(workspace, status)
    undo_notice.show(workspace, session.actor())
    queue_cards.show(workspace, session.actor())
    contested_queue.show(workspace, contested_queue.count(workspace), session.actor())
    opinions_panel.show(workspace, session.actor())
    image_issues_panel.show(workspace)
    outliers_panel.show(workspace, totals.images)
    scenes_panel.show(workspace)
    repairs_panel.show(workspace)
    st.subheader("Near-duplicates and leaks", anchor=False)
    show_groups_and_unlabelled(status, totals.unlabelled)
    show_state(status)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        queue = st.segmented_control(
            "Queue",
            [DUPLICATES, ACROSS, CONTESTED, OTHER],
            default=DUPLICATES,
            required=True,
            key="queue",
            bind="query-params",
            label_visibility="collapsed",
            width="content",
        )
        with st.container(horizontal=True, width="content", gap="small"):
            if queue == DUPLICATES and status.num_groups > 0:
                keep_all_dialog.show_button(workspace, status)
            show_how_alike()
    if queue == OTHER:
        report = leaks.load(workspace, totals.images)
        if report is not None:
            leaks.show_pictures(workspace, report)
    elif status.revision_id is None:
        say_why_to_look()
    else:
        show_groups(workspace, status, KIND_OF_QUEUE[queue])


def say_why_to_look() -> None:
    """Nobody looked for near-duplicates yet."""
    st.info(
        "Near-duplicates make a score too good when they lie in two splits. Files with the "
        "same bytes never come in twice; copies that were scaled, cropped a little or "
        "re-encoded are found here.",
        icon=":material/difference:",
    )


def show_top(workspace: Workspace, status: DuplicateStatus) -> None:
    """Title and the primary action: look for near-duplicates, at the chosen distance."""
    again = status.revision_id is not None
    if page_frame.show_title(
        "Review",
        action="Look again" if again else "Find near-duplicates",
        icon=":material/search:",
        help="Compare all images by what they show.",
    ):
        bits = int(st.session_state.get("review_bits", DEFAULT_BITS))
        with st.spinner("Comparing images"):
            st.session_state[FOUND_KEY] = duplicates.find_duplicates(workspace, bits=bits)
        st.session_state.pop(SHOWN_KEY, None)
        st.rerun()


def show_groups_and_unlabelled(status: DuplicateStatus, unlabelled: int) -> None:
    """What is looked at in groups or needs no answer: a card each, with its count."""
    known = status.revision_id is not None
    with st.container(horizontal=True, gap="small", key="review-groups"):
        show_card(
            DUPLICATES,
            f"{status.num_groups:,}" if known else "–",
            f"groups of {text.plural(status.num_images, 'image')}" if known else "not looked for",
        )
        show_card("Unlabelled", f"{unlabelled:,}", "none left", {"label": NONE})


def show_card(name: str, figure: str, words: str, images: Mapping[str, str] | None = None) -> None:
    """One queue: its name, how much is in it, and of what; or the door to its images.

    Args:
        name: Of the queue.
        figure: How much is in it.
        words: What that counts; for a queue of images, what is said while it is empty.
        images: The gallery's filter for the images of the queue.
    """
    with st.container(border=True, width=CARD, gap=None):
        st.metric(name, figure)
        if images is not None and figure != "0":
            gallery_links.gallery("Look at them", images)
        else:
            st.caption(words)


def show_state(status: DuplicateStatus) -> None:
    """How fresh the groups are, and what was left out."""
    if status.revision_id is not None and status.num_arrived:
        came = text.plural(status.num_arrived, "image came", "images came")
        st.markdown(f":orange[:material/update:] {came} in since near-duplicates were looked for.")
    words = describe_search(st.session_state.get(FOUND_KEY))
    if status.bits is not None:
        words.insert(0, f"Copies looked for: {how_alike.describe(status.bits)}.")
    if words:
        st.caption(
            " ".join(words), help=None if status.bits is None else how_alike.hint(status.bits)
        )


def show_how_alike() -> None:
    """How alike two images must be, the next time one looks."""
    with st.popover("Copies to find", icon=":material/tune:"):
        how_alike.choose("review_bits", "Used when you look again.")
        st.caption(
            "Every pair is compared on the pixels, so that pictures of one layout, such as scans "
            "or forms, are no duplicates. Looking farther takes longer and also finds strongly "
            "compressed and slightly cropped copies. Mirrored images are not found, and of "
            "pictures too small or flat to tell only those of the very same pixels are."
        )


def describe_search(found: DuplicateSearch | None) -> list[str]:
    """What the last search of this person left out, in sentences."""
    if found is None:
        return []
    words = []
    if found.num_flat:
        flat = text.plural(found.num_flat, "flat image was", "flat images were")
        words.append(f"{flat} not compared: with one colour all over, any two would look alike.")
    if found.num_cut:
        cut = text.plural(found.num_cut, "image has", "images have")
        words.append(f"{cut} so many candidates that not all were compared.")
    if found.num_unread:
        unread = text.plural(found.num_unread, "image", "images")
        words.append(f"{unread} could not be read, or changed since the import.")
    if found.num_unhashed:
        words.append(f"{text.plural(found.num_unhashed, 'image')} cannot be compared.")
    return words


def show_groups(workspace: Workspace, status: DuplicateStatus, kind: GroupKind) -> None:
    """The groups of a queue, a page at a time."""
    total = {
        GroupKind.ALL: status.num_groups,
        GroupKind.ACROSS_SPLITS: status.num_groups_across,
        GroupKind.CONTESTED: status.num_groups_contested,
    }[kind]
    if total == 0:
        st.caption(f":material/check: {NOTHING[kind]}")
        return
    shown = int(st.session_state.get(SHOWN_KEY, GROUPS_A_PAGE))
    groups = duplicates.list_groups(workspace, kind=kind, limit=shown)
    duplicate_groups.show(workspace, groups, session.actor())
    if total > len(groups) and st.button(
        f"Show more of {text.plural(total, 'group')}", icon=":material/expand_more:"
    ):
        st.session_state[SHOWN_KEY] = shown + GROUPS_A_PAGE
        st.rerun()


def show_empty() -> None:
    """No images."""
    page_frame.show_title("Review")
    empty_state.show(
        "No images yet, so there is nothing to review.",
        icon="rule",
        choices=[
            empty_state.Choice(
                "Import images", lambda: navigation.go_to("import"), ":material/upload:"
            )
        ],
        key="review_empty",
    )


with errors.guarded_page():
    show()
