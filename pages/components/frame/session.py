"""Who is here and in which workspace: what every page asks first."""

import streamlit as st

from forge_core.api import endpoints
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace, open_workspace

NAME_KEY = "session_author"
TOKEN_SECONDS = 3600


def workspace() -> Workspace:
    """The workspace of this process; cheap once it is open."""
    return open_workspace()


def actor() -> Actor:
    """Who changes the catalog: the name given in this browser session, else the process's."""
    name = str(st.session_state.get(NAME_KEY) or "").strip()
    return Actor(name) if name else Actor.of_process(workspace())


def api_token() -> str:
    """A fresh write token for the data routes, which a component sends as `X-Forge-Token`."""
    return endpoints.mint_token(workspace(), actor(), TOKEN_SECONDS)


def look_of(workspace: Workspace) -> str:
    """What pictures are kept by beside their own: the workspace, and how it shows deep greys."""
    return f"{workspace.folder} {workspace.image_settings.grey_window}"
