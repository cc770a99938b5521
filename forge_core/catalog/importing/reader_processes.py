"""Read files of an import in processes of their own: for thousands, twice as fast as threads.

Measured (ADR 0012): two threads read small pictures no faster than one, because the interpreter
lock changes hands at every call; two processes are twice as fast. A decoder that crashes takes its
process with it, and only the file that did it is left out.

TIFF are read so however few there are: what libtiff has to say it prints to the standard error of
its process, where only a process that reads one file at a time can tell whose line it is.

The processes run this module; they get names and give back what `read_file` found, as a length,
a JSON header and the bytes. Nothing is pickled.
"""

import contextlib
import json
import os
import queue
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.reading import ReadFile, read_file
from forge_core.imaging.decode import DecodeLimits
from forge_core.imaging.decoder_warnings import PrintedLines

MIN_FILES = 4_000
"""Fewer are read by threads: a process uses 0.1 s to start."""
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

Outcome = ReadFile | ImportProblem
Reader = Callable[[Sequence[ScannedFile]], list[Outcome]]
_PIPE_BYTES = 2**20
_LENGTH = struct.Struct(">Q")
_SENT = (
    *("content_hash", "perceptual_hash", "width", "height", "mime", "size_bytes", "stamp"),
    *("frames", "deep_greys", "warnings"),
)


@contextmanager
def reader_of(
    root: str, num_files: int, *, limits: DecodeLimits, with_data: bool
) -> Iterator[Reader]:
    """A function that reads a batch of files below `root`; any thread may call it.

    Args:
        root: The folder that the files' paths are relative to.
        num_files: How many there will be; decides whether processes are worth their start.
        limits: As for `decode.decode_image`.
        with_data: Whether the caller needs the bytes of the files.
    """
    is_large = num_files >= MIN_FILES
    processes = _Processes(root, limits, with_data)
    try:
        yield processes.read if is_large else partial(_read_apart, processes, root, limits)
    finally:
        processes.end()


def _read_apart(
    processes: "_Processes", root: str, limits: DecodeLimits, files: Sequence[ScannedFile]
) -> list[Outcome]:
    """TIFF by a process, all others in this thread."""
    are_tiff = [_is_tiff(f"{root}/{file.path}") for file in files]
    tiffs = [file for file, is_tiff in zip(files, are_tiff, strict=True) if is_tiff]
    printing = iter(processes.read(tiffs) if tiffs else ())
    return [
        next(printing) if is_tiff else read_file(root, file, limits=limits)
        for file, is_tiff in zip(files, are_tiff, strict=True)
    ]


def _is_tiff(path: str) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False  # whoever reads it says why
    try:
        return os.read(handle, 4) in _TIFF_MARKS
    except OSError:
        return False
    finally:
        os.close(handle)


class _Processes:
    """One process a processor, started when it is asked; each reads one batch at a time."""

    def __init__(self, root: str, limits: DecodeLimits, with_data: bool) -> None:
        self._root = root
        self._first = [root, limits.max_bytes, limits.max_pixels, str(limits.window), with_data]
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes] | None] = queue.SimpleQueue()
        self._all: list[subprocess.Popen[bytes]] = []
        for _ in range(os.cpu_count() or 1):
            self._idle.put(None)

    def read(self, files: Sequence[ScannedFile]) -> list[Outcome]:
        process = self._idle.get()
        try:
            process = process or self._start()
            return self._ask(process, files)
        except (OSError, EOFError):
            if process is None:  # it cannot be started
                raise
            process.kill()
            process = self._start()
            if len(files) == 1:
                return [_crashed(files[0])]
        finally:
            self._idle.put(process)
        return [outcome for file in files for outcome in self.read([file])]

    def end(self) -> None:
        for process in self._all:
            process.kill()
        for process in self._all:
            process.wait()
            for stream in (process.stdin, process.stdout):
                assert stream is not None, "both are pipes"
                try:
                    stream.close()
                except OSError:  # what was not sent is not wanted any more
                    continue

    def _start(self) -> subprocess.Popen[bytes]:
        source = str(Path(__file__).parents[3])
        known = os.environ.get("PYTHONPATH", "")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what decoders print comes with their file
            env={**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{known}" if known else source},
        )
        _widen(process.stdout)
        self._all.append(process)
        _send(process.stdin, self._first)
        return process

    def _ask(self, process: subprocess.Popen[bytes], files: Sequence[ScannedFile]) -> list[Outcome]:
        _send(process.stdin, [file.path for file in files])
        header, view = _receive(process.stdout)
        outcomes: list[Outcome] = []
        start = 0
        for file, (values, problem, thumbnail_bytes, data_bytes) in zip(files, header, strict=True):
            if problem is not None:
                outcomes.append(ImportProblem(*problem))
                continue
            middle, end = start + thumbnail_bytes, start + thumbnail_bytes + data_bytes
            facts: dict[str, Any] = dict(zip(_SENT, values, strict=True))
            facts["stamp"] = tuple(facts["stamp"])
            facts["deep_greys"] = tuple(facts["deep_greys"]) if facts["deep_greys"] else None
            outcomes.append(
                ReadFile(
                    file=file,
                    path=f"{self._root}/{file.path}",
                    thumbnail=view[start:middle],
                    data=view[middle:end],
                    **facts,
                )
            )
            start = end
        return outcomes


def _widen(stream: IO[bytes] | None) -> None:
    """Let a pipe hold a whole batch, where the system can: fewer turns between the processes."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        assert stream is not None, "it is a pipe"
        fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _crashed(file: ScannedFile) -> ImportProblem:
    shown = printable(file.path)
    message = f"“{shown}” made the decoder crash; the file is damaged."
    return ImportProblem(shown, "damaged", message)


def _send(stream: IO[bytes] | None, header: object, parts: Sequence[bytes] = ()) -> None:
    assert stream is not None, "it is a pipe"
    encoded = json.dumps(header).encode()
    size = sum(map(len, parts))
    stream.write(b"".join((_LENGTH.pack(len(encoded)), _LENGTH.pack(size), encoded, *parts)))
    stream.flush()


def _receive(stream: IO[bytes] | None) -> tuple[Any, bytes]:
    """The header and the bytes after it.

    Raises:
        EOFError: The other side has ended.
    """
    assert stream is not None, "it is a pipe"
    lengths = _exactly(stream, 2 * _LENGTH.size)
    header = _exactly(stream, _LENGTH.unpack_from(lengths)[0])
    return json.loads(header), _exactly(stream, _LENGTH.unpack_from(lengths, _LENGTH.size)[0])


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def main() -> None:
    """Read what stdin names until it ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    (root, max_bytes, max_pixels, window, with_data), _ = _receive(requests)
    limits = DecodeLimits(max_bytes=max_bytes, max_pixels=max_pixels).with_window(window)
    printed = PrintedLines()
    while True:
        try:
            paths, _ = _receive(requests)
        except EOFError:
            return
        header: list[Any] = []
        parts: list[bytes] = []
        for path in paths:
            outcome = read_file(
                root, ScannedFile(path, None, None, 0), limits=limits, printed=printed
            )
            if isinstance(outcome, ImportProblem):
                header.append((None, (outcome.path, outcome.reason, outcome.message), 0, 0))
                continue
            sent = outcome if with_data else replace(outcome, data=b"")
            values = [getattr(sent, name) for name in _SENT]
            header.append((values, None, len(sent.thumbnail), len(sent.data)))
            parts += (sent.thumbnail, sent.data)
        _send(answers, header, parts)


if __name__ == "__main__":
    main()
