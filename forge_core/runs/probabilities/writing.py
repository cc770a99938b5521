"""Keep class probabilities while images are scored, and find those that were lost.

A row of an image is written once: its bytes and the checkpoint never change, so a scoring that
comes to the same half-precision numbers appends nothing. Imports no torch.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import numpy.typing as npt

from db.repositories.predictions import ScoringScope
from db.run_records import PredictionBlock
from forge_core import disk_space
from forge_core.errors import DiskFull, StorageUnavailable
from forge_core.runs.probabilities import blocks, kept
from forge_core.runs.probabilities.blocks import BlockWriter, Flags, Halves, Ids, RowIndex
from forge_core.workspace import Workspace

IDS_AT_ONCE = 20_000
CHECKED_AT_ONCE = 10_000


class ProbabilityWriter:
    """The probabilities of one checkpoint of a run, to be added to.

    What was kept of the run's other checkpoints is forgotten, and so are rows that files have lost.

    Args:
        workspace: The workspace.
        run_id: The run.
        checkpoint_hash: Of its best checkpoint.
        num_classes: K, outputs of its network.
    """

    def __init__(
        self, workspace: Workspace, run_id: int, checkpoint_hash: str, num_classes: int
    ) -> None:
        self._workspace = workspace
        self._empty = PredictionBlock(
            run_id=run_id,
            checkpoint_hash=checkpoint_hash,
            block=0,
            file_path="-",
            num_images=0,
            num_classes=num_classes,
            revision_id=0,
        )
        self._writer: BlockWriter | None = None
        self._committed = self._pending = self._empty
        self._forget_others()
        self._blocks = self._mend()
        self._index, self._is_good = self._look()

    def list_lost(self, scope: ScoringScope) -> list[uuid.UUID]:
        """Living images of a scope whose prediction holds, but whose probabilities are not there.

        In the order of their ids. Also those that were scored before probabilities were kept.
        """
        with self._workspace.database.read() as uow:
            num_scored = uow.predictions.count_rows(scope.run_id)
        # Each row that counts was committed with its prediction: as many are as all.
        if np.count_nonzero(self._is_good[self._index.last_rows()]) == num_scored:
            return []
        lost: list[uuid.UUID] = []
        after: uuid.UUID | None = None
        while True:
            with self._workspace.database.read() as uow:
                page = uow.predictions.list_holding(scope, after=after, limit=IDS_AT_ONCE)
            rows = self._index.find(blocks.as_ids(page))
            is_there = np.append(self._is_good, False)[rows]  # -1 is the last: not there
            lost += [each for each, there in zip(page, is_there, strict=True) if not there]
            if len(page) < IDS_AT_ONCE:
                return lost
            after = page[-1]

    def write(
        self,
        asset_ids: Sequence[uuid.UUID],
        probabilities: npt.NDArray[np.float64],
        revision_id: int,
    ) -> PredictionBlock | None:
        """Write the rows of images, and return what the table must say for them to count.

        It counts once it is committed and `confirm` was called; until then the next call writes
        over these rows. None where every row is there already.

        Args:
            asset_ids: N images, each once.
            probabilities: (N, K).
            revision_id: The newest revision that they were scored at.

        Raises:
            DiskFull: There is no room in the cache folder.
            StorageUnavailable: Its disk fails.
        """
        values = probabilities.astype("<f2")
        ids = blocks.as_ids(asset_ids)
        is_new = ~self._is_kept(ids, values)
        if not is_new.any():
            return None
        try:
            with disk_space.told("cache", self._workspace.folder, needed_bytes=values.nbytes):
                self._open()
                assert self._writer is not None, "just opened"
                self._writer.write(self._committed.num_images, ids[is_new], values[is_new])
        except DiskFull:
            raise
        except OSError as error:
            raise StorageUnavailable(
                "The class probabilities of scored images could not be written to the cache "
                f"folder: {error.strerror or error}.",
                next_step="Make room there, then score again; it goes on with what is missing.",
            ) from error
        self._pending = replace(
            self._committed,
            num_images=self._committed.num_images + int(np.count_nonzero(is_new)),
            revision_id=max(revision_id, self._committed.revision_id),
        )
        return self._pending

    def confirm(self) -> None:
        """What was written last is committed."""
        self._committed = self._pending

    def close(self) -> None:
        """Let go of the files; one that holds nothing that counts is removed."""
        if self._writer is not None:
            if self._committed.num_images == 0:
                self._writer.remove()
            self._writer.close()
            self._writer = None

    def _is_kept(self, ids: Ids, values: Halves) -> Flags:
        """Whether exactly these numbers are there."""
        rows = self._index.find(ids)
        is_same = np.zeros(len(ids), np.bool_)
        first = 0
        for block in self._blocks:
            (places,) = np.nonzero((rows >= first) & (rows < first + block.num_images))
            try:
                found, is_good = self._files(block).read_rows(rows[places] - first)
            except OSError:  # cleared since: written anew
                pass
            else:
                is_same[places] = is_good & (found == values[places]).all(axis=1)
            first += block.num_images
        return is_same

    def _open(self) -> None:
        """Have a block with room that nobody else writes to."""
        writer = self._writer
        if writer is not None and writer.is_there() and self._has_room(self._committed):
            return
        first = self._blocks[-1].block if self._blocks else 0
        if writer is not None:
            writer.close()
            self._writer, first = None, self._committed.block + 1
        for number in count(first):
            block = self._find(number)
            if not self._has_room(block):
                continue
            try:
                writer = BlockWriter(self._files(block))
            except BlockingIOError:
                continue
            block = self._find(number)  # what somebody wrote before we held it
            is_whole = self._files(block).count_whole() >= block.num_images
            if writer.is_there() and is_whole and self._has_room(block):
                self._writer, self._committed, self._pending = writer, block, block
                return
            writer.close()

    def _has_room(self, block: PredictionBlock) -> bool:
        return block.num_images * 2 * block.num_classes < blocks.BLOCK_BYTES

    def _find(self, number: int) -> PredictionBlock:
        """What the table says of a block now."""
        named = f"{self._empty.checkpoint_hash}-{number}{blocks.VALUES}"
        folder = f"{kept.FOLDER}/{kept.folder_of(self._workspace, self._empty.run_id).name}"
        empty = replace(self._empty, block=number, file_path=f"{folder}/{named}")
        return next((block for block in self._list() if block.block == number), empty)

    def _list(self) -> list[PredictionBlock]:
        with self._workspace.database.read() as uow:
            return uow.prediction_blocks.list_of_run(
                self._empty.run_id, checkpoint_hash=self._empty.checkpoint_hash
            )

    def _files(self, block: PredictionBlock) -> blocks.BlockFiles:
        return kept.files_of(self._workspace, block)

    def _forget_others(self) -> None:
        """Blocks of checkpoints that the run had before, and files that belong to none."""
        run_id, wanted = self._empty.run_id, self._empty.checkpoint_hash
        with self._workspace.database.read() as uow:
            is_best = kept.find_best_hash(uow, run_id) == wanted
            others = {
                block.checkpoint_hash
                for block in uow.prediction_blocks.list_of_run(run_id)
                if block.checkpoint_hash != wanted
            }
        if not is_best:  # whoever scores with the better one will do it
            return
        if others:
            with self._workspace.database.write() as uow:
                for checkpoint_hash in others:
                    uow.prediction_blocks.remove_of_run(run_id, checkpoint_hash=checkpoint_hash)
        for path in kept.list_files(self._workspace, run_id):
            if not path.name.startswith(f"{wanted}-"):
                path.unlink(missing_ok=True)

    def _mend(self) -> list[PredictionBlock]:
        """The blocks, after the table was told of rows that their files have lost."""
        for block in self._list():
            files = self._files(block)
            if files.count_whole() >= block.num_images:
                continue
            try:
                writer = BlockWriter(files)
            except BlockingIOError:
                continue
            try:
                now, whole = self._find(block.block), files.count_whole()
                if whole < now.num_images:
                    with self._workspace.database.write() as uow:
                        uow.prediction_blocks.add(replace(now, num_images=whole))
            finally:
                writer.close()
        return self._list()

    def _look(self) -> tuple[RowIndex, Flags]:
        """Where the rows of images are, and which rows are what was written."""
        ids: list[Ids] = []
        good: list[Flags] = []
        for block in self._blocks:
            try:
                found = self._files(block).read_ids(block.num_images), self._check(block)
            except OSError:  # cut off by somebody just now: as if nothing were there
                found = np.zeros(block.num_images, "S16"), np.zeros(block.num_images, np.bool_)
            ids.append(found[0])
            good.append(found[1])
        return RowIndex(ids), np.concatenate([np.empty(0, np.bool_), *good])

    def _check(self, block: PredictionBlock) -> Flags:
        """Of each row whether it is what was written."""
        rows = np.arange(block.num_images)
        parts = [rows[start : start + CHECKED_AT_ONCE] for start in rows[::CHECKED_AT_ONCE]]
        checked = [self._files(block).read_rows(part)[1] for part in parts]
        return np.concatenate([np.empty(0, np.bool_), *checked])
