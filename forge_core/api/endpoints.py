"""One shape for every route: who asks, what they send, and how a failure is told."""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db import failures
from forge_core.api import addresses, tokens
from forge_core.api.parsing import BodyTooLarge, check_values, read_bytes, read_json_object
from forge_core.catalog.importing.uploads.uploads import NoRoom
from forge_core.database_health import DatabaseAway
from forge_core.errors import (
    Conflict,
    ForgeError,
    ImageRejected,
    InvalidInput,
    NotFound,
    StorageUnavailable,
)
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

log = logging.getLogger(__name__)

TOKEN_HEADER = "X-Forge-Token"
COOKIE = "forge_read"
SECRET = "api"

STATUS_BY_ERROR: dict[type[ForgeError], HTTPStatus] = {
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ImageRejected: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    NoRoom: HTTPStatus.INSUFFICIENT_STORAGE,
}
"""The first entry that the error is an instance of decides; any other is a 503 if it passes by
itself, else a 500."""
RETRY_SECONDS = 2
"""What a 503 asks for: a database that was restarted answers about then."""

WorkspaceProvider = Callable[[], Workspace]
Handler = Callable[[Request], Awaitable[Response]]


class AccessRefused(ForgeError):
    """The token or cookie is missing, forged or expired."""


class OtherWorkspace(NotFound):
    """The address is of a workspace that is not here: a page that was opened before."""

    def __init__(self, asked: str, found: str) -> None:
        super().__init__(
            f"This page is of the workspace {asked[:60]!r}; the server has {found!r} now.",
            next_step="Reload the page.",
        )
        self.found = found


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """A request as the work behind a route sees it: checked for access, body parsed."""

    workspace: Workspace
    actor: Actor
    request: Request
    body: Mapping[str, Any] = field(default_factory=dict)
    data: bytes = b""
    """The body of a route of `data_route`."""


Work = Callable[[ApiRequest], Response | Mapping[str, Any]]


def read_route(provider: WorkspaceProvider, work: Work) -> Handler:
    """A GET route: needs the header or the cookie; the work runs in a thread."""

    async def handle(request: Request) -> Response:
        return await _answer(provider, request, work, writes=False)

    return handle


def write_route(provider: WorkspaceProvider, work: Work, *, checks_values: bool = False) -> Handler:
    """A POST route: needs the header with a write token; the work runs in a thread.

    Args:
        provider: Gives the workspace.
        work: What is done with the request.
        checks_values: Whether the work itself refuses what cannot be stored, as one that takes
            several things at once and answers each.
    """

    async def handle(request: Request) -> Response:
        return await _answer(provider, request, work, writes=True, checks_values=checks_values)

    return handle


def data_route(provider: WorkspaceProvider, work: Work, max_bytes: int) -> Handler:
    """A route that writes, as `write_route`, whose body is bytes: `ApiRequest.data`."""

    async def handle(request: Request) -> Response:
        return await _answer(provider, request, work, writes=True, max_data_bytes=max_bytes)

    return handle


def mint_token(
    workspace: Workspace,
    actor: Actor,
    lifetime_seconds: float = 3600,
    *,
    purpose: str = tokens.WRITE,
) -> str:
    """A token of the workspace for this person; see `tokens.mint`."""
    secret = workspace.secret(SECRET)
    return tokens.mint(secret, workspace.id, actor, lifetime_seconds, purpose=purpose)


def find_actor(workspace: Workspace, request: Request, *, writes: bool) -> Actor | None:
    """Who asks, by the header's token, or for reading also by the cookie; None when refused."""
    secret = workspace.secret(SECRET)
    actor = tokens.check(secret, workspace.id, request.headers.get(TOKEN_HEADER, ""))
    if actor is None and not writes:
        cookie = request.cookies.get(COOKIE, "")
        actor = tokens.check(secret, workspace.id, cookie, purpose=tokens.READ)
    return actor


def passes(error: Exception) -> bool:
    """Whether the same request will succeed later: the database or the storage is away or full."""
    return failures.passes(error) or isinstance(error, (DatabaseAway, StorageUnavailable))


def describe_error(error: Exception, request: Request) -> tuple[HTTPStatus, dict[str, str]]:
    """Status and JSON of a failure. What was not foreseen is logged, and its `error_id` told."""
    if isinstance(error, AccessRefused):
        status = HTTPStatus.UNAUTHORIZED
    elif isinstance(error, ForgeError):
        found = (code for kind, code in STATUS_BY_ERROR.items() if isinstance(error, kind))
        other = HTTPStatus.SERVICE_UNAVAILABLE if passes(error) else None
        status = next(found, other or HTTPStatus.INTERNAL_SERVER_ERROR)
    elif passes(error):
        log.warning("%s %s: %s", request.method, request.url.path, error)
        return HTTPStatus.SERVICE_UNAVAILABLE, {
            "message": "The database does not answer now.",
            "next_step": "Try again in a moment; if it stays, look whether its server runs.",
        }
    else:
        error_id = uuid.uuid4().hex[:8]
        log.error("error %s at %s %s", error_id, request.method, request.url.path, exc_info=error)
        return HTTPStatus.INTERNAL_SERVER_ERROR, {
            "message": "The server could not do this.",
            "next_step": f"Try again; if it stays, look for {error_id} in the server's log.",
            "error_id": error_id,
        }
    told = {"message": error.message, "next_step": error.next_step}
    if isinstance(error, OtherWorkspace):
        told["workspace"] = error.found  # the browser keeps what it wants to save for the other one
    return status, told


async def _answer(
    provider: WorkspaceProvider,
    request: Request,
    work: Work,
    *,
    writes: bool,
    checks_values: bool = False,
    max_data_bytes: int | None = None,
) -> Response:
    try:
        workspace = provider()
        named = request.path_params[addresses.PARAMETER]
        if named != workspace.id:
            raise OtherWorkspace(named, workspace.id)
        actor = find_actor(workspace, request, writes=writes)
        if actor is None:
            raise AccessRefused("This page's permission has expired.", next_step="Reload the page.")
        body: dict[str, Any] = {}
        data = b""
        if max_data_bytes is not None:
            data = await read_bytes(request, max_data_bytes)
        elif writes:
            body = await read_json_object(request)
        if not checks_values:
            check_values(body, "The request")
        asked = ApiRequest(workspace=workspace, actor=actor, request=request, body=body, data=data)
        answer = await run_in_threadpool(work, asked)
        if isinstance(answer, Response):
            return answer
        return JSONResponse(dict(answer), headers=NO_STORE)
    except Exception as error:  # the border: whatever happens, the browser gets JSON
        status, content = describe_error(error, request)
        wait = {"Retry-After": str(RETRY_SECONDS)}
        is_away = status == HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse(content, status, headers=NO_STORE | wait if is_away else NO_STORE)


NO_STORE = {"Cache-Control": "no-store"}
