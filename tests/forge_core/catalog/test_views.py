"""Saved views: kept by name, for everybody."""

import pytest

from forge_core.catalog import views
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.workspace import Workspace

QUERY = {"run": "12", "disagrees": "yes", "sort": "least_confident", "text": "50 % ü"}


def test_a_view__is_saved_listed_renamed_and_removed(workspace: Workspace) -> None:
    saved = views.save_view(workspace, "  Doubts   of 12 ", QUERY, author="Ana")
    assert (saved.name, saved.query, saved.author) == ("Doubts of 12", QUERY, "Ana")
    views.save_view(workspace, "all dogs", {"label": "3"}, author="Ben")
    assert [view.name for view in views.list_views(workspace)] == ["all dogs", "Doubts of 12"]
    assert views.find_view(workspace, "DOUBTS of 12 ") == saved
    views.rename_view(workspace, saved.view_id, "doubts of 12")  # only the case, its own name
    views.rename_view(workspace, saved.view_id, "Zweifel")
    assert views.find_view(workspace, "zweifel").query == QUERY
    views.remove_view(workspace, saved.view_id)
    views.remove_view(workspace, saved.view_id)
    assert [view.name for view in views.list_views(workspace)] == ["all dogs"]
    with pytest.raises(NotFound):
        views.find_view(workspace, "Zweifel")
    with pytest.raises(NotFound, match="removed meanwhile"):
        views.rename_view(workspace, saved.view_id, "anything")


def test_a_name__that_is_in_use_is_refused_in_words(workspace: Workspace) -> None:
    first = views.save_view(workspace, "To do", QUERY, author="Ana")
    other = views.save_view(workspace, "Other", QUERY, author="Ben")
    for name in ("To do", "to  DO"):
        with pytest.raises(Conflict, match="'To do' already, saved by Ana"):
            views.save_view(workspace, name, QUERY, author="Ben")
        with pytest.raises(Conflict, match="saved by Ana"):
            views.rename_view(workspace, other.view_id, name)
    assert [view.view_id for view in views.list_views(workspace)] == [other.view_id, first.view_id]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\0b"])
def test_a_name__must_be_one(sqlite_workspace: Workspace, name: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 80 characters"):
        views.save_view(sqlite_workspace, name, QUERY, author="Ana")


def test_a_view__of_everything_is_refused(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput, match="nothing to save"):
        views.save_view(sqlite_workspace, "all", {}, author="Ana")
    with pytest.raises(InvalidInput, match="has an author"):
        views.save_view(sqlite_workspace, "all", QUERY, author=" ")
    monkeypatch.setattr(views, "MAX_VIEWS", 1)
    views.save_view(sqlite_workspace, "one", QUERY, author="Ana")
    with pytest.raises(InvalidInput, match="1 views already"):
        views.save_view(sqlite_workspace, "two", QUERY, author="Ana")
