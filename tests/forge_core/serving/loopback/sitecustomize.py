"""Says in a file what leaves this machine, in every process that is started with this folder.

Python imports a module of this name at its start; `PYTHONPATH` names the folder. `TESTS_STRANGERS`
names the file, which also gets one line a process: that it is watched.
"""

import ipaddress
import os
import sys
from pathlib import Path
from typing import Any

EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.sendto")
VARIABLE = "TESTS_STRANGERS"


def find_stranger(event: str, arguments: tuple[Any, ...]) -> tuple[str, Any] | None:
    """Whom an event of the interpreter calls or looks up outside this machine."""
    if event not in EVENTS:
        return None
    address = arguments[0 if event == "socket.getaddrinfo" else 1]
    host = address[0] if isinstance(address, tuple) else address
    return None if _is_here(host) else (event, address)


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost") or isinstance(host, bytes):
        return True
    text = str(host)
    if text.startswith(("/", "\0")):  # a socket of this machine
        return True
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _note(*words: object) -> None:
    with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(" ".join(map(str, words)) + "\n")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    stranger = find_stranger(event, arguments)
    if stranger is not None:
        _note("stranger", *stranger)


if __name__ == "sitecustomize" and VARIABLE in os.environ:
    _note("watched", *sys.orig_argv)
    sys.addaudithook(_watch)
