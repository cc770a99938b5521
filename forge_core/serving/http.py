"""One checkpoint as an HTTP service: `GET /health` and `POST /predict`.

It answers 503 on /health until the network is loaded and its golden predictions hold here, so
that nothing is routed to a machine that would predict otherwise. Stands alone: no database, no
settings, no pages.
"""

import argparse
import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from forge_core import storable_values
from forge_core.errors import ForgeError, ImageRejected
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.models import allocator
from forge_core.models.checkpoints import model_card

MAX_BODY_BYTES = 128 * 2**20
MAX_FILES = 64
MAX_TOP_K = 100
PARALLEL_PREDICTIONS = 2
"""One request decodes while another computes; more would only multiply the memory."""
_ASKED = "a prediction for uploaded files"
_log = logging.getLogger(__name__)


class _Refusal(Exception):
    """A request that gets an error answer: what was asked, what was found, what to do next."""

    def __init__(self, status: int, asked: str, found: str, next_step: str) -> None:
        super().__init__(found)
        self.status = status
        self.error = {"asked": asked, "found": found, "next_step": next_step}


class _Service:
    """The state of one app: loading, ready with a predictor, or failed with an error."""

    def __init__(self, checkpoint: Path, device: str) -> None:
        self.checkpoint = checkpoint
        self.device = device
        self.predictor: Predictor | None = None
        self.failure: ForgeError | None = None
        self.turns = asyncio.Semaphore(PARALLEL_PREDICTIONS)

    async def load(self) -> None:
        try:
            self.predictor = await run_in_threadpool(Predictor.load, self.checkpoint, self.device)
            _log.info("checkpoint %s ready on %s", self.checkpoint, self.predictor.device)
        except ForgeError as error:
            self.failure = error
            _log.error("checkpoint %s not loaded: %s (%s)", self.checkpoint, error, error.detail)
        except Exception as error:
            self.failure = ForgeError(
                "The checkpoint could not be loaded.",
                next_step="See the log of the service.",
                detail=f"{type(error).__name__}: {error}",
            )
            _log.exception("checkpoint %s not loaded", self.checkpoint)

    def health(self) -> tuple[int, dict[str, Any]]:
        if self.failure is not None:
            failure = {"found": self.failure.message, "next_step": self.failure.next_step}
            return 503, {"status": "failed", "error": failure}
        if self.predictor is None:
            return 503, {"status": "loading"}
        loaded, card = self.predictor.loaded, self.predictor.card
        return 200, {
            "status": "ok",
            "architecture": card.architecture,
            "classes": list(card.class_names),
            "run_id": card.run_id,
            "revision_id": card.revision_id,
            "checkpoint_sha256": loaded.sha256,
            "golden": asdict(loaded.golden),
            "note": loaded.note,
            "versions": model_card.library_versions(str(self.predictor.device)),
            "trained_with": dict(card.versions),
        }


def create_app(
    checkpoint: Path,
    device: str = "auto",
    *,
    limits: DecodeLimits = decode.DEFAULT_LIMITS,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> FastAPI:
    """The service for one checkpoint, which is loaded in the background after the start.

    Args:
        checkpoint: A file that a run saved.
        device: "auto", "cpu" or "cuda:0".
        limits: What is refused before an image is decoded.
        max_body_bytes: Largest request body.

    Returns:
        An ASGI app with `GET /`, `GET /health` and `POST /predict`.
    """
    service = _Service(checkpoint, device)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(service.load())
        yield
        await asyncio.gather(loading, return_exceptions=True)

    app = FastAPI(title="Vision Forge", lifespan=lifespan, docs_url=None, redoc_url=None)

    @app.exception_handler(_Refusal)
    async def refuse(_: Request, refusal: _Refusal) -> JSONResponse:
        return JSONResponse({"error": refusal.error}, refusal.status)

    @app.get("/")
    async def info() -> dict[str, Any]:
        """What this service is and how it is asked."""
        return {
            "service": "Vision Forge",
            "health": "GET /health",
            "predict": "POST /predict?top_k=5 with one or more image files in the form field file",
        }

    @app.get("/health")
    async def health() -> JSONResponse:
        """200 when the network is loaded and its golden predictions hold here, else 503."""
        status, body = service.health()
        return JSONResponse(body, status)

    @app.post("/predict", openapi_extra=_FORM_DESCRIPTION)
    async def predict(request: Request, top_k: int = 5) -> JSONResponse:
        """Class probabilities of each file; 422 when no file could be read."""
        if service.predictor is None:
            raise _Refusal(
                503,
                "a prediction",
                "The network is not ready.",
                "Ask GET /health and try again when it answers 200.",
            )
        if not 1 <= top_k <= MAX_TOP_K:
            raise _Refusal(
                422, f"the {top_k} most likely classes", "That is no usable number.",
                f"Ask for 1 to {MAX_TOP_K}.",
            )  # fmt: skip
        form = await _read_form(request, max_body_bytes)
        try:
            uploads = [entry for entry in form.getlist("file") if isinstance(entry, UploadFile)]
            if not uploads:
                raise _Refusal(
                    422,
                    _ASKED,
                    "There is no file in the form field file.",
                    "Send multipart/form-data, for instance with curl -F file=@picture.jpg.",
                )
            async with service.turns:
                # One byte over the limit is enough for the decoder to refuse the file.
                files = [await upload.read(limits.max_bytes + 1) for upload in uploads]
                answers = await run_in_threadpool(
                    service.predictor.predict_many, files, top_k, limits
                )
        finally:
            await form.close()
        results = [
            _result(storable_values.readable_text(upload.filename or ""), answer)
            for upload, answer in zip(uploads, answers, strict=True)
        ]
        if all(isinstance(answer, ImageRejected) for answer in answers):
            return JSONResponse({"error": results[0]["error"], "predictions": results}, 422)
        return JSONResponse({"predictions": results})

    return app


_FORM_DESCRIPTION = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
                    },
                }
            }
        },
    }
}


def _result(name: str, answer: Prediction | ImageRejected) -> dict[str, Any]:
    if isinstance(answer, Prediction):
        return {"filename": name} | asdict(answer)
    error = {
        "asked": f"a prediction for {name or 'a file without a name'}",
        "found": answer.message,
        "next_step": answer.next_step,
        "reason": answer.reason,
    }
    return {"filename": name, "error": error}


async def _read_form(request: Request, max_body_bytes: int) -> FormData:
    """The multipart form of a request; its body is counted while it arrives."""
    too_large = _Refusal(
        413,
        _ASKED,
        f"The request is larger than {max_body_bytes:,} bytes.",
        "Send fewer or smaller files at a time.",
    )
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > max_body_bytes:
        raise too_large
    received = 0

    async def receive() -> MutableMapping[str, Any]:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > max_body_bytes:
            raise too_large
        return message

    try:
        return await Request(request.scope, receive).form(max_files=MAX_FILES, max_fields=MAX_FILES)
    except HTTPException as error:
        raise _Refusal(
            400,
            _ASKED,
            f"The form cannot be read: {error.detail}",
            f"Send multipart/form-data with at most {MAX_FILES} files.",
        ) from error


def main(arguments: list[str] | None = None) -> None:
    """Serve a checkpoint until the process is asked to end."""
    parser = argparse.ArgumentParser(prog="forge_core.serving.http", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:0")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    allocator.keep_freed_memory()
    uvicorn.run(
        create_app(options.checkpoint, options.device), host=options.host, port=options.port
    )


if __name__ == "__main__":
    main()
