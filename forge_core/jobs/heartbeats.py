"""Which running jobs give no sign of life, told without asking any clock what time it is.

A heartbeat in the row is a time of the database's clock, which may be an hour off, be set back, or
stand on another machine. So it is never compared with a time, only with the heartbeat that was
there before: what counts is for how long we ourselves looked and saw no new one.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from db.records import Job

LONGEST_STEP_SECONDS = 2.0
"""Most that counts between two looks. In a longer pause it was we who did not look: the machine
slept, this process was halted, or the database did not answer and nobody could write."""


@dataclass
class _Seen:
    heartbeat_at: datetime | None
    silent_seconds: float = 0.0


class HeartbeatWatch:
    """Keeps for each running job how long we watched it without a new heartbeat."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}
        self._looked_at: float | None = None

    def look(self, running: Iterable[Job]) -> dict[int, float]:
        """Seconds of silence of each of these jobs; those that are not among them are forgotten.

        Args:
            running: Every running job, as its row is now.
        """
        now = time.monotonic()
        step = 0.0 if self._looked_at is None else min(now - self._looked_at, LONGEST_STEP_SECONDS)
        self._looked_at = now
        earlier, self._seen = self._seen, {}
        for job in running:
            seen = earlier.get(job.job_id)
            if seen is None or seen.heartbeat_at != job.heartbeat_at:
                seen = _Seen(job.heartbeat_at)
            else:
                seen.silent_seconds += step
            self._seen[job.job_id] = seen
        return {job_id: seen.silent_seconds for job_id, seen in self._seen.items()}
