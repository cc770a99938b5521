"""The Jobs API of a Ray head as tests drive it: real HTTP, and jobs that stand as a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class RayHead:
    """Jobs by their submission ids, and what was asked."""

    def __init__(self) -> None:
        self.address = ""
        self.token = ""
        self.jobs: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []

    def stand(self, status: str, *, logs: str | None = None, **values: Any) -> None:
        """Let the only job stand like this."""
        (job,) = self.jobs.values()
        job.update(status=status, **values)
        if logs is not None:
            job["logs"] = logs

    def answer(self, method: str, path: str, values: Any) -> tuple[int, Any]:
        """Status and document."""
        parts = path.removeprefix("/api/jobs/").split("/")
        if method == "POST" and parts == [""]:
            self.jobs[values["submission_id"]] = {**values, "status": "PENDING", "logs": ""}
            return 200, {"submission_id": values["submission_id"]}
        if parts == [""]:
            return 200, list(self.jobs.values())
        job = self.jobs.get(parts[0])
        if job is None:
            return 404, f"Job {parts[0]} does not exist"
        match parts[1:]:
            case ["logs"]:
                return 200, {"logs": job["logs"]}
            case ["stop"]:
                self.stopped.append(parts[0])
                return 200, {"stopped": True}
        return 200, job


@contextmanager
def started() -> Iterator[RayHead]:
    """A head that answers until the block ends."""
    head = RayHead()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            self._reply("GET", None)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self._reply("POST", json.loads(self.rfile.read(length) or b"null"))

        def _reply(self, method: str, values: Any) -> None:
            status, document = head.answer(method, self.path, values)
            if head.token and self.headers.get("Authorization") != f"Bearer {head.token}":
                status, document = 403, "Forbidden: Invalid authentication token"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    head.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield head
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
