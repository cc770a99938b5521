"""What every answer of the web app carries, and which host names it answers to.

Written for the bare ASGI interface: it adds a few bytes to a response and never buffers one,
so streams and web sockets pass through.
"""

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Components arrive as blob: modules. Streamlit's page has one inline script, and its
        # charts compile WebAssembly; none of it needs eval of text.
        "script-src 'self' blob: 'unsafe-inline' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

HEADERS: dict[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
"""Added to each answer that does not set the header itself."""


class SecurityHeaders:
    """Adds `HEADERS`; a route's own value of a header wins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and mark the start of its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with_defaults(message.get("headers", ()))}
            await send(message)

        await self.app(scope, receive, send_marked)


class AllowedHosts:
    """Refuses requests and web sockets whose Host header is not one of ours.

    Without it, a foreign page could point its own name at this machine (DNS rebinding) and
    read the catalog through the visitor's browser.

    Args:
        app: The application behind.
        allowed: Names separated by commas, without ports; `*` for any, `*.name` for a domain.
    """

    def __init__(self, app: ASGIApp, allowed: str) -> None:
        self.app = app
        self.allowed = [name.strip().lower() for name in allowed.split(",") if name.strip()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or end it."""
        if scope["type"] not in ("http", "websocket") or self._allows(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "host not allowed"})
        else:
            refusal = PlainTextResponse(
                "This host name is not allowed. Add it to FORGE_ALLOWED_HOSTS.", 400
            )
            await refusal(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        host = host_name(Headers(scope=scope).get("host", ""))
        return any(
            pattern in ("*", host)
            or (pattern.startswith("*.") and host.endswith(pattern[1:]) and host != pattern[1:])
            for pattern in self.allowed
        )


def host_name(host: str) -> str:
    """The Host header's name without its port, lower case; IPv6 keeps its brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _with_defaults(headers: Iterable[Any]) -> list[tuple[bytes, bytes]]:
    present = [(bytes(name), bytes(value)) for name, value in headers]
    names = {name.lower() for name, _ in present}
    missing = [
        (name.encode(), value.encode())
        for name, value in HEADERS.items()
        if name.lower().encode() not in names
    ]
    return present + missing
