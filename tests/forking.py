"""Processes of tests begin with everything imported: they are forked, not started.

A process that trains imports for seconds before its first line, and the suite starts a hundred of
them. Here one server, shared by all processes of the suite, imports what jobs need once. A
supervisor, worker or web server that a test starts by `subprocess.Popen([python, "-m", module,
...])` is a fork of it: with its own session, environment, log and exit status, and with the module
run from its first line. What a start itself does is tested by those that ask for `started_anew`.
The workers of pytest-xdist are forks of it as well (`forks.worker`).

Only on Linux, where a fork of a process that has imported torch is sound; elsewhere all start.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

ROOT = Path(__file__).parents[1]
HAS_GPU = Path("/dev/nvidiactl").exists()
JOB_MODULES = ("forge_core", "tests.")
WEB_MODULE = "streamlit"
MODULES = (*JOB_MODULES, WEB_MODULE)
"""What is forked where it would be started by `python -m`; all of the tests' own."""
ROOMS = ("jobs", "runs", "predictions", "handlers", "api")
"""Rooms of forge_core whose modules the server imports, all of them."""
ALSO_IMPORTED = (
    "torchvision.transforms.v2",
    "torch._dynamo",  # each step of an optimizer asks for it
    "streamlit.web.cli",
    "streamlit.web.server.starlette.starlette_app",
    "streamlit.testing.v1",
    "plotly.graph_objects",
    "starlette.testclient",
    "sklearn.linear_model",
    "onnx",
)
SERVER = "TESTS_FORK_SERVER"
"""Variable with the server's socket, in the processes that it forked."""
START_SECONDS = 300.0
_started = subprocess.Popen
is_used = sys.platform == "linux"
is_allowed = True


class ForkingPopen(subprocess.Popen[Any]):
    """`subprocess.Popen`, but a fork where the command is one of `MODULES` with a log file."""

    def __new__(cls, command: Any = (), *more: Any, **options: Any) -> Any:
        if not more and _is_apart(options) and (words := _module_of(command)):
            assert is_allowed, "mark this test with `process`: it starts a job's process"
            if is_used:
                folder = options.get("cwd") or Path.cwd()
                return start(words[0], words[1:], options["env"], options["stdout"].name, folder)
        return super().__new__(cls)


class Forked:
    """What `subprocess.Popen` says of a process, of one that the server forked."""

    def __init__(self, pid: int, args: Sequence[str]) -> None:
        self.pid = pid
        self.args = list(args)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, or minus the signal that ended it; None while it runs."""
        if self.returncode is None:
            self.returncode = _ask({"poll": self.pid})["status"]
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, once it has ended."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                assert timeout is not None
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.01)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def leave_out_triton() -> None:
    """torch imports triton wherever it is installed, and needs it for GPUs alone.

    It takes part of a second, and its library ends every process with sixty lines about its own
    leaks. So without a GPU it is not there for the tests, as with torch's builds for processors.
    """
    if not HAS_GPU:
        sys.modules.setdefault("triton", None)  # type: ignore[arg-type]


def use() -> None:
    """From now on this process forks what it would start."""
    subprocess.Popen = ForkingPopen  # type: ignore[misc]


def serve_workers() -> list[str]:
    """Start the server; the command of an interpreter that is a fork of it (see forks.worker)."""
    address = _address()
    _start_server(address)
    os.environ[SERVER] = str(address)
    return [sys.executable, str(ROOT / "tests" / "forks" / "worker.py")]


def start(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: str,
    folder: Path | str,
) -> Forked:
    """Run a module in a folder as `python -m` does, in a session of its own; it writes to `log`."""
    request = {
        "module": module,
        "arguments": list(arguments),
        "environment": dict(environment),
        "log": str(Path(log).resolve()),
        "folder": str(folder),
    }
    return Forked(_ask(request)["pid"], [sys.executable, "-m", module, *arguments])


def list_alive(folder: Path) -> list[int]:
    """The forked processes of jobs that run on the workspace in this folder."""
    if not is_used or not _address().exists():
        return []
    found: list[int] = _ask({"list": str(folder)})["pids"]
    return found


def _module_of(command: Any) -> list[str]:
    """The module that `python -m` would run, if it is one of `MODULES`, and its arguments."""
    words = list(command) if isinstance(command, list | tuple) else []
    for expected in ([sys.executable, "-P", "-m"], [sys.executable, "-m"]):
        if words[: len(expected)] == expected:
            rest = words[len(expected) :]
            return rest if rest and rest[0].startswith(MODULES) else []
    return []


def _is_apart(options: Mapping[str, Any]) -> bool:
    """Whether it shall have a session, an environment and a log of its own, and no input."""
    return (
        options.get("stdin") == subprocess.DEVNULL
        and hasattr(options.get("stdout"), "name")
        and options.get("env") is not None
        and bool(options.get("start_new_session"))
    )


def _address() -> Path:
    """One socket for all processes of a suite: they are the children of one."""
    if SERVER in os.environ:
        return Path(os.environ[SERVER])
    return Path(tempfile.gettempdir()) / f"forge-forks-{_owner()}"


def _owner() -> int:
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _ask(request: Mapping[str, Any]) -> dict[str, Any]:
    address = _address()
    if not address.exists():
        _start_server(address)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(address))
        with connection.makefile("rw") as stream:
            stream.write(json.dumps(request) + "\n")
            stream.flush()
            answer: dict[str, Any] = json.loads(stream.readline())
    return answer


def _start_server(address: Path) -> None:
    """Start the server unless another process of the suite has done so; return when it answers."""
    with FileLock(f"{address}.lock"):
        if address.exists():
            return
        server = _started(
            [sys.executable, "-m", "tests.forking", str(address), str(_owner())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while not address.exists():
            assert server.poll() is None, f"the server of forks ended with {server.returncode}"
            assert time.monotonic() < deadline, "the server of forks is not ready"
            time.sleep(0.02)


# In the server


class Server:
    """Forks, and tells how its forks ended; leaves when the suite has."""

    def __init__(self, address: Path, owner: int) -> None:
        self._address = address
        self._owner = owner
        self._statuses: dict[int, int | None] = {}
        self._folders: dict[int, str] = {}

    def serve(self) -> None:
        """Answer until the suite's first process is gone."""
        unready = self._address.with_name(f"{self._address.name}.unready")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(unready))
            listener.listen(64)
            unready.rename(self._address)
            try:
                while _is_there(self._owner):
                    readable, _, _ = select.select([listener], [], [], 1.0)
                    if readable:
                        connection, _ = listener.accept()
                        with connection, contextlib.suppress(ConnectionError):
                            self._serve_one(connection, listener)
                self._end_all()
            finally:
                self._address.unlink(missing_ok=True)
                Path(f"{self._address}.lock").unlink(missing_ok=True)

    def _serve_one(self, connection: socket.socket, listener: socket.socket) -> None:
        first, streams, _, _ = socket.recv_fds(connection, 1, 3)
        with connection.makefile("rw") as stream:
            line = first.decode() + stream.readline()
            request = json.loads(line) if line.endswith("\n") else None
            if request is None:
                pass  # who asked was killed before the end of its question
            elif "worker" not in request:
                stream.write(json.dumps(self._answer(request, listener)) + "\n")
            elif os.fork() == 0:
                listener.close()
                _work(request, streams)
        for each in streams:
            os.close(each)

    def _answer(self, request: dict[str, Any], listener: socket.socket) -> dict[str, Any]:
        if "poll" in request:
            return {"status": self._status(request["poll"])}
        if "list" in request:
            named = [pid for pid, folder in self._folders.items() if folder == request["list"]]
            return {"pids": [pid for pid in named if self._status(pid) is None]}
        pid = os.fork()
        if pid == 0:
            listener.close()
            _run(request, self._address)
        self._statuses[pid] = None
        if request["module"].startswith(JOB_MODULES):
            self._folders[pid] = request["environment"].get("FORGE_WORKSPACE", "")
        return {"pid": pid}

    def _status(self, pid: int) -> int | None:
        if self._statuses[pid] is None:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._statuses[pid] = os.waitstatus_to_exitcode(status)
        return self._statuses[pid]

    def _end_all(self) -> None:
        for pid in self._statuses:
            if self._status(pid) is None:
                os.kill(pid, signal.SIGKILL)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _run(request: dict[str, Any], address: Path) -> None:
    """In the fork: become the process that was asked for, and end as it ends."""
    status = 1
    try:
        os.setsid()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"], **{SERVER: str(address)})
        log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(log, 1)
        os.dup2(log, 2)
        faulthandler.enable()
        sys.argv = [request["module"], *request["arguments"]]
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _work(request: dict[str, Any], streams: Sequence[int]) -> None:
    """In the fork: become a worker of pytest-xdist that speaks over these streams."""
    try:
        os.setsid()
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        sys.argv = ["-c"]
        exec(request["worker"], {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)  # what it had to say it has said to execnet


def main() -> None:
    """Import, then serve: `python -m tests.forking ADDRESS OWNER`."""
    leave_out_triton()
    warnings.filterwarnings("ignore", message=".*found in sys.modules after import", module="runpy")
    for room in ROOMS:
        path = importlib.import_module(f"forge_core.{room}").__path__
        for found in pkgutil.walk_packages(path, f"forge_core.{room}."):
            importlib.import_module(found.name)
    for name in ALSO_IMPORTED:
        importlib.import_module(name)
    from forge_core.jobs import processes

    use()
    # Whom would jobs let go first? Only other tests, some of which wait for them.
    processes.step_back = lambda *_, **__: None  # type: ignore[assignment]
    gc.collect()
    gc.freeze()
    Server(Path(sys.argv[1]), int(sys.argv[2])).serve()
    os._exit(0)  # nothing here is worth the second that torch takes to leave


if __name__ == "__main__":
    from tests import forking

    forking.main()
