"""A checkpoint as an HTTP service: its routes, and the command that runs it.

Stands alone: no database, no settings file, no pages, and PyTorch only where the file needs it.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from forge_core.errors import ForgeError, ImageRejected
from forge_core.inference.prediction import Prediction
from forge_core.models import allocator
from forge_core.serving import connections, description, listening, loading
from forge_core.serving import options as options_
from forge_core.serving.engines import Engine
from forge_core.serving.model_in_use import Source
from forge_core.serving.options import ServiceOptions
from forge_core.serving.requests import refusals, request_log
from forge_core.serving.requests.bodies import ASKED, ImageFile
from forge_core.serving.requests.refusals import ID_HEADER, ClientLeft, Refusal
from forge_core.serving.requests.request_log import RequestLog
from forge_core.serving.service import Service

STANDARD_TOP_K = 5
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Result = TypeVar("Result")


async def info(service: Service, _: Request) -> Response:
    """What this service is and how it is asked."""
    return JSONResponse(
        {
            "service": "Vision Forge",
            "predict": "POST /predict?top_k=5 with image files in the form field file",
            "documentation": "GET /docs, GET /openapi.json",
            "routes": [f"{each.method} {each.path}" for each in ENDPOINTS],
        }
    )


async def health(service: Service, _: Request) -> Response:
    """200 as long as the process lives; its checkpoint was proven before it listened."""
    served = service.model.engine.served
    return JSONResponse(
        {
            "status": "ok",
            "architecture": served.card.get("architecture"),
            **_origin(service.model.engine),
            "golden": asdict(service.model.golden),
            "note": served.note,
        }
    )


async def ready(service: Service, _: Request) -> Response:
    """200 while predictions may be asked for: the golden ones hold, and it does not end."""
    service.check_ready()
    return JSONResponse({"status": "ready", **_origin(service.model.engine)})


async def model(service: Service, _: Request) -> Response:
    """The card of the checkpoint in use, and how it was proven here."""
    served = service.model.engine.served
    shadow = service.shadow.engine if service.shadow else None
    return JSONResponse(
        {
            "card": served.card,
            "classes": served.class_names,
            "file": served.file_name,
            **_origin(service.model.engine),
            "golden": asdict(service.model.golden),
            "note": served.note,
            "versions": served.versions,
            "shadow": _origin(shadow) if shadow else None,
            "traffic_log": {"pictures": service.options.traffic_log_pictures}
            if service.traffic
            else None,
        }
    )


async def metrics(service: Service, _: Request) -> Response:
    """Numbers for Prometheus."""
    service.metrics.held_bytes.set(service.bodies.held_bytes)
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def shadow(service: Service, _: Request) -> Response:
    """The newest images that the shadow answers otherwise, by the hashes of their files."""
    if service.shadow is None:
        raise Refusal(
            404, "the shadow's disagreements", "There is no shadow.", "Start with --shadow."
        )
    return JSONResponse({"disagreements": [asdict(each) for each in service.shadow.disagreements]})


async def reload(service: Service, _: Request) -> Response:
    """Look now whether the file or the name means another checkpoint, and take it into use."""
    try:
        changed = await service.model.look_again()
    except ForgeError as error:
        raise Refusal(
            409, "another checkpoint", f"{error.message} The one in use stays.", error.next_step
        ) from error
    return JSONResponse({"changed": changed, **_origin(service.model.engine)})


async def predict(service: Service, request: Request) -> Response:
    """Class probabilities of each image; 422 when none of them could be read."""
    service.check_ready()
    async with service.bodies.read(request) as sent:
        top_k = sent.top_k if sent.top_k is not None else _top_k(request)
        request.state.facts["images"] = len(sent.files)
        request.state.facts["bytes"] = sum(len(file.data) for file in sent.files)
        engine, answers = await _unless_client_leaves(
            request, service.predict(sent.files, top_k, request.state.request_id)
        )
    request.state.facts["checkpoint"] = engine.served.sha256[:12]
    results = [_result(file, answer) for file, answer in zip(sent.files, answers, strict=True)]
    body = {"predictions": results, **_origin(engine), "request_id": request.state.request_id}
    headers = _origin_headers(engine)
    if all(isinstance(answer, ImageRejected) for answer in answers):
        error = results[0]["error"] | {"request_id": request.state.request_id}
        return JSONResponse({"error": error, **body}, 422, headers)
    return JSONResponse(body, headers=headers)


async def openapi(service: Service, _: Request) -> Response:
    """This service in OpenAPI."""
    return JSONResponse(description.openapi(bool(len(service.keys))))


async def docs(service: Service, _: Request) -> Response:
    """The same for people; the page loads nothing from elsewhere."""
    return HTMLResponse(description.page(bool(len(service.keys))))


def _origin(engine: Engine) -> dict[str, Any]:
    """What every answer names, so that it can be traced to the images it was trained on."""
    served = engine.served
    return {
        "checkpoint_sha256": served.sha256,
        "run_id": served.card.get("run_id"),
        "revision_id": served.card.get("revision_id"),
    }


def _origin_headers(engine: Engine) -> dict[str, str]:
    served = engine.served
    revision = served.card.get("revision_id")
    return {
        "X-Checkpoint-SHA256": served.sha256,
        "X-Revision": "none" if revision is None else str(revision),
    }


def _top_k(request: Request) -> int:
    text = request.query_params.get("top_k", str(STANDARD_TOP_K))
    try:
        return int(text[:20])
    except ValueError as error:
        raise Refusal(
            422, ASKED, "top_k is no whole number.", "Ask for 1 or more classes."
        ) from error


def _result(file: ImageFile, answer: Prediction | ImageRejected) -> dict[str, Any]:
    if isinstance(answer, Prediction):
        return {"filename": file.name} | asdict(answer)
    asked = f"a prediction for {file.name or 'a file without a name'}"
    return {"filename": file.name, "error": refusals.describe(answer, asked)}


async def _unless_client_leaves(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The outcome of some work, which is dropped when nobody waits for it any more.

    Raises:
        ClientLeft: The client closed its connection first.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.ensure_future(request.receive())  # after the body only the end can come
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeft
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait({working, leaving})


@dataclass(frozen=True)
class Endpoint:
    """One route, and the scope that a key needs for it; empty where none is needed."""

    method: str
    path: str
    scope: str
    answer: Callable[[Service, Request], Awaitable[Response]]


ENDPOINTS = (
    Endpoint("GET", "/", "", info),
    Endpoint("GET", "/health", "", health),
    Endpoint("GET", "/ready", "", ready),
    Endpoint("POST", "/predict", "predict", predict),
    Endpoint("GET", "/model", "read", model),
    Endpoint("GET", "/metrics", "read", metrics),
    Endpoint("GET", "/shadow", "read", shadow),
    Endpoint("POST", "/admin/reload", "admin", reload),
    Endpoint("GET", "/openapi.json", "", openapi),
    Endpoint("GET", "/docs", "", docs),
)


def create_app(service: Service) -> ASGIApp:
    """The ASGI app of a service; its background work lives as long as the app's lifespan."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with service.running():
            if threading.current_thread() is threading.main_thread():
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(signal.SIGHUP, service.reload_soon)
            yield

    app = Starlette(
        lifespan=lifespan,
        routes=[
            Route(each.path, _checked(service, each), methods=[each.method]) for each in ENDPOINTS
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=service.options.origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "X-API-Key", ID_HEADER, "Content-Type"],
                expose_headers=[ID_HEADER, *_origin_headers(service.model.engine)],
            )
        ],
        exception_handlers={
            Refusal: _refuse,
            ClientLeft: _say_nothing,
            HTTPException: _refuse_route,
            Exception: _refuse_unforeseen,
        },
    )
    return RequestLog(
        app,
        service.metrics,
        [each.path for each in ENDPOINTS],
        lambda: _origin_headers(service.model.engine),
    )


def _checked(service: Service, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint behind the scope that it needs."""

    async def answer(request: Request) -> Response:
        if endpoint.scope:
            client = service.keys.admit(_token(request), endpoint.scope)
            if client:
                request.state.facts["key"] = client
        return await endpoint.answer(service, request)

    return answer


def _token(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key")


async def _refuse(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return refusal.response(request.state.request_id)


class _Nothing(Response):
    """For a client that left; the log has its line."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


async def _say_nothing(_: Request, __: Exception) -> Response:
    return _Nothing()


async def _refuse_unforeseen(request: Request, _: Exception) -> Response:
    """Its trace is logged once, by `RequestLog`, to which it is raised again."""
    return refusals.internal().response(request.state.request_id)


async def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = Refusal(
        error.status_code,
        f"{request.method} {request.url.path}"[:200],
        "There is no such route." if error.status_code == 404 else f"{error.detail}.",
        "GET / names the routes there are.",
    )
    refusal.headers.update(error.headers or {})
    return refusal.response(request.state.request_id)


def run(
    source: Source,
    *,
    host: str,
    port: int,
    device: str = "auto",
    options: ServiceOptions,
    shadow: Path | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve until the process is asked to end; nothing listens before the checkpoint is proven.

    Args:
        source: Says which file is meant, also later.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        device: "auto", "cpu" or "cuda:0".
        options: Its bounds.
        shadow: A second checkpoint that sees the same images.
        tell: Says to a person where it listens.

    Raises:
        Conflict: Another program listens there.
        ForgeError: The address, the keys or a checkpoint cannot be used.
    """
    allocator.keep_freed_memory()
    bound = listening.bind(host, port)
    loader = partial(loading.load, device=device)
    service = Service(source, loader, options, loader(shadow) if shadow else None)
    request_log.write_json_lines()
    address = f"http://{host}:{bound.getsockname()[1]}"
    tell(f"Serving {service.model.engine.served.file_name} on {address} (GET / says how to ask)")
    if not len(service.keys) and host not in LOOPBACK:
        tell("It has no API keys: everybody who reaches it may ask. Add some with --keys.")
    if service.traffic:
        tell(f"Every answer is logged to {options.traffic_log}, {options.kept_pictures}.")
    connections.serve(create_app(service), options, bound, service.end)


def main(arguments: list[str] | None = None) -> None:
    """Serve a checkpoint; where that cannot be, end with a sentence and the code 1."""
    parser = argparse.ArgumentParser(prog="forge_core.serving.http", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:0")
    parser.add_argument("--shadow", type=Path, help="a second checkpoint, which answers nobody")
    asked = parser.parse_args(arguments)
    try:
        run(
            lambda: asked.checkpoint,
            host=asked.host,
            port=asked.port,
            device=asked.device,
            options=options_.from_environment(os.environ),
            shadow=asked.shadow,
            tell=partial(print, file=sys.stderr),
        )
    except ForgeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
