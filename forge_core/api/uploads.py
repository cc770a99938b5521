"""Take in files from the browser, many small ones in a request or a large one in several.

The body of `/uploads/{upload_id}/parts` is four bytes with the length of a JSON text (big end
first), that text, a list of `{"path", "offset", "size", "modified"}` (in milliseconds since 1970),
and the parts' bytes one after another.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from starlette.routing import Route

from forge_core.api import parsing
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, data_route, write_route
from forge_core.catalog.importing.uploads import earlier, uploads
from forge_core.catalog.importing.uploads.earlier import WantedFile
from forge_core.catalog.importing.uploads.uploads import Part
from forge_core.errors import InvalidInput

MAX_PARTS_BYTES = 16 * 2**20
MAX_PATHS = 1000
_LENGTH_BYTES = 4
_PART_FIELDS = ("path", "offset", "size", "modified")
_WANTED_FIELDS = ("path", "size", "modified")


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/uploads` and what is below it."""
    one = "/uploads/{upload_id}"
    return [
        Route("/uploads", write_route(provider, begin), methods=["POST"]),
        Route(f"{one}/parts", data_route(provider, store, MAX_PARTS_BYTES), methods=["POST"]),
        Route(f"{one}/arrived", write_route(provider, tell_arrived), methods=["POST"]),
        Route(f"{one}/adopt", write_route(provider, adopt), methods=["POST"]),
        Route(f"{one}/finish", write_route(provider, finish), methods=["POST"]),
        Route(f"{one}/cancel", write_route(provider, cancel), methods=["POST"]),
    ]


def begin(asked: ApiRequest) -> Mapping[str, Any]:
    """An id for `num_files` files of `size_bytes` together, and whether `adopt` may find some."""
    parsing.check_fields(asked.body, ("num_files", "size_bytes"), "An upload")
    upload_id = uploads.begin(
        asked.workspace,
        asked.actor,
        num_files=_number(asked.body, "num_files"),
        size_bytes=_number(asked.body, "size_bytes"),
    )
    others = earlier.list_unfinished(asked.workspace, asked.actor, besides=upload_id)
    return {"upload_id": upload_id, "has_earlier": bool(others)}


def store(asked: ApiRequest) -> Mapping[str, Any]:
    """Write the parts of a body; tells which cannot be taken."""
    refused = uploads.store(asked.workspace, asked.actor, _id(asked), read_parts(asked.data))
    return {"refused": [asdict(problem) for problem in refused]}


def tell_arrived(asked: ApiRequest) -> Mapping[str, Any]:
    """How many bytes of each of the `paths` are here."""
    parsing.check_fields(asked.body, ("paths",), "The request")
    paths = _texts(asked.body, "paths")
    return {"arrived": uploads.arrived(asked.workspace, asked.actor, _id(asked), paths)}


def adopt(asked: ApiRequest) -> Mapping[str, Any]:
    """What of the `files` earlier uploads have brought is taken over: bytes by path."""
    parsing.check_fields(asked.body, ("files",), "The request")
    listed = asked.body.get("files")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise InvalidInput("files is not a list of objects.")
    if len(listed) > MAX_PATHS:
        raise InvalidInput(f"files has more than {MAX_PATHS:,} entries.")
    wanted = []
    for entry in listed:
        parsing.check_fields(entry, _WANTED_FIELDS, "A file")
        if not isinstance(entry.get("path"), str):
            raise InvalidInput("A file names no path.")
        size, modified = _number(entry, "size"), _number(entry, "modified")
        wanted.append(WantedFile(path=entry["path"], size_bytes=size, modified_ms=modified))
    return {"arrived": earlier.adopt(asked.workspace, asked.actor, _id(asked), wanted)}


def finish(asked: ApiRequest) -> Mapping[str, Any]:
    """All has come, save the `unreadable` ones."""
    parsing.check_fields(asked.body, ("unreadable",), "The request")
    unreadable = _texts(asked.body, "unreadable")
    num_files = uploads.finish(asked.workspace, asked.actor, _id(asked), unreadable)
    earlier.remove_adopted(asked.workspace, asked.actor, _id(asked))
    return {"num_files": num_files}


def cancel(asked: ApiRequest) -> Mapping[str, Any]:
    """Remove what has arrived."""
    parsing.check_fields(asked.body, (), "The request")
    uploads.cancel(asked.workspace, asked.actor, _id(asked))
    return {"cancelled": True}


def read_parts(data: bytes) -> Iterator[Part]:
    """The parts of a body.

    Raises:
        InvalidInput: The body is not laid out as it must be; then no part is given at all.
    """
    length = int.from_bytes(data[:_LENGTH_BYTES], "big")
    start = _LENGTH_BYTES + length
    try:
        listed = json.loads(data[_LENGTH_BYTES:start].decode())
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The list of the parts is not JSON.", detail=str(error)[:200]) from None
    parsing.check_values(listed, "The list of the parts")
    if not isinstance(listed, list) or not all(isinstance(part, dict) for part in listed):
        raise InvalidInput("The list of the parts is not a list of objects.")
    view, parts = memoryview(data), []
    for entry in listed:
        parsing.check_fields(entry, _PART_FIELDS, "A part")
        if not isinstance(entry.get("path"), str):
            raise InvalidInput("A part names no path.")
        size = _number(entry, "size")
        offset = _number(entry, "offset")
        modified = _number(entry, "modified") if "modified" in entry else None
        data_of_part = view[start : start + size]
        parts.append(
            Part(path=entry["path"], offset=offset, data=data_of_part, modified_ms=modified)
        )
        start += size
    if start != len(data):
        raise InvalidInput("The parts are not as long as their list says.")
    return iter(parts)


def _id(asked: ApiRequest) -> str:
    return str(asked.request.path_params["upload_id"])


def _number(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidInput(f"{name} is not a whole number of 0 or more.")
    return value


def _texts(values: Mapping[str, Any], name: str) -> list[str]:
    value = values.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise InvalidInput(f"{name} is not a list of texts.")
    if len(value) > MAX_PATHS:
        raise InvalidInput(f"{name} has more than {MAX_PATHS:,} entries.")
    return value
