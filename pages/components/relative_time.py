"""When something happened, as people say it, and exactly for whoever points at it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.components import text


def exact(when: datetime, timezone: str | None = None) -> str:
    """Date, time and zone; in the zone of that name where it is known, else UTC."""
    try:
        zone = ZoneInfo(timezone) if timezone else UTC
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return f"{when.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def show(when: datetime) -> None:
    """Draw how long ago it was; pointing at it tells the exact time in the browser's zone.

    Args:
        when: UTC, as the database gives it, with or without saying so.
    """
    stamp = when.replace(tzinfo=UTC).isoformat()
    precisely = exact(when, st.context.timezone)
    st.html(
        f'<time datetime="{stamp}" title="{precisely}" style="font-size:0.85rem;opacity:0.7">'
        f"{text.ago(when)}</time>",
        width="content",
    )
