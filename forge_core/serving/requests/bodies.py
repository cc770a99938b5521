"""The image files of a request, whichever way they were sent, within limits of time and bytes."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Receive

from forge_core import storable_values
from forge_core.serving.options import ServiceOptions
from forge_core.serving.requests import refusals
from forge_core.serving.requests.refusals import ClientLeft, Refusal

ASKED = "predictions for the images of a request"
WAYS = (
    "Send multipart/form-data with files in the field file (curl -F file=@picture.jpg), one image "
    'as the body with its type image/*, or JSON {"images": ["BASE64", ...]}.'
)
_SMALL_BYTES = 2**18
"""Up to here JSON is read between two other requests; above, in a thread."""


@dataclass(frozen=True)
class ImageFile:
    """One image of a request."""

    name: str
    """As the client calls it; empty where it does not."""
    data: bytes


@dataclass(frozen=True)
class Sent:
    """What the body of a request holds."""

    files: list[ImageFile]
    top_k: int | None = None
    """How many classes to name, where the body says so."""


class _InMemory(MultiPartParser):
    """Files stay in memory, where their bytes are counted; nothing is written to a disk."""

    spool_max_size = 2**62


class BodyReader:
    """Reads bodies, all of them together within `ServiceOptions.bodies_bytes`.

    Args:
        options: Limits of time and bytes.
    """

    def __init__(self, options: ServiceOptions) -> None:
        self._options = options
        self._held_bytes = 0
        self._reading: set[asyncio.Timeout] = set()
        self._has_ended = False

    @property
    def held_bytes(self) -> int:
        """Bytes of all bodies that are received or worked on now."""
        return self._held_bytes

    def end(self) -> None:
        """Wait for no body any more: whoever still sends one is told so at once."""
        self._has_ended = True
        now = asyncio.get_running_loop().time()
        for timeout in self._reading:
            timeout.reschedule(now)

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[Sent]:
        """The files of a request; their bytes are held until the block ends.

        Raises:
            Refusal: The body is too large, too slow, or not of a form that is read.
            ClientLeft: The client ended the connection in the middle of it.
        """
        self._check_length(request.headers)
        counted = _Counted()
        try:
            yield await self._read_in_time(request, counted)
        finally:
            self._held_bytes -= counted.num_bytes

    def _check_length(self, headers: Headers) -> None:
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared[:20]) > self._options.body_bytes:
            raise self._too_large()

    async def _read_in_time(self, request: Request, counted: "_Counted") -> Sent:
        deadline = asyncio.get_running_loop().time() + self._options.body_seconds
        try:
            async with asyncio.timeout_at(deadline) as timeout:
                self._reading.add(timeout)
                if self._has_ended:
                    self.end()
                stream = self._stream(request.receive, counted, timeout, deadline)
                sent = await _parse(request.headers, stream, self._options.files)
                if timeout.expired():
                    raise TimeoutError
                return sent
        except TimeoutError as error:
            raise self._cut_short() from error
        finally:
            self._reading.discard(timeout)

    async def _stream(
        self, receive: Receive, counted: "_Counted", timeout: asyncio.Timeout, deadline: float
    ) -> AsyncGenerator[bytes, None]:
        """The chunks of a body, each counted and each in its time."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._has_ended:
                timeout.reschedule(min(deadline, loop.time() + self._options.idle_seconds))
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            chunk = message.get("body", b"")
            counted.num_bytes += len(chunk)
            self._held_bytes += len(chunk)
            if counted.num_bytes > self._options.body_bytes:
                raise self._too_large()
            if self._held_bytes > self._options.bodies_bytes:
                raise Refusal(
                    503,
                    ASKED,
                    "The requests that are worked on now take all the memory there is for them.",
                    "Ask again.",
                    retry_seconds=2,
                )
            if chunk:
                yield chunk
            if not message.get("more_body", False):
                return

    def _cut_short(self) -> Refusal:
        if self._has_ended:
            return refusals.ending(ASKED)
        return Refusal(
            408,
            ASKED,
            f"The body paused for {self._options.idle_seconds:g} seconds, or took more than "
            f"{self._options.body_seconds:g} as a whole.",
            "Send it without pauses, or fewer images at a time.",
        )

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            ASKED,
            f"The request is larger than {self._options.body_bytes:,} bytes.",
            "Send fewer or smaller files at a time.",
        )


@dataclass
class _Counted:
    """How much of one body has arrived."""

    num_bytes: int = 0


async def _parse(headers: Headers, stream: AsyncGenerator[bytes, None], max_files: int) -> Sent:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        sent = await _read_form(headers, stream, max_files)
    elif kind == "application/json":
        body = await _whole(stream)
        read = _read_json if len(body) <= _SMALL_BYTES else None
        sent = read(body) if read else await asyncio.to_thread(_read_json, body)
    elif kind.startswith("image/") or kind == "application/octet-stream":
        sent = Sent([ImageFile("", await _whole(stream))])
    else:
        found = f"Its body is {kind}." if kind else "It does not say what its body is."
        raise Refusal(415, ASKED, found, WAYS)
    if not sent.files:
        raise Refusal(422, ASKED, "There is no image in the request.", WAYS)
    if len(sent.files) > max_files:
        raise Refusal(
            422,
            ASKED,
            f"The request has {len(sent.files):,} images.",
            f"Send at most {max_files} at a time.",
        )
    return sent


async def _whole(stream: AsyncGenerator[bytes, None]) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def _read_form(headers: Headers, stream: AsyncGenerator[bytes, None], max_files: int) -> Sent:
    try:
        parser = _InMemory(headers, stream, max_files=max_files, max_fields=max_files)
        form = await parser.parse()
    except MultiPartException as error:
        raise Refusal(400, ASKED, f"The form cannot be read: {error.message}", WAYS) from error
    try:
        uploads = [entry for entry in form.getlist("file") if isinstance(entry, UploadFile)]
        files = [ImageFile(_plain(upload.filename), await upload.read()) for upload in uploads]
        top_k = form.get("top_k")
        return Sent(files, _whole_number(top_k) if isinstance(top_k, str) else None)
    finally:
        await form.close()


def _read_json(body: bytes) -> Sent:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, ASKED, "The body is not JSON.", WAYS) from error
    images = asked.get("images", []) if isinstance(asked, dict) else None
    if not isinstance(images, list):
        raise Refusal(422, ASKED, "The JSON has no list images.", WAYS)
    files = [_from_base64(entry, place) for place, entry in enumerate(images, start=1)]
    return Sent(files, _whole_number(asked["top_k"]) if "top_k" in asked else None)


def _from_base64(entry: Any, place: int) -> ImageFile:
    name = ""
    if isinstance(entry, dict):
        name, entry = entry.get("name", ""), entry.get("data")
    if not isinstance(entry, str) or not isinstance(name, str):
        raise Refusal(
            422,
            ASKED,
            f"Image {place} of the list is no text.",
            'Send "BASE64", or {"name": "a.jpg", "data": "BASE64"}.',
        )
    text = entry.partition(",")[2] if entry.startswith("data:") else entry
    try:
        return ImageFile(_plain(name), base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Refusal(
            422, ASKED, f"Image {place} of the list is not base64.", "Encode the bytes of its file."
        ) from error


def _whole_number(value: Any) -> int:
    try:
        return int(str(value)[:20])
    except ValueError as error:
        raise Refusal(
            422, ASKED, "top_k is no whole number.", "Ask for 1 or more classes."
        ) from error


def _plain(name: str | None) -> str:
    return storable_values.readable_text(name or "")
