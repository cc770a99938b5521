"""Short-lived signed tokens: who is asking, without a session table.

A token is good for one workspace, which it names by its id.

It is `payload.signature`, both URL-safe base64; the payload is JSON, the signature
HMAC-SHA256 with a secret of the workspace. The write token travels in a header, which a
foreign page cannot set: that is the defence against cross-site requests. The read token
travels in a cookie, because `<img>` cannot send headers, and is refused for writing.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time

from forge_core.people.actor import Actor

WRITE = "write"
READ = "read"
MAX_TOKEN_CHARACTERS = 1024


def mint(
    secret: bytes,
    workspace_id: str,
    actor: Actor,
    lifetime_seconds: float = 3600,
    *,
    purpose: str = WRITE,
) -> str:
    """A token that names the actor until it expires.

    Args:
        secret: Key of the signature; never leaves the server.
        workspace_id: The workspace that it is good for.
        actor: Who the bearer is.
        lifetime_seconds: From now, by this machine's clock.
        purpose: `WRITE` (also good for reading) or `READ`.
    """
    claims = {
        "workspace": workspace_id,
        "author": actor.name,
        "purpose": purpose,
        "expires": time.time() + lifetime_seconds,
    }
    payload = _encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{payload}.{_encode(_sign(secret, payload))}"


def check(secret: bytes, workspace_id: str, token: str, *, purpose: str = WRITE) -> Actor | None:
    """The actor of a genuine, unexpired token of the workspace, good for the purpose; else None."""
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        return None
    payload, _, signature = token.partition(".")
    if not hmac.compare_digest(_encode(_sign(secret, payload)), signature):
        return None
    try:
        claims = json.loads(_decode(payload))
    except (binascii.Error, ValueError):  # signed by us, so only another version of ours
        return None
    if claims.get("workspace") != workspace_id:  # also one of a version that named none
        return None
    if claims["expires"] <= time.time() or claims["purpose"] not in (WRITE, purpose):
        return None
    return Actor(str(claims["author"]))


def _sign(secret: bytes, payload: str) -> bytes:
    return hmac.new(secret, payload.encode(), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
