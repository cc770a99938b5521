"""Micro-batching: images that arrive together are computed together, within a latency budget.

Files are decoded by a few threads, very large ones apart from the others; one thread computes.
Everything is bounded, and what nobody waits for any more is not computed.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from forge_core.errors import ImageRejected
from forge_core.imaging import decode
from forge_core.inference.prediction import Prediction
from forge_core.serving.engines import Engine
from forge_core.serving.metrics import Metrics
from forge_core.serving.options import ServiceOptions
from forge_core.serving.requests.refusals import Refusal

MAX_TOP_K = 100
"""Every answer is computed with as many classes; a request gets the first of them."""
_ASKED = "predictions"
_log = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Waiting:
    engine: Engine
    prepared: Any
    answer: "asyncio.Future[Prediction]"


class Batcher:
    """Answers for images, many requests at a time.

    Args:
        options: Its bounds.
        metrics: Where it is counted.
    """

    def __init__(self, options: ServiceOptions, metrics: Metrics) -> None:
        self._options = options
        self._metrics = metrics
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()  # bounded by `_admit`
        self._num_images = 0
        self._images_per_second = 0.0
        self._decoders = ThreadPoolExecutor(options.decode_threads, "decode")
        self._large_decoder = ThreadPoolExecutor(1, "decode-large")
        self._computer = ThreadPoolExecutor(1, "compute")

    @property
    def num_images(self) -> int:
        """Images that wait for their answer now."""
        return self._num_images

    async def predict(
        self, engine: Engine, files: Sequence[bytes]
    ) -> list[Prediction | ImageRejected]:
        """For each file, in order, its prediction or why it was rejected.

        Cancelled, it takes what was not begun out of the queue.

        Raises:
            Refusal: 503, where too many images wait already.
        """
        self._admit(len(files))
        tasks = [asyncio.ensure_future(self._predict_one(engine, data)) for data in files]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            self._num_images -= len(files)
            self._metrics.waiting_images.set(self._num_images)

    async def compute(self, work: Callable[[], Result]) -> Result:
        """Do something with an engine in the one thread that computes, after what it does now."""
        return await asyncio.get_running_loop().run_in_executor(self._computer, work)

    async def run(self) -> None:
        """Compute batch after batch, until cancelled."""
        while True:
            batch = await self._next_batch()
            for engine in {id(item.engine): item.engine for item in batch}.values():
                items = [item for item in batch if item.engine is engine and not item.answer.done()]
                if items:
                    await self._answer(engine, items)

    def end(self) -> None:
        """Begin nothing more; what a thread does now is not waited for."""
        for pool in (self._decoders, self._large_decoder, self._computer):
            pool.shutdown(wait=False, cancel_futures=True)

    def _admit(self, count: int) -> None:
        if self._num_images + count > self._options.waiting_images:
            rate = self._images_per_second or 1.0
            raise Refusal(
                503,
                _ASKED,
                f"{self._num_images:,} images wait for their answers already.",
                "Ask again after the seconds in the header Retry-After.",
                retry_seconds=min(60.0, self._num_images / rate),
            )
        self._num_images += count
        self._metrics.waiting_images.set(self._num_images)

    async def _predict_one(self, engine: Engine, data: bytes) -> Prediction | ImageRejected:
        prepared = await self._prepare(engine, data)
        if isinstance(prepared, ImageRejected):
            return prepared
        loop = asyncio.get_running_loop()
        waiting = _Waiting(engine, prepared, loop.create_future())
        self._queue.put_nowait(waiting)
        return await waiting.answer

    async def _prepare(self, engine: Engine, data: bytes) -> Any | ImageRejected:
        loop = asyncio.get_running_loop()
        limits, large_pixels = self._options.limits, self._options.large_pixels

        def unless_large() -> Any | ImageRejected | None:
            if decode.count_pixels(data, limits) >= large_pixels:
                return None
            return self._timed_prepare(engine, data)

        prepared = await loop.run_in_executor(self._decoders, unless_large)
        if prepared is not None:
            return prepared
        return await loop.run_in_executor(self._large_decoder, self._timed_prepare, engine, data)

    def _timed_prepare(self, engine: Engine, data: bytes) -> Any | ImageRejected:
        with self._metrics.decode_seconds.time():
            return engine.prepare(data, self._options.limits)

    async def _next_batch(self) -> list[_Waiting]:
        """At least one; more where they are there, or are being decoded and come in time."""
        loop = asyncio.get_running_loop()
        batch = [await self._queue.get()]
        end = loop.time() + self._options.batch_wait_ms / 1_000
        while len(batch) < self._options.batch_size:
            try:
                batch.append(self._queue.get_nowait())
                continue
            except asyncio.QueueEmpty:
                pass
            if len(batch) >= self._num_images:  # nobody else is on the way
                break
            try:
                async with asyncio.timeout_at(end):
                    batch.append(await self._queue.get())
            except TimeoutError:
                break
        return batch

    async def _answer(self, engine: Engine, items: list[_Waiting]) -> None:
        started = time.perf_counter()
        try:
            found = await self.compute(
                lambda: engine.answer([item.prepared for item in items], MAX_TOP_K)
            )
        except Exception as error:
            _log.exception("a batch of %d images failed", len(items))
            for item in items:
                if not item.answer.done():
                    item.answer.set_exception(error)
            return
        seconds = time.perf_counter() - started
        self._images_per_second = 0.8 * self._images_per_second + 0.2 * len(items) / seconds
        self._metrics.batch_images.observe(len(items))
        self._metrics.compute_seconds.observe(seconds)
        for item, prediction in zip(items, found, strict=True):
            if not item.answer.done():
                item.answer.set_result(prediction)
