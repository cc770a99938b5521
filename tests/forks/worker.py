"""The interpreter of a pytest-xdist worker: a fork of the suite's server, not a fresh start.

execnet starts this file where it would start `python -u -c BOOTSTRAP`, and speaks over its standard
streams. They are handed to a fork that has imported what the tests import, which takes each fresh
worker half a minute of processor time; this process then waits for its end.
"""

import json
import os
import socket
import sys
from pathlib import Path


def main() -> None:
    """Ask the server for a fork with these streams; end when it has."""
    address, bootstrap = os.environ["TESTS_FORK_SERVER"], sys.argv[-1]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = {"worker": bootstrap, "environment": dict(os.environ), "folder": str(Path.cwd())}
        line = (json.dumps(request) + "\n").encode()
        socket.send_fds(connection, [line[:1]], [0, 1, 2])
        connection.sendall(line[1:])
        for number in (0, 1):  # the fork alone holds them: who reads sees its end
            os.close(number)
        while connection.recv(1024):
            pass  # the fork holds the other end until it ends


if __name__ == "__main__":
    main()
