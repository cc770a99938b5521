"""A second checkpoint that sees the same traffic and answers nobody: where would it differ?"""

import asyncio
import hashlib
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from forge_core.errors import ImageRejected
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.serving.engines import Engine
from forge_core.serving.metrics import Metrics
from forge_core.serving.options import ServiceOptions
from forge_core.serving.traffic import rows
from forge_core.serving.traffic.rows import Disagreement, Said

MAX_WAITING_BYTES = 32 * 2**20
MAX_WAITING = 64
MAX_SHOWN = 1_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    request_id: str
    data: bytes
    answered: Prediction
    sha256: str


class Shadow:
    """Compares the answers of a second checkpoint with those that were given.

    It never delays an answer: what it cannot keep up with is left out and counted.

    Args:
        engine: The second checkpoint.
        options: Limits of images, and where disagreements may be written.
        metrics: Where it is counted.
        keep: Is given each disagreement with the bytes of the image's file.
    """

    def __init__(
        self,
        engine: Engine,
        options: ServiceOptions,
        metrics: Metrics,
        keep: Callable[[bytes, Disagreement], None] | None = None,
    ) -> None:
        self.engine = engine
        self._keep = keep
        self._limits: DecodeLimits = options.limits
        self._log_path = options.shadow_log_path
        self._max_rows = options.shadow_log_rows
        self._num_rows = _count_rows(self._log_path)
        self._metrics = metrics
        self._queue: asyncio.Queue[_Seen] = asyncio.Queue(MAX_WAITING)
        self._waiting_bytes = 0
        self._pool = ThreadPoolExecutor(1, "shadow")
        self.disagreements: deque[Disagreement] = deque(maxlen=MAX_SHOWN)
        """The newest, newest last; no pictures and no names of files, only their hashes."""

    def show(self, request_id: str, data: bytes, answered: Prediction, sha256: str) -> None:
        """Let it answer too, later, for an image that was answered with checkpoint `sha256`."""
        if self._queue.full() or self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
            self._metrics.shadow_images.labels("dropped").inc()
            return
        self._waiting_bytes += len(data)
        self._queue.put_nowait(_Seen(request_id, data, answered, sha256))

    async def run(self) -> None:
        """Compare one image after another, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            seen = await self._queue.get()
            try:
                result = await loop.run_in_executor(self._pool, self._compare, seen)
            except Exception:
                _log.exception("the shadow failed")
                result = "failed"
            finally:
                self._waiting_bytes -= len(seen.data)
            self._metrics.shadow_images.labels(result).inc()

    def end(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _compare(self, seen: _Seen) -> str:
        prepared = self.engine.prepare(seen.data, self._limits)
        if isinstance(prepared, ImageRejected):
            return "failed"
        (other,) = self.engine.answer([prepared], 1)
        answered, shadow = _said(seen.answered), _said(other)
        if (answered.label_name, answered.decision) == (shadow.label_name, shadow.decision):
            return "agrees"
        found = Disagreement(
            time=datetime.now(UTC).isoformat(timespec="milliseconds"),
            request_id=seen.request_id,
            image_sha256=hashlib.sha256(seen.data).hexdigest(),
            checkpoint_sha256=seen.sha256,
            answered=answered,
            shadow_sha256=self.engine.served.sha256,
            shadow=shadow,
        )
        self.disagreements.append(found)
        if self._keep is not None:
            self._keep(seen.data, found)
        if self._log_path is not None:
            self._write(self._log_path, found)
        return "disagrees"

    def _write(self, path: Path, disagreement: Disagreement) -> None:
        with path.open("ab") as file:
            file.write(rows.disagreement_line(disagreement))
        self._num_rows += 1
        if self._num_rows > self._max_rows:
            kept = path.read_bytes().splitlines(keepends=True)[-(self._max_rows // 2) :]
            shorter = path.with_name(path.name + ".partial")
            shorter.write_bytes(b"".join(kept))
            shorter.replace(path)
            self._num_rows = len(kept)


def _said(prediction: Prediction) -> Said:
    best = prediction.probabilities[0]
    return Said(
        label_name=best.label_name,
        probability=best.probability,
        decision=None if prediction.decision is None else str(prediction.decision),
    )


def _count_rows(path: Path | None) -> int:
    if path is None or not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(1 for _ in file)
