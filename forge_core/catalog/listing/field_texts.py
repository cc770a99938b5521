"""How values of several fields are written into an address, and said in chips."""


def write_yes_no(value: bool) -> str:
    """Yes or no."""
    return "yes" if value else "no"


def write_share(value: float) -> str:
    """A share as digits that `parse_part` reads as the same number."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


def say_range(words: str, low: str | None, high: str | None, unit: str) -> str:
    """A range in words, of which one end may be open."""
    if low is not None and high is not None:
        return f"{words} {low} to {high} {unit}"
    return f"{words} up to {high} {unit}" if low is None else f"{words} from {low} {unit}"


def percent(share: str | None) -> str | None:
    """A share of the address as percent, without the sign."""
    return None if share is None else f"{100 * float(share):.4g}"
