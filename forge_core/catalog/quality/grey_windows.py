"""The window of greys of a workspace: which it is, whom it concerns, and another one in its place.

It is one for the whole workspace, not one a source: the same grey must mean the same in all images
that are compared, and a network has one window for whatever it is shown.
"""

import math
from dataclasses import dataclass

from db.enums import FileFact
from db.records import Asset
from forge_core.imaging.grey_window import DECLARED, GreyWindow
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class WindowState:
    """The window as it is, and the images that it concerns."""

    window: GreyWindow
    num_deep: int
    """Images of greys beyond 8 bits; of those that came in before such was kept, none."""
    num_few_greys: int
    """Those of them that are nearly black as their files declare their greys."""

    @property
    def leaves_black(self) -> bool:
        """Whether images are nearly black because nobody has chosen a window."""
        return self.window == DECLARED and self.num_few_greys > 0


def get_state(workspace: Workspace) -> WindowState:
    """The window that images are seen through now."""
    with workspace.database.read() as uow:
        num_deep = uow.file_facts.count(FileFact.DEEP)
        num_few_greys = uow.file_facts.count(FileFact.FEW_GREYS) if num_deep else 0
    return WindowState(
        window=GreyWindow.parse(workspace.image_settings.grey_window),
        num_deep=num_deep,
        num_few_greys=num_few_greys,
    )


def choose(workspace: Workspace, text: str, *, actor: Actor) -> GreyWindow:
    """See all images through this window from now on, here and in runs that start from now on.

    Thumbnails, decoded pixels and fingerprints are kept apart by the window, so those of another
    one are never shown; what was measured of deep pictures is forgotten. Runs keep the window that
    they were trained with.

    Args:
        workspace: The workspace.
        text: As `GreyWindow.parse` reads it.
        actor: Who chooses.

    Returns:
        The window as it is kept.

    Raises:
        InvalidInput: It is no window.
    """
    window = GreyWindow.parse(text.strip())
    workspace.choose_grey_window(str(window), actor.checked().name)
    return window


def list_examples(workspace: Workspace, limit: int) -> list[Asset]:
    """Images to try a window on: those that are nearly black first, the oldest first."""
    with workspace.database.read() as uow:
        black = uow.file_facts.list_assets(FileFact.FEW_GREYS, limit=limit)
        deep = uow.file_facts.list_assets(FileFact.DEEP, limit=limit)
    found = {asset.asset_id: asset for asset in (*black, *deep)}
    return list(found.values())[:limit]


def suggest_fixed(highest: float) -> tuple[float, float]:
    """Centre and width that show greys up to the highest one: 2048 and 4096 for 12 bits."""
    width = 1.0 if highest <= 1 else float(2 ** math.ceil(math.log2(highest + 1)))
    return width / 2, width


def list_warnings(workspace: Workspace) -> list[str]:
    """What somebody who is about to train should know."""
    state = get_state(workspace)
    if not state.leaves_black:
        return []
    return [
        f"{state.num_few_greys:,} images have 16 bits a pixel, use few of them, and are nearly "
        "black. Choose a window of greys on Import & export, or with `forge greys`."
    ]
