"""One way to tell how far a piece of work is, and one way to stop it.

Whoever works is handed a `Progress`: it asks before each part whether to go on (`check`), and says
after it how far it came (`advance`). Who listens, a terminal, a page or the row of a job, is not
known here.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(Exception):
    """The work was asked to stop and did; no failure, so whoever catches those lets it pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """How far a piece of work came."""

    done: int
    """Parts that are done."""
    total: int
    """Parts in all; 0 while that is not known."""
    message: str
    """Words for a person; may be empty."""
    resume_after: str
    """What identifies the last part, where the work can go on behind it; else empty."""
    elapsed_seconds: float
    """Since the first part began."""

    @property
    def fraction(self) -> float:
        """Share that is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    @property
    def per_second(self) -> float:
        """Parts a second until now."""
        return self.done / max(self.elapsed_seconds, 1e-6)

    @property
    def seconds_left(self) -> float | None:
        """Until the end at this pace; None while nothing is known of it."""
        if not self.done or not self.total:
            return None
        return self.elapsed_seconds / self.done * (self.total - self.done)


class Progress:
    """Of one piece of work, which begins now. Without arguments it tells nobody and never stops.

    Args:
        listener: Told of each advance, by the thread that works, so it must be quick.
        should_stop: Whether the work shall end soon; asked by `check`.
    """

    def __init__(
        self,
        listener: Callable[[Advance], None] | None = None,
        *,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        self._listener = listener
        self._should_stop = should_stop
        self._began = time.monotonic()

    def check(self) -> None:
        """Go on, or raise `Cancelled` when the work shall end.

        Raises:
            Cancelled: Leave things as the work promises for this case, then let it pass.
        """
        if self._should_stop is not None and self._should_stop():
            raise Cancelled

    def within(self, begin: float, end: float) -> "Progress":
        """Of a part of the work, from one share of it to another; they count as thousandths."""

        def pass_on(part: Advance) -> None:
            share = begin + (end - begin) * part.fraction
            self.advance(round(1000 * share), 1000, part.message)

        return Progress(pass_on, should_stop=self._should_stop)

    def advance(self, done: int, total: int, message: str = "", *, resume_after: str = "") -> None:
        """Say that `done` of `total` parts are done; fields as in `Advance`."""
        if self._listener is not None:
            elapsed = time.monotonic() - self._began
            self._listener(
                Advance(
                    done=done,
                    total=total,
                    message=message,
                    resume_after=resume_after,
                    elapsed_seconds=elapsed,
                )
            )


SILENT = Progress()
"""Tells nobody and never stops."""
