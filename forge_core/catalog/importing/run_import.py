"""Take images into the catalog: look first, then read, then write one revision.

The look is `import_plan.prepare`. `run_import` decodes every file by the one safe path, stores
its bytes under the asset root (unless they lie there already), lets them reach the disk, and then
adds all rows in a single transaction: an import that is cancelled, fails or is killed leaves the
catalog as it was, and can be run again. The same import twice adds nothing.

Memory does not grow with the number of images: files are read in chunks, and what is known of
them waits in a temporary file (`spool`).
"""

import itertools
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from db.enums import RevisionKind
from db.failures import DATABASE_UNAVAILABLE
from db.unit_of_work import UnitOfWork
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing import file_facts, reader_processes
from forge_core.catalog.importing.import_plan import ImportPlan, clean_source
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.merging import new_images
from forge_core.catalog.importing.merging.import_revision import ImportRevision
from forge_core.catalog.importing.merging.rules import Claim
from forge_core.catalog.importing.merging.settlement import (
    Settlement,
    claim_of,
    claim_of_file,
    contested_claims,
)
from forge_core.catalog.importing.merging.vote_writing import WrittenVotes, write_votes
from forge_core.catalog.importing.placement import Placement, Placer
from forge_core.catalog.importing.reader_processes import Outcome
from forge_core.catalog.importing.reading import ReadFile, remarks_of
from forge_core.catalog.importing.spool import ImportSpool, SpooledFile, Target
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import StorageUnavailable
from forge_core.imaging import thumbnails
from forge_core.imaging.decode import DecodeLimits
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

CHUNK_FILES = 256
CHUNK_BYTES = 32 * 2**20
BATCH_FILES = 16  # files that one process or thread reads before it looks for more work
FAR_WRITERS = 16  # uploads to an object store wait for the network, not for a processor


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. `skipped` tells of each file that was left out, and why."""

    added: int
    already_present: int
    skipped: list[ImportProblem] = field(default_factory=list)
    classes_created: list[str] = field(default_factory=list)
    classes_revived: list[str] = field(default_factory=list)
    """Retired classes that are in use again."""
    classes_merged: dict[str, str] = field(default_factory=dict)
    """Name of a merged class in the files, to the class that its images went to."""
    revision_id: int | None = None
    duration_seconds: float = 0.0
    source_dataset: str = ""
    updated: int = 0
    """Images that were there and got something from the import."""
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    """What became of what it says of images that are there; see `rules.Outcomes`."""
    split_by_rule: dict[str, int] = field(default_factory=dict)
    """By split how many new images got it from the standing rule, as nothing declared one."""
    votes: WrittenVotes = field(default_factory=WrittenVotes)
    """What became of what single persons said of its images."""


def run_import(
    workspace: Workspace,
    plan: ImportPlan,
    *,
    actor: Actor,
    placement: Placement = Placement.COPY,
    progress: Progress = SILENT,
) -> ImportReport:
    """Read every file of a plan and add the images to the catalog, as one revision.

    Files that lie under the asset root stay where they are; others are copied to
    `<source>/<path>` below it. A file whose bytes are in the catalog already is not added
    again: it counts as already present, and what it says of label, split, group, source and note
    comes to the image that is there, by `plan.merge` where that has something else.
    The thumbnails that the gallery will ask for are made by the same decode.

    Args:
        workspace: The workspace.
        plan: From `import_plan`.
        actor: Who imports.
        placement: What becomes of files outside of the asset root.
        progress: Told the files read; asked between chunks of them.

    Raises:
        Cancelled: The catalog is as it was.
        InvalidInput: `placement` is in_place, and the files lie elsewhere.
        StorageUnavailable: The bytes cannot be stored: the disk is full, the bucket is missing.
    """
    started = time.monotonic()
    operation = Operation.of(RevisionKind.IMPORT, actor=actor)
    try:
        workspace.store.check()
        running = _Import(workspace, plan, Placer(workspace.store, plan, placement))
        try:
            if plan.labels_only:
                running.claim_all(progress)
            else:
                running.read_all(progress)
            report = running.write(operation)
        except BaseException:
            running.remove_stored()
            raise
        finally:
            running.spool.close()
    finally:
        if plan.staging_folder is not None:
            shutil.rmtree(plan.staging_folder, ignore_errors=True)
    return replace(report, duration_seconds=time.monotonic() - started)


class _Import:
    """One import while it runs."""

    def __init__(self, workspace: Workspace, plan: ImportPlan, placer: Placer) -> None:
        self.spool = ImportSpool()
        self._workspace = workspace
        self._plan = plan
        self._placer = placer
        self._limits = DecodeLimits.from_settings(workspace.image_settings)
        self._thumbnails = thumbnails.cache_of(workspace.cache_folder, self._limits.window)
        self._root = str(plan.scanned.root)
        self._present = 0
        self._skipped: list[ImportProblem] = list(plan.problems)

    def claim_all(self, progress: Progress) -> None:
        """Take what label files say of images of the catalog; there is no file to read."""
        for chunk in _chunks(self._plan.files):
            progress.check()
            claims = [
                (Target(True, file.path), claim)
                for file in chunk
                for claim in (claim_of_file(file), *contested_claims(file))
            ]
            self.spool.claim(claims)
            self.spool.add_votes([(Target(True, f.path), vote) for f in chunk for vote in f.votes])
            self._present += len(chunk)
            progress.advance(self._present, self._plan.num_images, f"{self._present:,} labels")

    def read_all(self, progress: Progress) -> None:
        """Read and store every file. The next chunk is decoded while this one is stored."""
        done = 0
        writers = 1 if self._workspace.store.local_root() is not None else FAR_WRITERS
        with (
            reader_processes.reader_of(
                self._root,
                self._plan.num_images,
                limits=self._limits,
                with_data=self._placer.needs_data,
            ) as read,
            ThreadPoolExecutor(os.cpu_count() or 1) as readers,
            ThreadPoolExecutor(writers) as placers,
        ):
            ahead: list[Future[list[Outcome]]] = []
            try:
                for chunk in itertools.chain(_chunks(self._plan.files), ([],)):
                    progress.check()
                    current, ahead = (
                        ahead,
                        [
                            readers.submit(read, chunk[i : i + BATCH_FILES])
                            for i in range(0, len(chunk), BATCH_FILES)
                        ],
                    )
                    outcomes = [outcome for batch in current for outcome in batch.result()]
                    if not outcomes:
                        continue
                    self._take(outcomes, placers)
                    done += len(outcomes)
                    total = self._plan.num_images
                    progress.advance(done, total, f"{done:,} of {total:,} images")
            finally:
                for batch in ahead:
                    batch.cancel()

    def _take(self, outcomes: Sequence[Outcome], placers: ThreadPoolExecutor) -> None:
        """Sort a chunk into new, present and skipped; store the bytes of the new ones."""
        read = [outcome for outcome in outcomes if isinstance(outcome, ReadFile)]
        self._skipped += [outcome for outcome in outcomes if isinstance(outcome, ImportProblem)]
        file_facts.keep(self._workspace, read)
        hashes = [outcome.content_hash for outcome in read]
        keys = [self._placer.key_of(outcome.file) for outcome in read]
        with self._workspace.database.read() as uow:
            known = uow.assets.list_labels_by_hash(hashes)
            taken = uow.assets.list_hash_by_path([key for key in keys if isinstance(key, str)])
        seen = self.spool.find(hashes)
        new: list[tuple[ReadFile, str]] = []
        claims: list[tuple[Target, Claim]] = []
        for outcome, key in zip(read, keys, strict=True):
            content_hash, claim = outcome.content_hash, claim_of_file(outcome.file)
            if content_hash in known:
                self._present += 1
                if claim.says_something():
                    claims.append((Target(False, content_hash), claim))
            elif content_hash in seen:
                claims.append((Target(False, content_hash), claim))
            elif isinstance(key, ImportProblem):
                self._skipped.append(key)
            else:
                if self._placer.is_in_place and key in taken and claim.says_something():
                    claims.append((Target(True, key), claim))  # the bytes there were changed
                seen.add(content_hash)
                new.append((outcome, key))
            if not isinstance(key, ImportProblem):
                contested = contested_claims(outcome.file)
                claims += [(Target(False, content_hash), claim) for claim in contested]
        self.spool.claim(claims)
        self.spool.add_votes(
            [(Target(False, o.content_hash), vote) for o in read for vote in o.file.votes]
        )

        def place(pair: tuple[ReadFile, str]) -> tuple[str, bool] | ImportProblem:
            return self._placer.place(*pair, is_taken=pair[1] in taken)

        rows = []
        placed = map(place, new) if self._is_local() else placers.map(place, new)
        try:
            for (outcome, _), where in zip(new, placed, strict=True):
                if isinstance(where, ImportProblem):
                    self._skipped.append(where)
                else:
                    rows.append(self._spooled(outcome, *where))
                    self._skipped += remarks_of(outcome, self._limits.window)
        finally:  # what was stored before a failure is known, so that it can be removed
            self.spool.add(rows)
        self._thumbnails.add([(o.content_hash, o.thumbnail) for o, _ in new])

    def _is_local(self) -> bool:
        return self._workspace.store.local_root() is not None

    def _spooled(self, read: ReadFile, key: str, was_stored: bool) -> SpooledFile:
        file = read.file
        return SpooledFile(
            content_hash=read.content_hash,
            key=key,
            path=file.path,
            label_name=file.label_name,
            split_type=file.split,
            source_dataset=clean_source(file.source_dataset or self._plan.source_dataset),
            width=read.width,
            height=read.height,
            size_bytes=read.size_bytes,
            mime=read.mime,
            perceptual_hash=read.perceptual_hash,
            is_augmented=file.is_augmented,
            group_key=file.group_key,
            was_stored=was_stored,
            review_note=file.review_note or "",
        )

    def write(self, operation: Operation) -> ImportReport:
        """Flush the bytes, then add all rows in one transaction."""
        store = self._workspace.store
        for stored in self.spool.chunks(only_stored=True):
            store.flush([file.key for file in stored])
            if self._is_local() and len(stored) > 1_000:
                break  # that many are flushed all at once
        with self._workspace.database.write() as uow:
            uow.revisions.lock()
            self._drop_what_changed(uow)
            writing = ImportRevision(uow, operation)
            settlement = Settlement(
                uow,
                self.spool,
                merge=self._plan.merge,
                is_merge_chosen=self._plan.is_merge_chosen,
                unlock_held_out=self._plan.unlock_held_out,
            )
            settlement.settle_new()
            added = self.spool.count()
            given = new_images.add(writing, self.spool) if added else {}
            settlement.write_known(writing)
            source = self._plan.source_dataset
            votes = write_votes(writing, self.spool, source=source, merge=self._plan.merge)
            updated, decided = settlement.num_updated, settlement.num_decided
            writing.end(_message(added, updated, votes.num_written, decided, source))
        self._remove(dropped=True)
        taken = writing.classes
        return ImportReport(
            added=added,
            already_present=self._present,
            skipped=[*self._skipped, *settlement.problems],
            classes_created=list(taken.created),
            classes_revived=list(taken.revived),
            classes_merged=dict(taken.merged),
            revision_id=writing.revision_id,
            source_dataset=self._plan.source_dataset,
            updated=settlement.num_updated,
            outcomes=settlement.outcomes,
            split_by_rule=given,
            votes=votes,
        )

    def _drop_what_changed(self, uow: UnitOfWork) -> None:
        """Leave out what others imported, or removed, since it was looked up."""
        exists = self._workspace.store.exists
        for files in self.spool.chunks():
            known = uow.assets.list_labels_by_hash([file.content_hash for file in files])
            taken = uow.assets.list_hash_by_path([file.key for file in files])
            dropped = list(known)
            self._present += len(known)
            for file in files:
                if file.content_hash in known:
                    claim = claim_of(file)
                    self.spool.claim([(Target(False, file.content_hash), claim)])
                    continue
                if file.key in taken:
                    message = f"its place {printable(file.key)} was taken meanwhile."
                elif not (file.was_stored or self._placer.is_in_place or exists(file.key)):
                    message = "was removed while it was imported; import it again."
                else:
                    continue
                shown = printable(file.path)
                message = f"“{shown}” {message}"
                self._skipped.append(ImportProblem(shown, "changed", message))
                dropped.append(file.content_hash)
            self.spool.drop(dropped)

    def remove_stored(self) -> None:
        """Take back the files that were stored, as far as no row names them by now."""
        self._remove(dropped=False)
        self._remove(dropped=True)

    def _remove(self, *, dropped: bool) -> None:
        store = self._workspace.store
        try:
            for files in self.spool.chunks(only_stored=True, dropped=dropped):
                keys = [file.key for file in files]
                # Under the lock of the writers: another import may be about to name such a file.
                with self._workspace.database.write() as uow:
                    uow.revisions.lock()
                    named = uow.assets.list_hash_by_path(keys)
                    for key in keys:
                        if key not in named:
                            store.remove(key)
        except (StorageUnavailable, *DATABASE_UNAVAILABLE):
            return  # they stay without rows: the next import uses them, `forge verify` lists them


def _chunks(files: Sequence[ScannedFile]) -> Iterator[list[ScannedFile]]:
    """Files in order, few enough at a time that their bytes fit into memory."""
    chunk: list[ScannedFile] = []
    size = 0
    for file in files:
        if chunk and (len(chunk) >= CHUNK_FILES or size + file.size_bytes > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(file)
        size += file.size_bytes
    if chunk:
        yield chunk


def _message(added: int, updated: int, votes: int, decided: int, source: str) -> str:
    parts = [f"{added:,} images"] if added or not (updated or votes or decided) else []
    if updated:
        parts.append(f"{updated:,} images that were there changed")
    if votes:
        parts.append(f"{votes:,} votes")
    if decided:
        parts.append(f"{decided:,} differing values decided to stay")
    return f"{', '.join(parts)} from {source}"
