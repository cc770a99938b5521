"""A port of this machine to listen on, or a sentence why there is none."""

import errno
import socket

from forge_core.errors import Conflict, InvalidInput


def bind(host: str, port: int) -> socket.socket:
    """A socket that is bound and does not listen yet; port 0 for a free one.

    Raises:
        Conflict: Another program listens there.
        InvalidInput: The port or the address cannot be used by this user on this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"Another program listens on port {port} of {host} already.",
                next_step="Name another --port, or end that program; if it is Vision Forge, it may "
                "be open in your browser.",
            ) from error
        raise InvalidInput(
            f"No server can listen on port {port} of {host}: {error.strerror or error}.",
            next_step="Ports below 1024 are for the administrator; --host names an address of "
            "this machine.",
        ) from error
    return bound
