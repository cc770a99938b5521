"""The top of a page: its title, and its one primary action in the same place."""

import streamlit as st

from pages.components.frame import navigation


def show_title(
    title: str,
    *,
    action: str | None = None,
    icon: str | None = None,
    to: str | None = None,
    disabled: bool = False,
    help: str | None = None,
) -> bool:
    """Title on the left, primary button on the right.

    Args:
        title: Name of the page.
        action: The verb on the button; no button without it.
        icon: Material icon of the button, such as ":material/upload:".
        to: Address of the page that the button leads to; no button when that page is not there.
        disabled: Whether the button cannot be pressed now.
        help: Why, or what it does, on hover.

    Returns:
        Whether the button was pressed just now; with `to` the page is left instead.
    """
    with st.container(
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        key="page_frame_title",
    ):
        st.title(title, anchor=False, width="content")
        if action is None or (to is not None and navigation.find_page(to) is None):
            return False
        pressed = st.button(
            action,
            type="primary",
            icon=icon,
            disabled=disabled,
            help=help,
            key="page_frame_action",
        )
    if pressed and to is not None:
        navigation.go_to(to)
    return pressed
