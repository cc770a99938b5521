"""An address never opens on the images of another workspace: it says whose numbers it has."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from forge_core.workspace import Workspace
from pages.components.frame import first_visit, workspace_address
from tests import arrange
from tests.pages.visiting import visit, words


@pytest.fixture
def circle(sqlite_workspace: Workspace, tmp_path: Path) -> int:
    """Number of a class with four of the twelve images."""
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    return arrange.class_id(sqlite_workspace, "circle")


@pytest.mark.parametrize("named", [True, False])
def test_an_address_of_this_workspace_or_of_none__opens(
    sqlite_workspace: Workspace, circle: int, named: bool
):
    whose = {"workspace": sqlite_workspace.id} if named else {}
    app = visit("data/gallery.py", label=circle, **whose)
    assert not app.error
    assert "filters_label" in {box.key for box in app.selectbox}
    assert app.get("bidi_component")


@pytest.mark.parametrize("file", ["data/gallery.py", "training/runs.py"])
def test_an_address_of_another_workspace__says_so_and_shows_nothing_of_this_one(
    sqlite_workspace: Workspace, circle: int, file: str
):
    app = visit(file, label=circle, workspace="4f1c")
    (error,) = app.error
    for told in ("4f1c", sqlite_workspace.id, sqlite_workspace.name, "choose a page here"):
        assert told in error.value
    assert "Gallery" not in words(app)
    assert not app.get("bidi_component")
    assert not app.selectbox
    assert not app.exception


def test_a_filter__puts_the_workspace_beside_itself_and_takes_it_along(
    sqlite_workspace: Workspace, circle: int
):
    app = visit("data/gallery.py")
    assert workspace_address.PARAMETER not in app.query_params
    app.selectbox(key="filters_split").set_value("none").run()
    assert app.query_params[workspace_address.PARAMETER] == sqlite_workspace.id
    app.selectbox(key="filters_split").set_value(None).run()
    assert workspace_address.PARAMETER not in app.query_params


def test_every_door__names_the_workspace_that_its_numbers_are_of(
    sqlite_workspace: Workspace, circle: int
):
    app = visit("data/balance.py")
    queries = [link.proto.query_string for link in app.page_link if link.proto.query_string]
    assert queries
    for query in queries:
        assert query.endswith(f"&workspace={sqlite_workspace.id}")


@pytest.mark.parametrize("path", ["/gallery", "/predict?run=12"])
def test_a_visit_straight_to_a_page__is_told_where_the_server_is(path: str) -> None:
    page = TestClient(Starlette(routes=first_visit.routes())).get(path).text
    assert page.index("BACKEND_BASE_URL") < page.index('<script type="module"')
