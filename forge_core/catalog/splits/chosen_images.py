"""Images that were chosen for what they are, and what that does to an accuracy measured on them.

What a person puts into val or test from a list of hard images, what was asked for because it would
teach most, and what came in because a network was wrong about it, is no sample of all images.
"""

from uuid import UUID

from db.enums import RequestReason, Split
from db.records import AssetFilter
from db.repositories.asset_lists import SORTS
from db.repositories.opinions import DIFFER
from db.unit_of_work import UnitOfWork

CORRECTED_SOURCE = "predict"
"""Where images come from that people correct: the source of `editing.corrections`."""
MEASURING = (Split.VAL, Split.TEST)


def describe_list(where: AssetFilter, sort: str = "newest") -> str | None:
    """By what a list finds or orders images, where that is how hard or odd they look; else None."""
    joined = SORTS[sort].joined
    if where.asks_the_evaluation() or where.against_outcome is not None:
        return "by whether a network was right about them"
    if where.asks_the_run() or joined == "prediction":
        return "by what a network says of them"
    if where.asks_the_judging() or joined == "issue":
        return "by how wrong their labels look"
    if where.measured is not None:
        return "by how odd their pictures are"
    if where.requested in (RequestReason.COVERS, RequestReason.DOUBT):
        return "because their labels would teach a network most"
    if where.requested == RequestReason.DISAGREEMENT:
        return "because two networks disagree about them"
    if where.requested == RequestReason.STRANGE or joined == "typicality":
        return "by how unlike the others they are"
    if where.opinions == DIFFER:
        return "because people disagree about them"
    if where.alike is not None or where.selected is not None:
        return "by what they look like"
    return None


def list_mined(uow: UnitOfWork) -> list[UUID]:
    """Images that would not be labelled, or not be there, were they others."""
    return uow.chosen_images.list_mined(CORRECTED_SOURCE)


def say_left_out(number: int) -> str:
    """That a comparison leaves such images out, a sentence."""
    return (
        f"{number:,} images are left out: they were chosen because they looked hard or stood for "
        "others, so they say nothing of how good a network is on all images."
    )


def warn(found_by: str | None, split: str) -> str:
    """What putting such images into a split would do, a sentence or two.

    Args:
        found_by: From `describe_list`; None where each image is known to have been chosen.
        split: val or test.
    """
    how = found_by or "because they looked hard or stood for others"
    return (
        f"Found {how}, these are no fair sample: measured with them, the accuracy on {split} would "
        "not be that of all images. It would be shown without them, and marked as biased."
    )
