"""The web app, put together: pages, data routes, middleware.

Start it with `forge web` (or `make run`, or `streamlit run app.py`). Settings of the product are
`FORGE_*` variables, those of the server `.streamlit/config.toml` beside this file. Installed, it
lies with that and `pages` in a folder of their own (ADR 0019).
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from forge_core import settings
from forge_core.api.middleware import AllowedHosts, SecurityHeaders
from forge_core.api.routes import routes
from forge_core.jobs import tending
from forge_core.workspace import Workspace, open_workspace
from pages.components import errors
from pages.components.frame import first_visit, torch_loading
from pages.components.javascript import scripts

log = logging.getLogger("forge.app")


@cache
def served_workspace() -> Workspace:
    """The workspace of this server; the settings are read once, not for each of its thumbnails."""
    return open_workspace()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the workspace before the first request: a broken one fails the start, not a page.

    As long as the server lives, jobs that wait have a supervisor, also after the machine was off.
    """
    workspace = await run_in_threadpool(served_workspace)
    log.info("workspace %s", workspace.folder)
    if workspace.settings.preload_torch:
        torch_loading.start()
    async with tending.kept_up(workspace):
        yield


app = st.App(
    Path(__file__).parent / "pages" / "shell.py",
    lifespan=lifespan,
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(AllowedHosts, allowed=settings.current().allowed_hosts),
    ],
    routes=[*scripts.routes(), *routes(served_workspace), *first_visit.routes()],
    on_script_error=errors.show_unexpected,
)
