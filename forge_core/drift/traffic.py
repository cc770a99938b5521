"""What a log of traffic says of one checkpoint, as columns. Imports no torch.

Legend: N answers, K classes, F features of the backbone.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from forge_core.errors import NotFound
from forge_core.evaluation.answers import Floats, Whole
from forge_core.serving.traffic import parts, rows
from forge_core.serving.traffic.rows import Halves, LoggedAnswer, LoggedCheckpoint

MAX_ANSWERS = 50_000
"""Newest answers that are looked at; with 1,280 values each they take 130 MB."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """The answers of one checkpoint, oldest first."""

    checkpoint: LoggedCheckpoint
    answers: list[LoggedAnswer]
    """N; their arrays are rows of those below."""
    probabilities: Floats
    """(N, K)."""
    embeddings: Halves | None
    """(N, F); None where an answer has none."""
    others: Mapping[str, int]
    """Answers of other checkpoints in the same time, by the hash of the checkpoint."""
    num_unreadable: int
    """Lines that are torn or of another version."""
    is_cut: bool
    """Whether there were more than are looked at."""
    folder: Path

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def confidence(self) -> Floats:
        """(N,) of the first class."""
        found: Floats = self.probabilities.max(axis=1)
        return found

    @property
    def predicted(self) -> Whole:
        """(N,) places of the first classes."""
        found: Whole = self.probabilities.argmax(axis=1)
        return found

    @property
    def days(self) -> list[str]:
        """N dates in UTC, such as 2026-11-30."""
        return [f"{each.time.astimezone(UTC):%Y-%m-%d}" for each in self.answers]

    def picture_of(self, answer: LoggedAnswer) -> Path | None:
        """The picture that was kept of an answer."""
        return find_picture(self.folder, answer.image_sha256) if answer.has_picture else None


def find_picture(folder: Path, image_sha256: str) -> Path | None:
    """The picture with this hash that a log keeps, or None."""
    if len(image_sha256) != 64 or not image_sha256.isalnum():
        return None
    for part in reversed(parts.list_parts(folder)):
        path = parts.pictures_of(part) / image_sha256
        if path.is_file():
            return path
    return None


def find_pictures(folder: Path, hashes: Iterable[str]) -> dict[str, Path]:
    """The newest picture with each of these hashes that a log keeps, by hash."""
    wanted, found = set(hashes), dict[str, Path]()
    for part in parts.list_parts(folder) if wanted else ():
        pictures = parts.pictures_of(part)
        if pictures.is_dir():
            found.update({path.name: path for path in pictures.iterdir() if path.name in wanted})
    return found


def read(
    folder: Path,
    *,
    checkpoint: str | None = None,
    days: int | None = None,
    now: datetime | None = None,
    most: int = MAX_ANSWERS,
) -> Traffic:
    """The newest answers of a checkpoint.

    Args:
        folder: Of the log.
        checkpoint: Hash, or the beginning of it; by default the one that answered last.
        days: Only of the last so many days.
        now: The end of them.
        most: Answers that are looked at.

    Raises:
        NotFound: The log is not there, or holds no answer of that.
    """
    since = None if days is None else (now or datetime.now(UTC)) - timedelta(days=days)
    described: dict[str, LoggedCheckpoint] = {}
    answers: dict[str, deque[LoggedAnswer]] = defaultdict(lambda: deque(maxlen=most))
    counted: Counter[str] = Counter()
    num_unreadable = 0
    for part in parts.list_parts(folder):
        for said in _lines(part, since):
            if said is None:
                num_unreadable += 1
            elif isinstance(said, LoggedCheckpoint):
                described[said.sha256] = said
            elif since is None or said.time >= since:
                counted[said.checkpoint_sha256] += 1
                answers[said.checkpoint_sha256].append(said)
    for sha256 in answers.keys() - described.keys():  # the line that describes it is torn
        num_unreadable += len(answers.pop(sha256))
    chosen = _choose(answers, described, checkpoint, folder)
    known = described[chosen]
    width = len(known.class_names)
    fitting = [each for each in answers[chosen] if len(each.probabilities) == width]
    fitting.sort(key=lambda each: each.time)
    values = [each.embedding for each in fitting]
    return Traffic(
        checkpoint=known,
        answers=fitting,
        probabilities=np.stack([each.probabilities for each in fitting]).astype(np.float64),
        embeddings=_stack(values),
        others={sha256: number for sha256, number in counted.items() if sha256 != chosen},
        num_unreadable=num_unreadable,
        is_cut=counted[chosen] > len(fitting),
        folder=folder,
    )


def _lines(part: Path, since: datetime | None) -> Iterator[LoggedCheckpoint | LoggedAnswer | None]:
    """What the lines of a part say, None for one that says nothing; none of an older part."""
    try:
        if since is not None and part.stat().st_mtime < since.timestamp():
            return
        with part.open("rb") as file:
            for line in file:
                try:
                    yield rows.read_line(line)
                except ValueError:
                    yield None
    except FileNotFoundError:  # the service has just removed it
        return


def _choose(
    answers: Mapping[str, deque[LoggedAnswer]],
    described: Mapping[str, LoggedCheckpoint],
    checkpoint: str | None,
    folder: Path,
) -> str:
    if not answers:
        raise NotFound(
            f"No answer is logged in {folder}, or none in these days.",
            next_step="Start the service with --traffic-log and this folder, and ask it something.",
        )
    if checkpoint is None:
        return max(answers, key=lambda sha256: max(each.time for each in answers[sha256]))
    found = [
        sha256
        for sha256 in answers
        if sha256.startswith(checkpoint)
        or (described[sha256].origin_sha256 or "-").startswith(checkpoint)
    ]
    if len(found) != 1:
        known = ", ".join(sorted(sha256[:12] for sha256 in answers))
        raise NotFound(
            f"{len(found)} checkpoints that answered in {folder} begin with {checkpoint[:12]}.",
            next_step=f"Name one of {known}.",
        )
    return found[0]


def _stack(values: Sequence[Halves | None]) -> Halves | None:
    there = [each for each in values if each is not None]
    if len(there) < len(values) or len({len(each) for each in there}) != 1:
        return None
    return np.stack(there)
