"""When something happened, as people say it, and exactly for whoever points at it."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.components import small_print
from pages.components.words import text


def zone(name: str | None) -> tzinfo:
    """The time zone of this name where it is known, else UTC."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def exact(when: datetime, timezone: str | None = None) -> str:
    """Date, time and zone; in the zone of that name where it is known, else UTC."""
    return f"{when.replace(tzinfo=UTC).astimezone(zone(timezone)):%Y-%m-%d %H:%M:%S %Z}"


def show(when: datetime) -> None:
    """Draw how long ago it was; pointing at it tells the exact time in the browser's zone.

    Args:
        when: UTC, as the database gives it, with or without saying so.
    """
    stamp = when.replace(tzinfo=UTC).isoformat()
    precisely = exact(when, st.context.timezone)
    small_print.show(text.ago(when), precisely, tag="time", attributes=f'datetime="{stamp}"')
