"""The web app, put together: pages, data routes, middleware.

Start it with `streamlit run app.py` (or `make run`). Settings of the product are `FORGE_*`
variables, those of the server `.streamlit/config.toml`.
"""

import importlib
import logging
import threading
import time
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
from forge_core.workspace import Workspace, open_workspace
from pages.components import errors

log = logging.getLogger("forge.app")

LOADED_AHEAD = (
    "forge_core.jobs.forecasting",
    "forge_core.jobs.runs",
    "forge_core.augmentation.preview",
    "forge_core.inference.predictor",
)
"""What the pages about training and models import, with torch: seconds that no visit waits for."""


@cache
def served_workspace() -> Workspace:
    """The workspace of this server; the settings are read once, not for each of its thumbnails."""
    return open_workspace()


def load_ahead() -> threading.Thread:
    """Import `LOADED_AHEAD` beside the first visits; the gallery needs none of it."""

    def load() -> None:
        start = time.monotonic()
        for name in LOADED_AHEAD:
            importlib.import_module(name)
        log.info("torch is loaded, %.1f s", time.monotonic() - start)

    # Not a daemon: a server that is stopped at once must not end in the middle of torch's import.
    thread = threading.Thread(target=load, name="load-ahead")
    thread.start()
    return thread


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the workspace before the first request: a broken one fails the start, not a page."""
    workspace = await run_in_threadpool(served_workspace)
    log.info("workspace %s", workspace.folder)
    load_ahead()
    yield


app = st.App(
    Path(__file__).parent / "pages" / "shell.py",
    lifespan=lifespan,
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(AllowedHosts, allowed=settings.current().allowed_hosts),
    ],
    routes=routes(served_workspace),
    on_script_error=errors.show_unexpected,
)
