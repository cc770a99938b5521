"""The one shape of an answer that is a refusal."""

from typing import Any

from starlette.responses import JSONResponse

from forge_core.errors import ForgeError, ImageRejected

ID_HEADER = "x-request-id"


class Refusal(Exception):
    """A request that gets an error answer: what was asked, what was found, what to do next.

    Args:
        status: HTTP status.
        asked: What the request asked for.
        found: What stood against it, a sentence.
        next_step: What the client can do, a sentence.
        retry_seconds: When to ask again, where that is the way out.
    """

    def __init__(
        self,
        status: int,
        asked: str,
        found: str,
        next_step: str,
        *,
        retry_seconds: float | None = None,
    ) -> None:
        super().__init__(found)
        self.status = status
        self.error = {"asked": asked, "found": found, "next_step": next_step}
        self.headers: dict[str, str] = {}
        if retry_seconds is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_seconds)))

    def response(self, request_id: str) -> JSONResponse:
        """The answer to the request of this id."""
        return JSONResponse(
            {"error": {**self.error, "request_id": request_id}}, self.status, self.headers
        )


class ClientLeft(Exception):
    """The client closed its connection; nobody reads an answer any more."""


def internal() -> Refusal:
    """For what nobody foresaw: the log has the rest, under the request's id."""
    return Refusal(
        500,
        "an answer",
        "The service failed at it.",
        "Look into the log of the service for the id of this request.",
    )


def ending(asked: str) -> Refusal:
    """For a request that the end of the service cuts off."""
    return Refusal(503, asked, "The service ends.", "Ask again in a moment.", retry_seconds=5)


def describe(error: ForgeError, asked: str) -> dict[str, Any]:
    """A foreseen failure of one image of a request."""
    described = {"asked": asked, "found": error.message, "next_step": error.next_step}
    return described | ({"reason": error.reason} if isinstance(error, ImageRejected) else {})
