"""Streamlit's page as a visit straight to one of ours gets it: told where its server is.

Left alone it looks for its server below the page's own address first (`/gallery/_stcore/health`),
so that each such visit begins with two answers of 404. It takes the place from
`window.__streamlit`; relative to the page, as its scripts are, so a proxy's prefix stays in it.
"""

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit import file_util

from pages.components.frame import navigation

_HEAD = "<head>"
_TOLD = (
    "<script>window.__streamlit = "
    '{BACKEND_BASE_URL: new URL(".", location.href).href, ...window.__streamlit}</script>'
)


def routes() -> list[Route]:
    """A route for each page that is there."""
    entries = (entry for section in navigation.SECTIONS.values() for entry in section)
    return [Route(f"/{entry.url_path}", _answer) for entry in entries if entry.exists()]


async def _answer(_: Request) -> HTMLResponse:
    return HTMLResponse(_page(), headers={"Cache-Control": "no-cache"})


@cache
def _page() -> str:
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    return page.replace(_HEAD, _HEAD + _TOLD, 1)
