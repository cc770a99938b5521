"""Take images into the catalog: look first, then read, then write one revision.

The look is `import_plan.prepare`. `run_import` decodes every file by the one safe path,
stores its bytes under the asset root (unless they lie there already) and then adds all rows
in a single short transaction: an import that is cancelled or fails leaves the catalog as it
was. The same import twice adds nothing.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from db.records import NewAsset
from forge_core.catalog import changing, classes
from forge_core.catalog.changing import Operation
from forge_core.catalog.formats.scanned import ScannedFile, ScannedFolder
from forge_core.catalog.import_plan import ImportPlan, clean_source
from forge_core.catalog.import_problems import ImportProblem, printable
from forge_core.errors import Conflict, ImageRejected, InvalidInput
from forge_core.imaging import decode, hashing
from forge_core.imaging.decode import DecodeLimits
from forge_core.storage import check_key
from forge_core.workspace import Workspace

READERS = 4  # decoding releases the interpreter lock; more threads brought nothing on 2 cores
CHUNK_FILES = 128
CHUNK_BYTES = 128 * 2**20

Progress = Callable[[int, int], None]


class ImportCancelled(Conflict):
    """The import was cancelled; nothing was added."""


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. `skipped` tells of each file that was left out, and why."""

    added: int
    already_present: int
    skipped: list[ImportProblem] = field(default_factory=list)
    classes_created: list[str] = field(default_factory=list)
    revision_id: int | None = None
    duration_seconds: float = 0.0
    source_dataset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadFile:
    """A file that was read and decoded well."""

    file: ScannedFile
    data: bytes
    content_hash: str
    perceptual_hash: str
    width: int
    height: int
    mime: str


@dataclass(slots=True)
class _Progress:
    """What a running import has found so far."""

    new: dict[str, tuple[_ReadFile, str]] = field(default_factory=dict)  # hash -> file, key
    present: int = 0
    skipped: list[ImportProblem] = field(default_factory=list)
    copied: list[Path] = field(default_factory=list)


def run_import(
    workspace: Workspace,
    plan: ImportPlan,
    *,
    author: str,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportReport:
    """Read every file of a plan and add the images to the catalog, as one revision.

    Files that lie under the asset root stay where they are; others are copied to
    `<source>/<path>` below it. A file whose bytes are in the catalog already is not added
    again: it counts as already present, or is reported when its label there is another one.

    Args:
        workspace: The workspace.
        plan: From `import_plan`.
        author: Who imports.
        progress: Told (files read, files in all).
        cancelled: Asked between chunks of files.

    Raises:
        ImportCancelled: `cancelled` said yes; the catalog is as it was.
    """
    started = time.monotonic()
    operation = Operation.of("import", author=author)
    state = _Progress(skipped=list(plan.problems))
    done = 0
    limits = DecodeLimits.from_settings(workspace.settings)
    read = partial(_read, plan.scanned, limits=limits)
    try:
        with ThreadPoolExecutor(READERS) as readers:
            for chunk in _chunks(plan.files):
                if cancelled is not None and cancelled():
                    raise ImportCancelled("The import was cancelled; nothing was added.")
                outcomes = list(readers.map(read, chunk))
                _store(workspace, plan, outcomes, state)
                done += len(chunk)
                if progress is not None:
                    progress(done, plan.num_images)
        report = _write(workspace, plan, operation, state)
    except BaseException:
        for path in state.copied:
            path.unlink(missing_ok=True)
        raise
    finally:
        if plan.staging_folder is not None:
            shutil.rmtree(plan.staging_folder, ignore_errors=True)
    return replace(report, duration_seconds=time.monotonic() - started)


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


def _read(
    scanned: ScannedFolder, file: ScannedFile, limits: DecodeLimits
) -> _ReadFile | ImportProblem:
    try:
        if file.size_bytes > limits.max_bytes:
            decoded = decode.decode_file(scanned.locate(file), limits=limits)  # refuses unread
        data = scanned.locate(file).read_bytes()
        decoded = decode.decode_image(data, limits=limits)
    except ImageRejected as error:
        return ImportProblem(printable(file.path), error.reason, error.message)
    except OSError as error:
        return ImportProblem(
            printable(file.path),
            "unreadable",
            f"The file cannot be read: {error.strerror or type(error).__name__}.",
        )
    return _ReadFile(
        file=file,
        data=data,
        content_hash=hashing.content_hash(data),
        perceptual_hash=hashing.perceptual_hash(decoded.image),
        width=decoded.width,
        height=decoded.height,
        mime=decoded.mime,
    )


def _store(
    workspace: Workspace,
    plan: ImportPlan,
    outcomes: Sequence[_ReadFile | ImportProblem],
    state: _Progress,
) -> None:
    """Sort the outcomes of a chunk into new, present and skipped; copy the bytes of new ones."""
    read = [outcome for outcome in outcomes if isinstance(outcome, _ReadFile)]
    state.skipped += [outcome for outcome in outcomes if isinstance(outcome, ImportProblem)]
    with workspace.database.read() as uow:
        known = uow.assets.list_labels_by_hash([outcome.content_hash for outcome in read])
    for outcome in read:
        content_hash, file = outcome.content_hash, outcome.file
        if content_hash in known:
            path, label = known[content_hash]
        elif content_hash in state.new:
            first, path = state.new[content_hash]
            label = first.file.label_name
        else:
            key = _place(workspace, plan, outcome, state)
            if key is not None:
                state.new[content_hash] = (replace(outcome, data=b""), key)
            continue
        if file.label_name in (None, label) and content_hash in known:
            state.present += 1
        else:
            state.skipped.append(_same_bytes(file, path, label))


def _same_bytes(file: ScannedFile, path: str, label: str | None) -> ImportProblem:
    shown = printable(file.path)
    if file.label_name in (None, label):
        message = f"“{shown}” has the same bytes as “{printable(path)}”; kept once."
    else:
        message = (
            f"“{shown}” ({file.label_name}) has the same bytes as “{printable(path)}” "
            f"({label or 'unlabelled'}); the label there stays."
        )
    return ImportProblem(shown, "same_bytes", message)


def _place(
    workspace: Workspace, plan: ImportPlan, outcome: _ReadFile, state: _Progress
) -> str | None:
    """The key of a new file's bytes; copies them there unless they lie under the root already."""
    root = workspace.store.local_root()
    path = plan.scanned.locate(outcome.file)
    try:
        if root is not None and path.is_relative_to(root.resolve()):
            return check_key(path.relative_to(root.resolve()).as_posix())
        source = outcome.file.source_dataset or plan.source_dataset
        key = check_key(f"{clean_source(source)}/{outcome.file.path}")
    except InvalidInput as error:
        state.skipped.append(ImportProblem(printable(outcome.file.path), "bad_name", error.message))
        return None
    if workspace.store.exists(key):
        if hashing.content_hash(workspace.store.read(key)) == outcome.content_hash:
            return key
        posix = PurePosixPath(key)
        key = str(posix.with_name(f"{posix.stem}-{outcome.content_hash[:12]}{posix.suffix}"))
    workspace.store.write(key, outcome.data)
    local = workspace.store.local_path(key)
    if local is not None:
        state.copied.append(local)
    return key


def _write(
    workspace: Workspace, plan: ImportPlan, operation: Operation, state: _Progress
) -> ImportReport:
    """Add all new rows in one transaction."""
    with workspace.database.write() as uow:
        uow.revisions.lock()
        # Somebody may have imported the same files since they were looked up.
        known = uow.assets.list_labels_by_hash(list(state.new))
        new = [pair for content_hash, pair in state.new.items() if content_hash not in known]
        present = state.present + len(known)
        if not new:
            return ImportReport(
                added=0,
                already_present=present,
                skipped=state.skipped,
                source_dataset=plan.source_dataset,
            )
        described = replace(operation, message=f"{len(new):,} images from {plan.source_dataset}")
        revision_id = changing.begin_revision(uow, described)
        label_ids = {label.name: label.label_id for label in uow.labels.list_all()}
        created = [
            name
            for name in dict.fromkeys(read.file.label_name for read, _ in new)
            if name is not None and name not in label_ids
        ]
        for name in sorted(created):
            label_ids[name] = classes.add_class(uow, name, revision_id=revision_id).label_id
        changing.add_assets(
            uow,
            revision_id,
            [_new_asset(read, key, plan.source_dataset, label_ids) for read, key in new],
        )
    return ImportReport(
        added=len(new),
        already_present=present,
        skipped=state.skipped,
        classes_created=sorted(created),
        revision_id=revision_id,
        source_dataset=plan.source_dataset,
    )


def _new_asset(
    read: _ReadFile, key: str, source_dataset: str, label_ids: dict[str, int]
) -> NewAsset:
    label_name = read.file.label_name
    return NewAsset(
        asset_id=changing.new_id(),
        file_path=key,
        label_id=None if label_name is None else label_ids[label_name],
        label_name=label_name,
        split_type=read.file.split,
        source_dataset=clean_source(read.file.source_dataset or source_dataset),
        content_hash=read.content_hash,
        width=read.width,
        height=read.height,
        size_bytes=read.file.size_bytes,
        mime=read.mime,
        perceptual_hash=read.perceptual_hash,
        is_augmented=read.file.is_augmented,
    )
