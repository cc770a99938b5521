"""Browsers of tests: the real routes, asked under the addresses of one workspace."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from forge_core.api import addresses, endpoints
from forge_core.api.routes import routes
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SERVER = "http://testserver"


def without_token(workspace: Workspace) -> TestClient:
    """A browser without a token; it asks for `/assets` and the like."""
    return TestClient(
        Starlette(routes=routes(lambda: workspace)),
        base_url=SERVER + addresses.root(workspace.id),
        raise_server_exceptions=False,
    )


def with_token(workspace: Workspace, actor: Actor) -> TestClient:
    """A browser that got a write token from a page."""
    browser = without_token(workspace)
    browser.headers[endpoints.TOKEN_HEADER] = endpoints.mint_token(workspace, actor)
    return browser
