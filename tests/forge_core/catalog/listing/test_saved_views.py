"""Saved views: kept by name, for everybody."""

import pytest

from forge_core.catalog.listing import saved_views
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

QUERY = {"run": "12", "disagrees": "yes", "sort": "least_confident", "text": "50 % ü"}


def test_a_view__is_saved_listed_renamed_and_removed(workspace: Workspace) -> None:
    saved = saved_views.save_view(workspace, "  Doubts   of 12 ", QUERY, actor=Actor("Ana"))
    assert (saved.name, saved.query, saved.author) == ("Doubts of 12", QUERY, "Ana")
    saved_views.save_view(workspace, "all dogs", {"label": "3"}, actor=Actor("Ben"))
    assert [view.name for view in saved_views.list_views(workspace)] == ["all dogs", "Doubts of 12"]
    assert saved_views.find_view(workspace, "DOUBTS of 12 ") == saved
    saved_views.rename_view(workspace, saved.view_id, "doubts of 12")  # only the case, its own name
    saved_views.rename_view(workspace, saved.view_id, "Zweifel")
    assert saved_views.find_view(workspace, "zweifel").query == QUERY
    saved_views.remove_view(workspace, saved.view_id)
    saved_views.remove_view(workspace, saved.view_id)
    assert [view.name for view in saved_views.list_views(workspace)] == ["all dogs"]
    with pytest.raises(NotFound):
        saved_views.find_view(workspace, "Zweifel")
    with pytest.raises(NotFound, match="removed meanwhile"):
        saved_views.rename_view(workspace, saved.view_id, "anything")


def test_a_name__that_is_in_use_is_refused_in_words(workspace: Workspace) -> None:
    first = saved_views.save_view(workspace, "To do", QUERY, actor=Actor("Ana"))
    other = saved_views.save_view(workspace, "Other", QUERY, actor=Actor("Ben"))
    for name in ("To do", "to  DO"):
        with pytest.raises(Conflict, match="'To do' already, saved by Ana"):
            saved_views.save_view(workspace, name, QUERY, actor=Actor("Ben"))
        with pytest.raises(Conflict, match="saved by Ana"):
            saved_views.rename_view(workspace, other.view_id, name)
    assert [view.view_id for view in saved_views.list_views(workspace)] == [
        other.view_id,
        first.view_id,
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "1 to 80 characters"),
        ("   ", "1 to 80 characters"),
        ("x" * 81, "1 to 80 characters"),
        ("a\0b", "holds a NUL character"),
    ],
)
def test_a_name__must_be_one(sqlite_workspace: Workspace, name: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        saved_views.save_view(sqlite_workspace, name, QUERY, actor=Actor("Ana"))


def test_a_view__of_everything_is_refused(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInput, match="nothing to save"):
        saved_views.save_view(sqlite_workspace, "all", {}, actor=Actor("Ana"))
    with pytest.raises(InvalidInput, match="name has 0 characters"):
        saved_views.save_view(sqlite_workspace, "all", QUERY, actor=Actor(" "))
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    saved_views.save_view(sqlite_workspace, "one", QUERY, actor=Actor("Ana"))
    with pytest.raises(InvalidInput, match="1 views already"):
        saved_views.save_view(sqlite_workspace, "two", QUERY, actor=Actor("Ana"))
