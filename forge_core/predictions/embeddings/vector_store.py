"""Embeddings on disk: a folder of blocks a network, a row an image content. Imports no torch.

The files lie in the cache folder, `embeddings/NETWORK/NUMBER.f16`, in the format of
`runs.probabilities.blocks`. A row is found by the content of an image, so that it holds for as long
as the bytes are the same, whatever becomes of the asset. No table says what is there: a row whose
checksum does not hold is none, and is computed again.

Legend: N images, D values of an embedding.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np

from forge_core import local_files
from forge_core.errors import StorageUnavailable
from forge_core.runs.probabilities import blocks
from forge_core.runs.probabilities.blocks import (
    BlockFiles,
    BlockWriter,
    Flags,
    Halves,
    Ids,
    RowIndex,
    Rows,
)
from forge_core.workspace import Workspace

FOLDER = "embeddings"
"""Of a workspace's cache folder."""
FACTS = "network.json"
MAX_FACTS_BYTES = 2**16
LARGEST_HALF = 65_504.0
READ_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class NetworkFacts:
    """Which network computed embeddings, and how."""

    key: str
    """Hash of the weights and of the input transform, 64 hexadecimal digits."""
    source: str
    """As `networks.parse` reads it, such as `run:12` or `mobilenet_v2@128`."""
    words: str
    """As people read it."""
    num_values: int
    """D."""


def list_networks(workspace: Workspace) -> list[NetworkFacts]:
    """The networks that have embeddings, the one that was written last first."""
    found = []
    for path in (workspace.cache_folder / FOLDER).glob(f"*/{FACTS}"):
        facts = _read_facts(path)
        if facts is not None:
            written = max(each.stat().st_mtime for each in path.parent.iterdir())
            found.append((written, facts.key, facts))
    return [facts for _, _, facts in sorted(found, key=lambda each: each[:2], reverse=True)]


def clear(workspace: Workspace) -> None:
    """Remove the embeddings of all networks; they are computed again when they are needed."""
    shutil.rmtree(workspace.cache_folder / FOLDER, ignore_errors=True)


def folder_of(workspace: Workspace, facts: NetworkFacts) -> Path:
    """Where what belongs to a network's embeddings lies."""
    return workspace.cache_folder / FOLDER / facts.key[:32]


def keys_of(content_hashes: Ids) -> Ids:
    """What rows are found by: the first half of each SHA-256 (N,), dtype S16."""
    return content_hashes.astype("S16")


class VectorStore:
    """The embeddings that one network computed, to be read and added to.

    What another process adds later is seen after `reload`. Close it after writing.

    Args:
        workspace: The workspace.
        facts: The network.
    """

    def __init__(self, workspace: Workspace, facts: NetworkFacts) -> None:
        self.facts = facts
        self._folder = folder_of(workspace, facts)
        self._writer: BlockWriter | None = None
        self._number = 0
        """Of the block that is written to."""
        self._num_rows = 0
        """Rows of it."""
        self.reload()

    def reload(self) -> None:
        """Look again at what is there."""
        self._blocks = list(self._list_blocks())
        self._ids = [_read_ids(files) for files in self._blocks]
        self._index = RowIndex(self._ids)

    def __len__(self) -> int:
        """Rows that there are, good or not, one an image or more."""
        return len(self._index)

    def find_there(self, keys: Ids) -> Flags:
        """Of each key (N,) whether its row is there and is what was written."""
        is_there = np.zeros(len(keys), np.bool_)
        for start in range(0, len(keys), READ_AT_ONCE):
            part = slice(start, start + READ_AT_ONCE)
            is_there[part] = self.read(keys[part])[1]
        return is_there

    def read(self, keys: Ids) -> tuple[Halves, Flags]:
        """Embeddings (N, D) of contents, and whether each is there; the others are zeros."""
        values = np.zeros((len(keys), self.facts.num_values), np.float16)
        is_there = np.zeros(len(keys), np.bool_)
        rows = self._index.find(keys)
        first = 0
        for files, ids in zip(self._blocks, self._ids, strict=True):
            (wanted,) = np.nonzero((rows >= first) & (rows < first + len(ids)))
            with suppress(OSError):  # removed since, or the disk fails: not there
                found, is_good = files.read_rows(_rows(rows[wanted] - first))
                values[wanted] = np.where(is_good[:, None], found, np.float16(0))
                is_there[wanted] = is_good
            first += len(ids)
        return values, is_there

    def append(self, keys: Ids, values: Halves) -> None:
        """Add rows; they are on the disk when it returns, and count after `reload`.

        Raises:
            StorageUnavailable: The disk of the cache folder is full, or fails.
        """
        if not len(keys):
            return
        try:
            writer = self._open()
            writer.write(self._num_rows, keys, values)
        except OSError as error:
            raise StorageUnavailable(
                "The embeddings of images could not be written to the cache folder: "
                f"{error.strerror or error}.",
                next_step="Make room there, then start again; it goes on with what is missing.",
            ) from error
        self._num_rows += len(keys)

    def close(self) -> None:
        """Let go of the files."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> BlockWriter:
        """A block with room that nobody else writes to."""
        most = blocks.BLOCK_BYTES // (2 * self.facts.num_values)
        if self._writer is not None and self._writer.is_there() and self._num_rows < most:
            return self._writer
        self.close()
        self._keep_facts()
        for number in count():
            files = self._files(number)
            if files.count_whole() >= most:
                continue
            try:
                writer = BlockWriter(files)
            except BlockingIOError:
                continue
            self._num_rows = files.count_whole()  # what somebody wrote before we held it
            if writer.is_there() and self._num_rows < most:
                self._writer, self._number = writer, number
                return writer
            writer.close()
        raise AssertionError("numbers do not end")

    def _keep_facts(self) -> None:
        local_files.make_folder(self._folder)
        path = self._folder / FACTS
        if _read_facts(path) != self.facts:
            local_files.replace(path, json.dumps(asdict(self.facts)).encode())

    def _list_blocks(self) -> Iterator[BlockFiles]:
        for number in count():
            files = self._files(number)
            if not files.ids.exists():
                return
            yield files

    def _files(self, number: int) -> BlockFiles:
        return BlockFiles(
            values=self._folder / f"{number}{blocks.VALUES}",
            num_values=self.facts.num_values,
            network=self.facts.key,
        )


def _rows(rows: Rows) -> Rows:
    return np.ascontiguousarray(rows)


def _read_ids(files: BlockFiles) -> Ids:
    try:
        return files.read_ids(files.count_whole())
    except OSError:
        return np.empty(0, "S16")


def _read_facts(path: Path) -> NetworkFacts | None:
    try:
        values = json.loads(local_files.read_plain(path, MAX_FACTS_BYTES))
        return NetworkFacts(**values)
    except (OSError, ValueError, TypeError):  # none, torn, or of another version
        return None
