"""Numbers and times as people read them."""

from datetime import UTC, datetime

from forge_core.catalog.listing import filter_fields

SPLIT_WORDS = filter_fields.SPLIT_WORDS


def number(value: int) -> str:
    """12,480."""
    return f"{value:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: 1 image, 12,480 images."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float, digits: int = 1) -> str:
    """91.4 % from 0.914."""
    return f"{100 * share:.{digits}f} %"


def probability(share: float) -> str:
    """91.4 % from 0.914; what is not quite nothing or everything is not shown as if it were."""
    if 0.0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1.0:
        return "> 99.9 %"
    return percent(share)


def interval(bounds: tuple[float, float], digits: int = 1) -> str:
    """81.2 to 88.0 % from 0.812 and 0.88."""
    low, high = bounds
    return f"{100 * low:.{digits}f} to {percent(high, digits)}"


def file_size(size_bytes: int) -> str:
    """A size in decimal units: 812 B, 4.1 MB."""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def duration(seconds: float) -> str:
    """A length of time: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60} min" if rest >= 60 and hours < 48 else f"{hours} h"


def capital(words: str) -> str:
    """The words as they begin a sentence; only the first letter changes."""
    return words[:1].upper() + words[1:]


def latency(milliseconds: float) -> str:
    """How long an answer took: 12 ms, 6.1 s."""
    if round(milliseconds) < 1000:
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago: 40 s ago, 3 h ago, or the date after a week.

    Args:
        moment: UTC, as the database gives it, with or without saying so.
        now: For tests; the clock's time otherwise.
    """
    moment = moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 2:
        return "just now"
    if seconds < 60:
        return f"{seconds:.0f} s ago"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min ago"
    if seconds < 86400:
        return f"{seconds / 3600:.0f} h ago"
    if seconds < 7 * 86400:
        return plural(round(seconds / 86400), "day") + " ago"
    return moment.strftime("%Y-%m-%d")
