"""Pairs that show nearly the same scene: what waits beyond a line that a person draws.

Imports no torch. They are not duplicates: no pixel was compared, and both may be wanted. In two
splits they make a score too good.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from db.saved_records import ScenePair
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

LINE = "same_scene"
"""The name of the line among those of image issues."""
UNDRAWN_SHARE = 0.01
"""Of the images, so many pairs lie beyond a line that nobody has drawn, and ten at least."""
BINS = 60


@dataclass(frozen=True, kw_only=True)
class SceneState:
    """The pairs that wait."""

    line: float
    """Cosine of the embeddings; pairs at or above it are shown."""
    is_drawn: bool
    """Whether a person drew the line."""
    num_pairs: int
    """All that are kept and wait, also below the line."""
    num_beyond: int
    num_across: int
    """Of them those in two splits."""
    edges: Sequence[float]
    """Of the bins, one more than there are bins."""
    counts: Sequence[int]


def find_state(workspace: Workspace) -> SceneState:
    """How near the pairs are, the line, and what lies beyond it."""
    with workspace.database.read() as uow:
        drawn = uow.image_measures.list_lines().get(LINE)
        values = np.sort(np.array(uow.scene_pairs.list_similarities(), np.float64))[::-1]
        shown = max(10, round(UNDRAWN_SHARE * uow.typicality.count_now()))
        line = drawn
        if line is None:
            line = float(values[min(shown, len(values)) - 1]) if len(values) else 1.0
        counts, edges = np.histogram(values, BINS) if len(values) else (np.zeros(1), [0.0, 1.0])
        return SceneState(
            line=line,
            is_drawn=drawn is not None,
            num_pairs=len(values),
            num_beyond=int(np.count_nonzero(values >= line)),
            num_across=uow.scene_pairs.count(line, across=True),
            edges=[float(edge) for edge in edges],
            counts=[int(number) for number in counts],
        )


def list_pairs(workspace: Workspace, line: float, *, limit: int) -> list[ScenePair]:
    """Pairs at or above a line, those in two splits first, then the nearest first."""
    with workspace.database.read() as uow:
        return uow.scene_pairs.list_nearest(line, limit=limit)


def draw_line(workspace: Workspace, value: float, *, actor: Actor) -> None:
    """Remember where the line lies, for everybody.

    Raises:
        InvalidInput: It is no cosine.
    """
    if not -1 <= value <= 1:
        raise InvalidInput(f"A line between pairs lies from -1 to 1, not at {value:g}.")
    with workspace.database.write() as uow:
        uow.image_measures.put_line(LINE, float(value), actor.checked().name)


def dismiss(workspace: Workspace, first_id: uuid.UUID, second_id: uuid.UUID) -> None:
    """Put a pair away for good: it shows two scenes."""
    with workspace.database.write() as uow:
        uow.scene_pairs.dismiss(first_id, second_id)
