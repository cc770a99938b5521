"""Writes what was answered to a folder, beside the answers and never in their way.

What a shadow answers otherwise comes beside it, and the pictures as far as that is allowed.

Each answer is handed to one thread; what it cannot keep up with, and what the disk does not take,
is left out and counted. Only whole lines are appended, many at a time, so that the end of the
process by whatever way tears at most the last one.
"""

import hashlib
import logging
import os
import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from forge_core import local_files
from forge_core.errors import InvalidInput
from forge_core.inference.prediction import Prediction
from forge_core.serving.engines import ServedModel
from forge_core.serving.metrics import Metrics
from forge_core.serving.options import ServiceOptions
from forge_core.serving.traffic import parts, rows
from forge_core.serving.traffic.rows import Disagreement

MAX_WAITING = 2_048
MAX_WAITING_BYTES = 64 * 2**20
MAX_TOGETHER = 256
PART_BYTES = 16 * 2**20
END_SECONDS = 3.0
RETRY_SECONDS = 5.0
LOOK_SECONDS = 600.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Answered:
    time: datetime
    request_id: str
    data: bytes
    prediction: Prediction
    served: ServedModel


@dataclass(frozen=True)
class _Doubted:
    """An image to which the shadow answered otherwise."""

    data: bytes
    disagreement: Disagreement


class TrafficLog:
    """The log of one service; it has a thread of its own between `start` and `end`.

    Several services may write to one folder, each its own parts; each holds the bounds of all.

    Args:
        folder: Made if need be.
        options: Its bounds.
        metrics: Where it is counted.

    Raises:
        InvalidInput: The folder cannot be made or written to.
    """

    def __init__(self, folder: Path, options: ServiceOptions, metrics: Metrics) -> None:
        self._folder = folder
        self._options = options
        self._metrics = metrics
        self._part_bytes = min(PART_BYTES, options.traffic_log_bytes // 8)
        self._queue: queue.Queue[_Answered | _Doubted | None] = queue.Queue(MAX_WAITING)
        self._waiting_bytes = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="traffic", daemon=True)
        self._part: BinaryIO | None = None
        self._part_path = folder
        self._part_size = 0
        self._part_day = ""
        self._described: set[str] = set()
        self._retry_at = 0.0
        self._num_failed = 0
        try:
            local_files.make_folder(folder)
        except OSError as error:
            raise _unusable(folder, error.strerror or str(error)) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise _unusable(folder, "it cannot be written to")

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def end(self) -> None:
        """Write what waits, for a few seconds at most, and write no more."""
        if self._thread.is_alive():
            try:
                self._queue.put(None, timeout=END_SECONDS)
            except queue.Full:
                return
            self._thread.join(END_SECONDS)

    def show(
        self, request_id: str, data: bytes, prediction: Prediction, served: ServedModel
    ) -> None:
        """Hand over an answer; it is written later, or left out and counted."""
        self._hand_over(_Answered(datetime.now(UTC), request_id, data, prediction, served))

    def show_disagreement(self, data: bytes, disagreement: Disagreement) -> None:
        """Hand over what the shadow answered otherwise; promises as `show`."""
        self._hand_over(_Doubted(data, disagreement))

    def _hand_over(self, seen: _Answered | _Doubted) -> None:
        size = len(seen.data)
        with self._counting:
            has_room = self._waiting_bytes + size <= MAX_WAITING_BYTES
            if has_room:
                self._waiting_bytes += size
        if has_room:
            try:
                self._queue.put_nowait(seen)
                return
            except queue.Full:
                self._release(size)
        self._metrics.traffic_rows.labels("dropped").inc()

    def _release(self, num_bytes: int) -> None:
        with self._counting:
            self._waiting_bytes -= num_bytes

    def _work(self) -> None:
        is_ending = False
        while not is_ending:
            seen, is_ending = self._take()
            size = sum(len(each.data) for each in seen)
            try:
                self._write_all(seen)
            except OSError as error:
                self._fail(len(seen), error.strerror or str(error))
            except Exception:
                _log.exception("the log of traffic failed")
                self._fail(len(seen), "see the trace above")
            finally:
                self._release(size)
        self._close()

    def _take(self) -> tuple[list[_Answered | _Doubted], bool]:
        """What waits, at least one unless nothing comes for long; and whether the end is near."""
        found: list[_Answered | _Doubted] = []
        try:
            next_ = self._queue.get(timeout=LOOK_SECONDS)
            while next_ is not None:
                found.append(next_)
                if len(found) >= MAX_TOGETHER:
                    return found, False
                next_ = self._queue.get_nowait()
        except queue.Empty:
            return found, False
        return found, True

    def _write_all(self, seen: list[_Answered | _Doubted]) -> None:
        """Write them, and take out of the list what is written."""
        if not seen:
            parts.remove_old(self._folder, self._options.traffic_log_days, keep=self._part_path)
            return
        if time.monotonic() < self._retry_at:
            self._count_failed(len(seen))
            return
        while seen:
            part = self._open_part()
            lines, doubts = bytearray(), bytearray()
            num_lines = 0
            for each in seen:
                if isinstance(each, _Answered):
                    lines += self._lines_of(each)
                else:
                    doubts += self._line_of_doubt(each)
                num_lines += 1
                if self._part_size + len(lines) + len(doubts) >= self._part_bytes:
                    break
            _write_whole(part, bytes(lines))
            if doubts:
                beside = parts.disagreements_of(self._part_path)
                with local_files.open_private(beside, "ab") as file:
                    _write_whole(file, bytes(doubts))
            self._part_size += len(lines) + len(doubts)
            del seen[:num_lines]
            self._metrics.traffic_rows.labels("written").inc(num_lines)
            if self._num_failed:
                _log.warning(
                    "the log of traffic is written again; %d answers are not in it",
                    self._num_failed,
                )
                self._num_failed = 0

    def _lines_of(self, answered: _Answered) -> bytes:
        served = answered.served
        sha256 = hashlib.sha256(answered.data).hexdigest()
        described = b""
        if served.sha256 not in self._described:
            described = rows.checkpoint_line(served)
            self._described.add(served.sha256)
        line = rows.answer_line(
            answered.time,
            answered.request_id,
            sha256,
            answered.prediction,
            served,
            has_picture=self._options.keeps_pictures and self._keep_picture(sha256, answered.data),
        )
        return described + line

    def _line_of_doubt(self, doubted: _Doubted) -> bytes:
        if self._options.keeps_disagreements:
            self._keep_picture(doubted.disagreement.image_sha256, doubted.data)
        return rows.disagreement_line(doubted.disagreement)

    def _keep_picture(self, sha256: str, data: bytes) -> bool:
        if len(data) > self._part_bytes:
            return False
        folder = parts.pictures_of(self._part_path)
        path = folder / sha256
        if not path.exists():
            local_files.make_folder(folder)
            local_files.replace(path, data)
            self._part_size += len(data)
        return True

    def _open_part(self) -> BinaryIO:
        """The part that is written to; a new one each day, and when this one is full or gone."""
        today = f"{datetime.now(UTC):%Y%m%d}"
        part = self._part
        if (
            part is not None
            and self._part_size < self._part_bytes
            and self._part_day == today
            and os.fstat(part.fileno()).st_nlink
        ):
            return part
        self._close()
        parts.remove_old(self._folder, self._options.traffic_log_days)
        # A picture may be as large as a part, and comes on top of what fills one.
        room = self._options.traffic_log_bytes - 2 * self._part_bytes
        size = parts.remove_beyond(self._folder, room)
        self._metrics.traffic_log_bytes.set(size)
        self._part_path = parts.new_path(self._folder)
        part = local_files.open_private(self._part_path, "xb")
        self._part, self._part_size, self._part_day = part, 0, today
        self._described = set()
        return part

    def _close(self) -> None:
        if self._part is not None:
            self._part.close()
            self._part = None

    def _fail(self, count: int, reason: str) -> None:
        """The next try is in some seconds, with a new part: this one may end in half a line."""
        if not self._num_failed:
            _log.error("the log of traffic cannot be written: %s; answers go on", reason)
        self._count_failed(count)
        self._retry_at = time.monotonic() + RETRY_SECONDS
        try:
            self._close()
        except OSError:
            self._part = None

    def _count_failed(self, count: int) -> None:
        self._num_failed += count
        self._metrics.traffic_rows.labels("failed").inc(count)


def _write_whole(file: BinaryIO, data: bytes) -> None:
    """Hand it to the system, where it outlives this process."""
    file.write(data)
    file.flush()


def _unusable(folder: Path, reason: str) -> InvalidInput:
    return InvalidInput(
        f"The log of traffic cannot be written to {folder}: {reason}.",
        next_step="Name another folder, or leave the log out.",
    )
