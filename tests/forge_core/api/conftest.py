"""The real routes over a real workspace, asked as a browser would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from db.records import Asset
from forge_core.api import endpoints, tokens
from forge_core.api.routes import routes
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange

ACTOR = Actor("anna")


@pytest.fixture
def assets(workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images, 4 of each of 3 classes, in no split; oldest first."""
    arrange.import_folder(workspace, arrange.draw_folder(tmp_path / "drawn"))
    return arrange.list_all(workspace)


@pytest.fixture
def stranger(workspace: Workspace) -> Iterator[TestClient]:
    """A browser without a token."""
    app = Starlette(routes=routes(lambda: workspace))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def browser(workspace: Workspace, stranger: TestClient) -> TestClient:
    """A browser that got a write token from a page."""
    token = tokens.mint(workspace.secret(endpoints.SECRET), ACTOR)
    stranger.headers[endpoints.TOKEN_HEADER] = token
    return stranger
