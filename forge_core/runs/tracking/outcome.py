"""What became of the export of one run to one place."""

import enum
from dataclasses import dataclass


class Outcome(enum.StrEnum):
    """What stands there now, and since when."""

    WRITTEN = "written"
    REPLACED = "replaced"  # an earlier export of the same run, which is gone
    KEPT = "kept"  # an earlier export that says the same


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A run at a place."""

    run_id: int
    target: str
    """csv, tensorboard or mlflow."""
    place: str
    """Folder, file or address."""
    outcome: Outcome
