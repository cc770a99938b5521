"""API keys: who may ask for what, and how often. Only hashes of them are ever kept or read."""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from forge_core import local_files
from forge_core.errors import InvalidInput
from forge_core.serving.requests.refusals import Refusal

SCOPES = {
    "predict": "predictions",
    "read": "the card, the metrics and the shadow's disagreements",
    "admin": "another checkpoint, and everything else",
}
"""What a key may be allowed; `admin` includes the others."""
KEY_PREFIX = "vf_"
_MAX_BYTES = 2**20


@dataclass
class ApiKey:
    """One client that is known."""

    name: str
    scopes: frozenset[str]
    rate_per_second: float | None
    """Requests that it may make, on average; None without a limit."""
    _tokens: float = field(default=0.0, repr=False)
    _counted_at: float = field(default=0.0, repr=False)

    def allows(self, scope: str) -> bool:
        """Whether the key may ask for what needs this scope."""
        return scope in self.scopes or "admin" in self.scopes

    def take_turn(self, now: float) -> float:
        """Count one request; the seconds to wait where it comes too early, else 0."""
        if self.rate_per_second is None:
            return 0.0
        most = max(1.0, self.rate_per_second)
        passed = now - self._counted_at if self._counted_at else most / self.rate_per_second
        self._tokens = min(most, self._tokens + passed * self.rate_per_second)
        self._counted_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self.rate_per_second
        self._tokens -= 1
        return 0.0


class KeyRing:
    """The keys of a service; an empty one lets everybody predict and read, nobody administer."""

    def __init__(
        self, keys: Mapping[str, ApiKey], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._by_hash = dict(keys)
        self._clock = clock

    def __len__(self) -> int:
        return len(self._by_hash)

    def admit(self, token: str | None, scope: str) -> str:
        """The name of the client that may do this now, for the log; "" where there are no keys.

        Raises:
            Refusal: 401 without a known key, 403 without the scope, 429 too often.
        """
        asked = f"what needs the scope {scope}"
        if not self._by_hash:
            if scope == "admin":
                raise Refusal(
                    403,
                    asked,
                    "This service has no API keys, so nobody may administer it.",
                    "Start it with --keys, or send it SIGHUP.",
                )
            return ""
        key = self._by_hash.get(hash_key(token)) if token else None
        if key is None:
            refusal = Refusal(
                401,
                asked,
                "The request carries no API key that is known here."
                if token
                else "The request carries no API key.",
                "Send the header Authorization: Bearer KEY.",
            )
            refusal.headers["WWW-Authenticate"] = "Bearer"
            raise refusal
        if not key.allows(scope):
            raise Refusal(
                403,
                asked,
                f"The key {key.name} has {', '.join(sorted(key.scopes)) or 'no scope'}.",
                f"Ask with a key of the scope {scope}.",
            )
        wait = key.take_turn(self._clock())
        if wait:
            raise Refusal(
                429,
                asked,
                f"The key {key.name} may ask {key.rate_per_second:g} times a second.",
                "Ask less often, or send several images in one request.",
                retry_seconds=wait,
            )
        return key.name


def hash_key(token: str) -> str:
    """SHA-256 in hex: enough for keys of 256 random bits, which nobody can guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def make_key(name: str, scopes: list[str], rate_per_second: float | None = None) -> tuple[str, str]:
    """A new key for a client, and the line that lets it in.

    Returns:
        The key, which is kept nowhere; and the line for the file of keys, with its hash.

    Raises:
        InvalidInput: The name, a scope or the rate cannot be used.
    """
    token = KEY_PREFIX + secrets.token_urlsafe(32)
    rate = "" if rate_per_second is None else f" {rate_per_second:g}"
    line = f"{name} {','.join(scopes)} {hash_key(token)}{rate}"
    _read_line(line, 1)
    return token, line


def add_line(path: Path, line: str) -> None:
    """Add the line of a key to a file, which is made where there is none, for its owner alone.

    Raises:
        InvalidInput: The name is taken, or the file cannot be read or written.
    """
    try:
        before = local_files.read_plain(path, _MAX_BYTES).decode() if path.exists() else ""
        if before.strip():
            read_keys(f"{before.rstrip()}\n{line}")
        with local_files.open_private(path, "ab") as file:
            file.write(("" if before[-1:] in ("", "\n") else "\n").encode() + f"{line}\n".encode())
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The key cannot be added to {path}.", detail=str(error)) from error


def read_keys(source: str) -> KeyRing:
    """The keys of a file, or of its text: a line for each, `NAME SCOPE,SCOPE SHA256 [RATE]`.

    Args:
        source: Path of the file, or the text itself; empty for no keys. `#` begins a comment.

    Raises:
        InvalidInput: It cannot be read, or a line is not of that form. No line is repeated in
            the message, lest somebody wrote a key there.
    """
    if not source.strip():
        return KeyRing({})
    text = source
    if len(source.split()) < 3:
        try:
            path = Path(source.strip()).expanduser()
            text = local_files.read_plain(path, _MAX_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise InvalidInput(
                "The file of API keys cannot be read.",
                next_step="Check its path, and that this user may read it.",
                detail=type(error).__name__,
            ) from error
    keys: dict[str, ApiKey] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.partition("#")[0].strip()
        if stripped:
            digest, key = _read_line(stripped, number)
            if digest in keys or key.name in {known.name for known in keys.values()}:
                raise InvalidInput(f"Line {number} of the API keys repeats a name or a key.")
            keys[digest] = key
    if not keys:
        raise InvalidInput(
            "There is no key among the API keys, so that nobody could ask.",
            next_step="Make one with `forge serve-key`, or leave --keys out.",
        )
    return KeyRing(keys)


def _read_line(line: str, number: int) -> tuple[str, ApiKey]:
    words = line.split()
    scopes = frozenset(words[1].split(",")) if len(words) > 1 else frozenset()
    rate = None
    try:
        rate = float(words[3]) if len(words) == 4 else None
    except ValueError:
        words = []
    is_hash = len(words) > 2 and len(words[2]) == 64 and set(words[2]) <= set("0123456789abcdef")
    has_rate = rate is None or 0 < rate <= 1e6
    if len(words) not in (3, 4) or not is_hash or not scopes <= SCOPES.keys() or not has_rate:
        raise InvalidInput(
            f"Line {number} of the API keys is not NAME SCOPE,SCOPE SHA256 [RATE]; scopes are "
            f"{', '.join(SCOPES)}, the rate is requests a second.",
            next_step="Make lines with `forge serve-key NAME --scope predict`.",
        )
    return words[2], ApiKey(words[0], scopes, rate)
