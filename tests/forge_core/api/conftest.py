"""The real routes over a real workspace, asked as a browser would."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from db.records import Asset
from forge_core.api import endpoints
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.forge_core.api import browsing

ACTOR = Actor("anna")


@pytest.fixture
def assets(workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images, 4 of each of 3 classes, in no split; oldest first."""
    return arrange.make_unsplit(workspace, tmp_path / "drawn")


@pytest.fixture
def stranger(workspace: Workspace) -> Iterator[TestClient]:
    """A browser without a token."""
    with browsing.without_token(workspace) as client:
        yield client


@pytest.fixture
def browser(workspace: Workspace, stranger: TestClient) -> TestClient:
    """A browser that got a write token from a page."""
    stranger.headers[endpoints.TOKEN_HEADER] = endpoints.mint_token(workspace, ACTOR)
    return stranger
