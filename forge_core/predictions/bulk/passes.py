"""Answers for every file of a source: decoded by several threads, judged in batches, kept in order.

The batches are always the same files, whatever was interrupted where: a network gives the last bits
of its numbers by what else is in the batch, and so the results have the same bytes.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor, Prepared
from forge_core.predictions.bulk import journal, rows
from forge_core.predictions.bulk.rows import Row
from forge_core.predictions.bulk.sources import Source, SourceFile
from forge_core.progress import SILENT, Progress

WINDOW = 64
"""Files that go through the network together, without those that cannot be read."""
AHEAD = 2
"""Windows that are being read and decoded while one is judged."""
BLOCK = 8 * WINDOW
"""Rows that are written together; an interruption costs fewer."""
MOST_READERS = 8


@dataclass(frozen=True, kw_only=True)
class PassReport:
    """What came of a pass."""

    num_files: int
    num_failed: int
    """Files that could not be read; their rows say why."""
    num_before: int
    """Rows that were there from before an interruption."""


def predict_all(
    predictor: Predictor,
    source: Source,
    out: Path,
    *,
    top_k: int = 5,
    limits: DecodeLimits,
    anew: bool = False,
    progress: Progress = SILENT,
) -> PassReport:
    """Write an answer for every file of a source, in its order.

    Interrupted at any moment it goes on when it is called again with the same, and the results are
    those of a pass that was not. Its memory does not grow with the number of files.

    Args:
        predictor: The network.
        source: The files.
        out: The results, a `.csv` or `.parquet`.
        top_k: How many classes to name; all if there are fewer.
        limits: What is refused before it is decoded.
        anew: Begin again, and replace results that are there.
        progress: Told the files done; asked before each batch.

    Raises:
        InvalidInput: `top_k` or the ending of `out` cannot be, or the source is empty or cannot be
            read.
        Conflict: There are results; another process is at it; or what was left is of something
            else.
        StorageUnavailable: The results cannot be written.
        Cancelled: What is done is kept.
    """
    if top_k < 1:
        raise InvalidInput(f"Cannot name {top_k} classes.", next_step="Ask for at least 1.")
    named = min(top_k, predictor.card.num_classes)
    total = source.count()
    if not total:
        raise InvalidInput("There is no image file to look at.")
    how = rows.format_of(out, named)
    identity = {
        "source": source.identity,
        "checkpoint": predictor.loaded.sha256,
        "classes named": named,
        "files together": WINDOW,
        "limits": [limits.max_bytes, limits.max_pixels],
    }
    kept = journal.open_journal(out, identity, anew=anew)
    try:
        num_before = kept.done.num_rows
        files = source.files()
        kept.skip_done(files)
        if not kept.done.size_bytes:
            kept.add(how.begin(), [], num_failed=0)
        progress.advance(num_before, total)
        block: list[Row] = []
        for window in _answered(predictor, files, named, limits, progress):
            block += window
            progress.advance(kept.done.num_rows + len(block), total)
            if len(block) >= BLOCK:
                _keep(kept, how, block)
                block = []
        if block:
            _keep(kept, how, block)
    finally:
        kept.close()
    how.finish(journal.partial_path(out), out)
    kept.forget()
    return PassReport(
        num_files=kept.done.num_rows, num_failed=kept.done.num_failed, num_before=num_before
    )


def _keep(kept: journal.Journal, how: rows.RowFormat, block: Sequence[Row]) -> None:
    num_failed = sum(isinstance(row.found, ImageRejected) for row in block)
    kept.add(how.write_block(block), [row.path for row in block], num_failed=num_failed)


def _answered(
    predictor: Predictor,
    files: Iterator[SourceFile],
    top_k: int,
    limits: DecodeLimits,
    progress: Progress,
) -> Iterator[list[Row]]:
    """The rows of each window, in order."""

    def load(file: SourceFile) -> Prepared | ImageRejected:
        try:
            data = file.read(limits.max_bytes)
        except ImageRejected as error:
            return error
        return predictor.prepare(data, limits)

    waiting: deque[tuple[list[SourceFile], list[Future[Prepared | ImageRejected]]]] = deque()
    readers = ThreadPoolExecutor(
        min(MOST_READERS, os.cpu_count() or 1), thread_name_prefix="image-reader"
    )
    try:
        while True:
            while len(waiting) <= AHEAD and (window := list(islice(files, WINDOW))):
                waiting.append((window, [readers.submit(load, file) for file in window]))
            if not waiting:
                return
            progress.check()
            window, futures = waiting.popleft()
            found: list[Prediction | ImageRejected] = predictor.answer_all(
                [future.result() for future in futures], top_k
            )
            yield [Row(file.name, each) for file, each in zip(window, found, strict=True)]
    finally:  # also when it is interrupted
        readers.shutdown(cancel_futures=True)
