"""Exchange a header's token for the cookie that lets `<img>` read."""

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forge_core.api import addresses, tokens
from forge_core.api.endpoints import (
    COOKIE,
    NO_STORE,
    ApiRequest,
    WorkspaceProvider,
    mint_token,
    write_route,
)
from forge_core.api.parsing import check_fields

COOKIE_SECONDS = 12 * 3600


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/session`."""
    return [Route("/session", write_route(provider, open_session), methods=["POST"])]


def open_session(asked: ApiRequest) -> Response:
    """Set the read cookie: not readable by scripts, not sent by other sites, for this workspace."""
    check_fields(asked.body, (), "A session")
    response = JSONResponse({"author": asked.actor.name}, headers=NO_STORE)
    response.set_cookie(
        COOKIE,
        mint_token(asked.workspace, asked.actor, COOKIE_SECONDS, purpose=tokens.READ),
        max_age=COOKIE_SECONDS,
        path=addresses.root(asked.workspace.id),
        httponly=True,
        samesite="strict",
        secure=asked.request.url.scheme == "https",
    )
    return response
