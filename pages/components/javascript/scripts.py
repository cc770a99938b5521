"""The scripts of components, fetched once by a browser instead of sent with every run of a page.

Streamlit sends a component's script again with each run that draws it. So it is given a few lines
that import the script from an address that names its bytes: a browser keeps that for good, and a
page that stays open does not even ask again. See docs/decisions/0020.
"""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from forge_core.api import addresses
from pages.components.javascript import bundle

FOLDER = f"{addresses.API}/scripts"
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
DIGITS = 16
"""Of the hash of its bytes, in the address of a script."""

_LOADER = """\
// An address alone: from a `blob:` module, Streamlit's kind, no path leads to the server.
const address = new URL("{address}", location.href).href;
export default async (component) => (await import(address)).default(component);
"""

_scripts: dict[str, bytes] = {}


def load(entry: Path) -> str:
    """The script that a component is declared with; what it imports is served by `routes`.

    Args:
        entry: The module that Streamlit calls; see `bundle.join`.

    Raises:
        InvalidModule: It cannot be joined with what it imports.
    """
    script = bundle.join(entry).encode()
    name = f"{entry.stem}-{hashlib.sha256(script).hexdigest()[:DIGITS]}.js"
    _scripts[name] = script
    return _LOADER.format(address=f"{FOLDER}/{name}")


def routes() -> list[Route]:
    """`/forge-api/scripts/{name}`. Our own code, as Streamlit's is: no permission is asked."""
    return [Route(f"{FOLDER}/{{name}}", _get_script)]


async def _get_script(request: Request) -> Response:
    script = _scripts.get(request.path_params["name"])
    if script is None:
        return PlainTextResponse("This script is of another version. Reload the page.", 404)
    return Response(script, media_type="text/javascript", headers=HEADERS)
