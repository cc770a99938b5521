"""How values of fields are written into an address, and what they are called."""

from db.enums import FileFact, Question, RequestReason, ReviewState
from db.records import ANY, NONE
from db.repositories.opinions import DIFFER
from forge_core.catalog.listing.field_types import Said

AUGMENTED_WORDS = {"no": "Originals only", "yes": "Augmented copies only"}
REVIEW_WORDS = {
    ReviewState.FLAGGED.value: "Marked for review",
    ReviewState.CONTESTED.value: "Contested by an import",
    ReviewState.AMBIGUOUS.value: "Ambiguous",
    NONE: "Not marked",
}
DECIDED_WORDS = {
    Question.LABEL.value: "Label confirmed",
    Question.PICTURE.value: "Picture confirmed",
    Question.SPLIT.value: "Split confirmed",
    Question.PREDICTION.value: "Corrected on Predict",
    Question.DIFFERENCE.value: "Differing opinions decided",
    Question.GOLD.value: "Gold: its label is certain",
}
"""Images for which a person has settled a question."""
UNDECIDED_WORDS = {
    Question.LABEL.value: "Label not confirmed",
    Question.PICTURE.value: "Picture not confirmed",
    Question.SPLIT.value: "Split not confirmed",
    Question.PREDICTION.value: "Not corrected on Predict",
    Question.DIFFERENCE.value: "Differing opinions not decided",
    Question.GOLD.value: "Not marked as gold",
}
FILE_WORDS = {
    FileFact.PAGES.value: "Several pages or frames",
    FileFact.DEEP.value: "Greys beyond 8 bits",
    FileFact.FEW_GREYS.value: "Few of 16 bits used",
}
"""What of a file its image does not show."""
OPINIONS_WORDS = {DIFFER: "They differ", ANY: "Somebody gave one"}
REQUESTED_WORDS = {
    ANY: "Chosen for any reason",
    RequestReason.COVERS.value: "Chosen for what it covers",
    RequestReason.DOUBT.value: "Chosen for the model's doubt",
    RequestReason.CHANCE.value: "Drawn by chance",
    RequestReason.STRANGE.value: "Strange in the traffic",
    RequestReason.DISAGREEMENT.value: "The shadow answered otherwise",
}
"""Images that were chosen to be labelled next."""


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


def say_shares(low: str | None, high: str | None, said: Said) -> str:
    """How sure a run is, from and to."""
    return say_range(f"{said.run} sure", percent(low), percent(high), "%")


def say_doubts(low: str | None, high: str | None, said: Said) -> str:
    """How likely the label is wrong, from and to."""
    return say_range("label wrong", percent(low), percent(high), "%")


def say_days(since: str | None, until: str | None, said: Said) -> str:
    """When it was imported, from and to."""
    if since and until:
        return f"imported on {since}" if since == until else f"imported {since} to {until}"
    return f"imported since {since}" if since else f"imported until {until}"


def say_measured(value: str) -> str:
    """A measure beyond a line or between two."""
    words = value.replace("_", " ").replace("<", " below ").replace(">", " above ")
    return words.replace("=", " ").replace("..", " to ")
