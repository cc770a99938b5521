"""Settings: who is told when a run ends, and whether that works."""

import streamlit as st

from db.enums import Channel, NoticeState
from forge_core.errors import ForgeError
from forge_core.notices import channels, message, outbox
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.frame import page_frame, session
from pages.components.notices import desktop
from pages.components.words import relative_time

NAMES = {Channel.WEBHOOK: "Webhook", Channel.MAIL: "Mail"}
ICONS = {Channel.WEBHOOK: ":material/webhook:", Channel.MAIL: ":material/mail:"}
VARIABLES = {
    Channel.WEBHOOK: "`FORGE_NOTICE_WEBHOOK`",
    Channel.MAIL: "`FORGE_NOTICE_MAIL_TO` and `FORGE_SMTP_HOST`",
}


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    page_frame.show_title("Settings")
    st.subheader("When a run ends", anchor=False)
    st.markdown(
        "A run that has finished, failed or was interrupted is told once. One that a person "
        "stopped or paused is not."
    )
    with st.container(border=True):
        st.markdown("**:material/desktop_windows: Desktop notice**")
        desktop.show_switch(workspace)
    for channel, name in NAMES.items():
        with st.container(border=True):
            st.markdown(f"**{ICONS[channel]} {name}**")
            show_channel(workspace, channel)


def show_channel(workspace: Workspace, channel: Channel) -> None:
    """Where it leads, what became of the last notice, and a test."""
    if channel not in outbox.list_channels(workspace.settings):
        st.caption(f"Off. The server's operator turns it on by {VARIABLES[channel]}.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(channels.describe(workspace.settings, channel), width="content")
        st.space("stretch")
        is_pressed = st.button("Send a test", icon=":material/send:", key=f"test_{channel}")
    if is_pressed:
        send_test(workspace, channel)
    show_last(workspace, channel)


def send_test(workspace: Workspace, channel: Channel) -> None:
    """Send a test, and say whether it was taken."""
    try:
        with st.spinner("Sending"):
            channels.send(workspace.settings, channel, message.compose_test(workspace))
    except ForgeError as error:
        errors.show(error)
        return
    st.success("It was taken. Look whether it arrived.", icon=":material/check_circle:")


def show_last(workspace: Workspace, channel: Channel) -> None:
    """What became of the newest notice; a failure with its reason."""
    last = next(iter(outbox.list_latest(workspace, channel, limit=1)), None)
    if last is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        title = errors.literal(message.compose(workspace, last.job_id).title)
        if last.state == NoticeState.SENT:
            st.markdown(f":gray[Told last: {title}]", width="content")
        elif last.state == NoticeState.GIVEN_UP:
            st.markdown(
                f":red[Given up after {last.num_attempts} attempts: {title}.] "
                f"{errors.literal(last.error)}",
                width="content",
            )
        elif last.error:
            st.markdown(
                f":orange[Not told yet: {title}. It is tried again.] {errors.literal(last.error)}",
                width="content",
            )
        else:
            st.markdown(f":gray[On its way: {title}]", width="content")
        relative_time.show(last.updated_at)


with errors.guarded_page():
    show()
