"""Desktop notices: the watch of every page, and the switch of the settings page."""

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from db.run_records import Notice
from forge_core.notices import message, outbox
from forge_core.workspace import Workspace
from pages.components.javascript import scripts

HERE = Path(__file__).parent
SINCE_KEY = "notices:since"
"""Number of the newest notice when this browser session began: older ones are no news."""
WATCH_KEY = "notices-watch"

_mount = st.components.v2.component(
    "forge_notices",
    html='<div class="notices"></div>',
    css=(HERE / "notices.css").read_text(encoding="utf-8"),
    js=scripts.load(HERE / "notices.js"),
)


def watch(workspace: Workspace) -> None:
    """Tell what has ended since the session began; drawn again and again by the header."""
    since = st.session_state.get(SINCE_KEY)
    if since is None:
        newest = outbox.list_of_page(workspace, after=0, limit=1)
        st.session_state[SINCE_KEY] = newest[-1].notice_id if newest else 0
    notices = [] if since is None else outbox.list_of_page(workspace, after=since)
    if not notices:
        return
    with st.container(key=WATCH_KEY):
        _mount(
            key="notices-watch-component",
            data={
                "is_switch": False,
                "workspace": workspace.id,
                "notices": [_describe(workspace, notice) for notice in notices],
            },
        )


def show_switch(workspace: Workspace) -> None:
    """Whether this browser shows them, and the button that changes it."""
    _mount(key="notices-switch", data={"is_switch": True, "workspace": workspace.id})


def _describe(workspace: Workspace, notice: Notice) -> dict[str, object]:
    told = message.compose(workspace, notice.job_id)
    query = urlencode({"run": told.facts["run_id"], "workspace": workspace.id})
    return {
        "id": notice.notice_id,
        "title": told.title,
        "body": "\n".join(told.lines[:-1]),
        "link": f"runs?{query}",
    }
