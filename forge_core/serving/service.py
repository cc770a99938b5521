"""The parts of one service and their life: what runs beside the requests, and how it ends."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from forge_core.errors import ForgeError, ImageRejected
from forge_core.inference.prediction import Prediction
from forge_core.serving.batching import MAX_TOP_K, Batcher
from forge_core.serving.engines import Engine
from forge_core.serving.metrics import Metrics
from forge_core.serving.model_in_use import Loader, ModelInUse, Source
from forge_core.serving.options import ServiceOptions
from forge_core.serving.requests import keys, refusals
from forge_core.serving.requests.bodies import ASKED, BodyReader, ImageFile
from forge_core.serving.requests.refusals import Refusal
from forge_core.serving.shadow import Shadow
from forge_core.serving.traffic.traffic_log import TrafficLog

_log = logging.getLogger(__name__)


class Service:
    """Everything that answers, without HTTP.

    Args:
        source: Which file is answered with; it is loaded and proven here.
        loader: How a file is loaded.
        options: Its bounds.
        shadow: A second checkpoint that sees the same images.

    Raises:
        ForgeError: The checkpoint, the keys or the folder of the log cannot be used.
    """

    def __init__(
        self,
        source: Source,
        loader: Loader,
        options: ServiceOptions,
        shadow: Engine | None = None,
    ) -> None:
        self.options = options
        self.keys = keys.read_keys(options.keys)
        self.metrics = Metrics()
        self.bodies = BodyReader(options)
        self.batcher = Batcher(options, self.metrics)
        self.model = ModelInUse(source, loader, self.batcher, self.metrics)
        folder = options.traffic_log_path
        self.traffic = TrafficLog(folder, options, self.metrics) if folder else None
        keep = self.traffic.show_disagreement if self.traffic else None
        self.shadow = Shadow(shadow, options, self.metrics, keep) if shadow else None
        self._is_ending = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What goes on beside the requests, until the block ends."""
        work: list[Coroutine[Any, Any, None]] = [
            self.batcher.run(),
            self.model.watch(self.options.watch_seconds),
            self.model.keep_proving(self.options.golden_seconds),
        ]
        if self.shadow:
            work.append(self.shadow.run())
        tasks = [asyncio.create_task(part) for part in work]
        if self.traffic:
            self.traffic.start()
        served = self.model.engine.served
        _log.info("checkpoint %s (%.12s) answers", served.file_name, served.sha256)
        try:
            yield
        finally:
            self.end()
            for task in tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, return_exceptions=True)
            for part in (self.batcher, self.model, self.shadow, self.traffic):
                if part:
                    part.end()

    def end(self) -> None:
        """Be ready no more, and wait for no body; what waits for its answer still gets it."""
        self._is_ending = True
        self.bodies.end()

    def reload_soon(self) -> None:
        """Look at once whether another checkpoint is meant now; for a signal."""
        task = asyncio.ensure_future(self._reload())
        task.add_done_callback(lambda done: done.exception())

    async def _reload(self) -> None:
        try:
            await self.model.look_again()
        except ForgeError as error:
            _log.error("the checkpoint in use stays: %s (%s)", error, error.detail)

    def check_ready(self) -> None:
        """Whether predictions may be asked for now.

        Raises:
            Refusal: 503: it ends, or does not answer as its checkpoint did when it was saved.
        """
        if self._is_ending:
            raise refusals.ending(ASKED)
        if not self.model.golden.passed:
            raise Refusal(
                503,
                ASKED,
                "This service does not answer any more as its checkpoint did when it was saved.",
                "Look into its log, and start it anew.",
            )

    async def predict(
        self, files: list[ImageFile], top_k: int, request_id: str
    ) -> tuple[Engine, list[Prediction | ImageRejected]]:
        """The answers for the images of a request, and what they were computed with.

        Raises:
            Refusal: Too much waits already, it took too long, or `top_k` cannot be used.
        """
        if not 1 <= top_k <= MAX_TOP_K:
            raise Refusal(
                422, f"the {top_k} most likely classes", "That is no usable number.",
                f"Ask for 1 to {MAX_TOP_K}.",
            )  # fmt: skip
        engine = self.model.engine
        try:
            async with asyncio.timeout(self.options.answer_seconds):
                answers = await self.batcher.predict(engine, [file.data for file in files])
        except TimeoutError as error:
            raise Refusal(
                503,
                ASKED,
                f"It took more than {self.options.answer_seconds:g} seconds.",
                "Ask again, for fewer or smaller images at a time.",
                retry_seconds=self.options.answer_seconds / 2,
            ) from error
        for file, answer in zip(files, answers, strict=True):
            self._note(request_id, file, answer, engine)
        return engine, [
            answer if isinstance(answer, ImageRejected) else _shown(answer, top_k)
            for answer in answers
        ]

    def _note(
        self, request_id: str, file: ImageFile, answer: Prediction | ImageRejected, engine: Engine
    ) -> None:
        if isinstance(answer, ImageRejected):
            self.metrics.images.labels(answer.reason).inc()
            return
        self.metrics.images.labels(str(getattr(answer, "decision", None) or "predicted")).inc()
        if self.shadow:
            self.shadow.show(request_id, file.data, answer, engine.served.sha256)
        if self.traffic:
            self.traffic.show(request_id, file.data, answer, engine.served)


def _shown(answer: Prediction, top_k: int) -> Prediction:
    """What a client gets of an answer: the first classes, and no embedding."""
    values = {field.name: getattr(answer, field.name) for field in fields(Prediction)}
    return Prediction(**values | {"probabilities": answer.probabilities[:top_k]})
