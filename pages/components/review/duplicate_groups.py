"""Groups of near-duplicates as rows of pictures, and what can be done with each."""

from collections.abc import Sequence

import streamlit as st
from PIL import Image

from db.enums import ChangeOutcome, Split
from db.records import Asset
from forge_core.catalog.revisions.journal import ChangeResult
from forge_core.catalog.splits import duplicate_removal, duplicates
from forge_core.catalog.splits.duplicates import DuplicateGroup, Member
from forge_core.errors import ForgeError
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components import errors, image_strip, pictures
from pages.components.frame import session, undo_notice
from pages.components.words import text
from pages.components.words.text import SPLIT_WORDS

SIDE = 156
MOST_PICTURES = 12
"""Of a larger group only the first are drawn; actions are for all of it."""
_STYLE = f"""
<style>
[class*="st-key-duplicate-picture-"] img {{
  height: {SIDE}px; width: {SIDE}px; object-fit: contain; border-radius: 4px;
  background: var(--st-secondary-background-color); }}
[class*="st-key-duplicate-picture-"] [data-testid="stElementToolbar"] {{ display: none; }}
[class*="st-key-duplicate-picture-"] p {{ overflow-wrap: anywhere; line-height: 1.35; }}
[class*="st-key-duplicate-group-"] [data-testid="stPopover"] {{ width: auto; }}
</style>
"""


def show(workspace: Workspace, groups: Sequence[DuplicateGroup], actor: Actor) -> None:
    """Draw the groups, one below the other."""
    apply_style()
    for group in groups:
        _show_group(workspace, group, actor)


def _show_group(workspace: Workspace, group: DuplicateGroup, actor: Actor) -> None:
    name = group.group_id.hex
    best = duplicate_removal.best_of(group)
    with st.container(border=True, key=f"duplicate-group-{name}"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.markdown(_describe(group), width="content")
            with st.container(horizontal=True, width="content", gap="small"):
                _show_actions(workspace, group, best, actor)
        with st.container(horizontal=True, gap="small", key=f"duplicate-row-{name}"):
            for member in group.members[:MOST_PICTURES]:
                _show_member(workspace, group, member, actor, is_best=member.asset == best)
        more = len(group.members) - MOST_PICTURES
        if more > 0:
            st.caption(f"And {more:,} more that are not drawn here.")


def _describe(group: DuplicateGroup) -> str:
    words = [f"**{text.plural(len(group.members), 'image')}**"]
    splits = [SPLIT_WORDS[split or "none"] for split in group.splits]
    if len([split for split in group.splits if split]) > 1:
        words.append(f":orange[:material/warning: in {' and '.join(splits)}]")
    else:
        words.append(f"in {' and '.join(splits)}")
    labels = [name for name in group.label_names if name is not None]
    if len(labels) > 1:
        named = ", ".join(errors.literal(name) for name in labels)
        words.append(f":orange[:material/warning: labelled {named}]")
    return " · ".join(words)


def _show_actions(workspace: Workspace, group: DuplicateGroup, best: Asset, actor: Actor) -> None:
    name = group.group_id.hex
    others = len(group.members) - 1
    if st.button(
        "Keep the best",
        icon=":material/star:",
        key=f"keep-best-{name}",
        help="Kept aside before labelled before larger before older: the one with the star. "
        f"Removes {text.plural(others, 'image')}; files stay.",
    ):
        _keep(workspace, group, best, actor)
    with st.popover("Move all to", icon=":material/call_split:"):
        for split in Split:
            if st.button(
                SPLIT_WORDS[split],
                key=f"move-{split}-{name}",
                width="stretch",
                disabled=group.splits == [split],
            ):
                _move(workspace, group, split, actor)
    if st.button(
        "Not duplicates",
        icon=":material/close:",
        key=f"dismiss-{name}",
        type="tertiary",
        help="Put this group away until near-duplicates are looked for again.",
    ):
        duplicates.dismiss_group(workspace, group.group_id)
        st.rerun()


def _show_member(
    workspace: Workspace, group: DuplicateGroup, member: Member, actor: Actor, *, is_best: bool
) -> None:
    asset = member.asset
    facts = [f"{text.plural(member.distance, 'bit')} apart"] if member.distance else []
    with st.container(width=SIDE, gap="small", key=f"duplicate-picture-{asset.asset_id.hex}"):
        show_picture(workspace, asset, facts, is_best=is_best)
        if st.button(
            "Keep this one", key=f"keep-{asset.asset_id.hex}", width="stretch", type="secondary"
        ):
            _keep(workspace, group, asset, actor)


def show_picture(
    workspace: Workspace, asset: Asset, facts: Sequence[str] = (), *, is_best: bool = False
) -> None:
    """One picture with its label, split, size and path below, for a column of `SIDE` pixels."""
    picture = _picture(workspace, session.look_of(workspace), asset)
    if picture is None:
        st.markdown(":gray[:material/broken_image: cannot be read]")
    else:
        st.image(picture, width=SIDE, alt=asset.file_path)
    label = errors.literal(asset.label_name) if asset.label_name else ":gray[unlabelled]"
    star = " :material/star:" if is_best else ""
    st.markdown(f"**{label}**  \n{SPLIT_WORDS[asset.split_type or 'none']}{star}")
    size = f"{asset.width} × {asset.height} · {text.file_size(asset.size_bytes)}"
    st.caption(f"{' · '.join([size, *facts])}  \n{errors.literal(asset.file_path)}")


def apply_style() -> None:
    """The look of pictures side by side."""
    st.html(_STYLE)


def _keep(workspace: Workspace, group: DuplicateGroup, kept: Asset, actor: Actor) -> None:
    try:
        result = duplicate_removal.keep_one(workspace, group.group_id, kept.asset_id, actor=actor)
    except ForgeError as error:
        errors.show(error)
        return
    removed = text.plural(result.num_changed, "image is", "images are")
    offer(result, f"{removed} removed, {kept.file_path} stays.")


def _move(workspace: Workspace, group: DuplicateGroup, split: Split, actor: Actor) -> None:
    try:
        result = duplicates.move_group(workspace, group.group_id, split, actor=actor)
    except ForgeError as error:
        errors.show(error)
        return
    moved = text.plural(len(group.members) - len(result.conflicts), "image is", "images are")
    place = SPLIT_WORDS[split] if split == Split.HELD_OUT else f"in {SPLIT_WORDS[split]}"
    offer(result, f"{moved} {place} now.")


def offer(result: ChangeResult, words: str) -> None:
    """Say what was done and offer to undo it; what was left alone is said beside it."""
    num_aside = len(result.conflicts) - result.num_chosen
    if num_aside:
        kept = text.plural(num_aside, "image kept aside is", "images kept aside are")
        words = f"{words} {kept} left alone."
    if result.num_chosen:
        kept = text.plural(result.num_chosen, "image is", "images are")
        words = f"{words} {kept} left alone: {result.chosen_words}"
    if result.status == ChangeOutcome.APPLIED:
        undo_notice.offer(words, result.revision_id)
    elif result.conflicts:
        undo_notice.offer(f"Nothing was changed: {kept} left alone.", None)
    st.rerun()


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs={Asset: lambda a: a.content_hash})
def _picture(_workspace: Workspace, folder: str, asset: Asset) -> Image.Image | None:
    try:
        return pictures.fit(image_strip.load(_workspace, asset), 2 * SIDE)
    except ForgeError:
        return None
