"""Which data: the moment of the last change in it, and the number of that revision on hover."""

from collections.abc import Iterable
from datetime import UTC, datetime

import streamlit as st

from forge_core.catalog.revisions import history
from forge_core.workspace import Workspace
from pages.components import small_print
from pages.components.words import glossary, relative_time


def describe(workspace: Workspace, revision_id: int) -> str:
    """In the middle of a sentence: data of 29 Nov, 17:40; or: an empty catalog."""
    return describe_all(workspace, [revision_id])[revision_id]


def describe_all(workspace: Workspace, revision_ids: Iterable[int]) -> dict[int, str]:
    """The same of many revisions, by their number."""
    ids = set(revision_ids)
    found = history.revision_times(workspace, ids)
    return {number: describe_moment(found.get(number)) for number in ids}


def describe_moment(changed_at: datetime | None) -> str:
    """The same where the moment is known; None is that of the empty catalog."""
    return "an empty catalog" if changed_at is None else f"data of {moment(changed_at)}"


def show(workspace: Workspace, revision_id: int) -> None:
    """Draw it small, in a line with others."""
    small_print.show(describe(workspace, revision_id), hint(revision_id))


def hint(revision_id: int) -> str:
    """What is told on hover: the number, and what a revision is."""
    return f"Revision {revision_id}. {glossary.SENTENCES['revision']}"


def moment(when: datetime, now: datetime | None = None) -> str:
    """Day and time in the browser's zone; with the year where it is another one.

    Args:
        when: UTC, as the database gives it, with or without saying so.
        now: For tests; the clock's time otherwise.
    """
    zone = relative_time.zone(st.context.timezone)
    local = when.replace(tzinfo=UTC).astimezone(zone)
    today = (now or datetime.now(UTC)).astimezone(zone)
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year}, {local:%H:%M}"
