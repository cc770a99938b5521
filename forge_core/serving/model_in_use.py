"""The checkpoint that answers now: replaced without a dropped request, proven again and again."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from forge_core.errors import ForgeError
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.serving.batching import Batcher
from forge_core.serving.engines import Engine
from forge_core.serving.metrics import Metrics

Source = Callable[[], Path]
"""Says which file is meant now: the same one always, or what a run or a name leads to."""
Loader = Callable[[Path], Engine]
_Stamp = tuple[str, int, int, int]
_log = logging.getLogger(__name__)


class ModelInUse:
    """What requests are answered with; a request keeps what it began with until its end.

    Args:
        source: Asked again and again, in a thread.
        loader: Loads a file and proves it; its failure leaves everything as it was.
        batcher: Computes, so that a replay waits for its turn.
        metrics: Where it is counted.

    Raises:
        ForgeError: There is no such checkpoint, or it cannot be loaded.
    """

    def __init__(self, source: Source, loader: Loader, batcher: Batcher, metrics: Metrics) -> None:
        self._source = source
        self._loader = loader
        self._batcher = batcher
        self._metrics = metrics
        path = source()
        self._stamp = _stamp_of(path)
        self._engine = loader(path)
        self._golden = self._engine.served.golden
        self._changing = asyncio.Lock()
        self._looking = ThreadPoolExecutor(1, "load")
        self._refused: object = None
        metrics.tell_model(self._engine.served)

    @property
    def engine(self) -> Engine:
        """What a request that comes now is answered with."""
        return self._engine

    @property
    def golden(self) -> GoldenReport:
        """How the last replay came out."""
        return self._golden

    async def look_again(self) -> bool:
        """Take another checkpoint into use if the source means another one now.

        Returns:
            Whether it did.

        Raises:
            ForgeError: There is another, and it cannot be used; the old one goes on answering.
        """
        async with self._changing:
            loop = asyncio.get_running_loop()
            path = await loop.run_in_executor(self._looking, self._source)
            stamp = await loop.run_in_executor(self._looking, _stamp_of, path)
            if stamp == self._stamp:
                self._refused = None
                return False
            try:
                engine = await loop.run_in_executor(self._looking, self._loader, path)
            except ForgeError:
                self._metrics.swaps.labels("refused").inc()
                raise
            before = self._engine.served.sha256
            self._engine, self._stamp = engine, stamp
            self._golden = engine.served.golden
            self._metrics.tell_model(engine.served)
            self._metrics.swaps.labels("taken").inc()
            _log.info("checkpoint %.12s answers instead of %.12s", engine.served.sha256, before)
            return True

    def end(self) -> None:
        """Look no more; a load that has begun is not waited for."""
        self._looking.shutdown(wait=False, cancel_futures=True)

    async def watch(self, seconds: float) -> None:
        """Look again every so many seconds; what cannot be used is said once, until it changes."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.look_again()
            except ForgeError as error:
                if self._refused != (error.message, error.detail):
                    self._refused = (error.message, error.detail)
                    _log.error("the checkpoint in use stays: %s (%s)", error, error.detail)
            except Exception:
                _log.exception("the checkpoint in use stays")

    async def prove(self) -> GoldenReport:
        """Replay the golden predictions now."""
        engine = self._engine
        try:
            report = await self._batcher.compute(engine.replay)
        except Exception:
            _log.exception("the golden predictions could not be replayed")
            report = GoldenReport(float("nan"), argmax_equal=False, passed=False)
        if engine is self._engine:
            if report.passed != self._golden.passed:
                _log.error(
                    "the golden predictions %s: difference %.3g",
                    "hold again" if report.passed else "do not hold any more",
                    report.max_relative_difference,
                )
            self._golden = report
            self._metrics.golden_passed.set(report.passed)
            self._metrics.golden_difference.set(report.max_relative_difference)
        return report

    async def keep_proving(self, seconds: float) -> None:
        """Replay the golden predictions every so many seconds."""
        while True:
            await asyncio.sleep(seconds)
            await self.prove()


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_ino, found.st_size, found.st_mtime_ns
