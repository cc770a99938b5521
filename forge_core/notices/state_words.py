"""What the states of runs and jobs are called, the same on every page, command and notice."""

from db.enums import JobStatus, RunStatus
from db.run_records import PAUSED

WORDS: dict[str, str] = {
    "queued": "waiting",
    "running": "running",
    "succeeded": "finished",
    "failed": "failed",
    "cancelled": "stopped",
    "interrupted": "interrupted",
    PAUSED: "paused",
}


def name_of(status: RunStatus | JobStatus, *, is_paused: bool = False) -> str:
    """The word for a state."""
    return WORDS[PAUSED if is_paused else status.value]


def find_key(word: str) -> str:
    """The state that a person means by its word or its key; what is neither is given back."""
    return next((key for key, said in WORDS.items() if said == word), word)
