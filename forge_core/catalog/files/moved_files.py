"""Find files again that were moved or renamed, by their bytes; labels and history stay.

A lost file is one that is missing, or whose place holds other bytes. Candidates are files that no
row names; only those of the same size are read. Files that were moved within the asset root get
their new key in one revision, which undo takes back. Files that are found in a folder elsewhere
are copied back to the key they had, and no row changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path, PurePosixPath

from db.enums import RevisionKind
from db.unit_of_work import UnitOfWork
from forge_core import local_files
from forge_core.catalog.files.survey import FileSurvey, NamedFile
from forge_core.catalog.files.verification import MAX_LISTED, survey_of
from forge_core.catalog.importing.import_problems import printable
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import InvalidInput, NotFound
from forge_core.imaging import hashing
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """A lost file and where its bytes are now."""

    key: str
    """The key that the catalog has."""
    found_at: str
    """The key, or the path within the searched folder, that has its bytes."""


@dataclass(frozen=True, kw_only=True)
class RelinkReport:
    """What was found. The lists hold the first thousand, the numbers count all."""

    num_lost: int
    """Images whose file is missing or has other bytes."""
    num_moved: int
    """Found under another key of the asset root; their rows follow."""
    num_copied_back: int
    """Found in the folder and copied to the key they had."""
    num_ambiguous: int
    num_unfound: int
    revision_id: int | None = None
    """The revision that `history.undo` takes back; None for a dry run, or when no row changed."""
    found: list[FoundAgain] = field(default_factory=list)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)
    """Lost keys with several files of the same bytes, none of which is the better one."""
    unfound: list[str] = field(default_factory=list)


def relink(
    workspace: Workspace,
    folder: Path | None = None,
    *,
    actor: Actor,
    full: bool = False,
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> RelinkReport:
    """Look for lost files and connect them with their images again.

    Of several files with the right bytes the one whose path ends most like the old one is taken.

    Args:
        workspace: The workspace.
        folder: Where to look: below the asset root, to take only files from there; or elsewhere,
            to copy files back. None looks below the whole asset root.
        actor: Who does it.
        full: Read every file to find those with other bytes; otherwise as a quick `verify`.
        dry_run: Only say what would be done.
        progress: Told the files read, of those that may be one of the lost.

    Raises:
        NotFound: There is no such folder.
        StorageUnavailable: The asset root cannot be listed, read or written.
    """
    operation = Operation.of(RevisionKind.RELINK, actor=actor)
    with survey_of(workspace) as survey:
        survey.find_differing(full=full, progress=SILENT)
        places = _places(workspace, survey, folder)
        lost = [*chain.from_iterable(survey.missing()), *chain.from_iterable(survey.differing())]
        search = _Search(places, lost, progress)
        if isinstance(places, _Elsewhere):
            copied = len(search.found)
            if not dry_run:
                copied = _copy_back(workspace.store, places, search.found)
            return search.report(num_lost=len(lost), num_copied_back=copied)
        revision_id, moved = (None, len(search.found))
        if not dry_run and search.found:
            revision_id, moved = _move(workspace, operation, search.found)
    return search.report(num_lost=len(lost), num_moved=moved, revision_id=revision_id)


class _Inside:
    """Files under the asset root that no row names."""

    def __init__(self, survey: FileSurvey, prefix: str) -> None:
        self._survey = survey
        self._prefix = prefix

    def of_sizes(self, sizes: set[int]) -> Iterator[list[str]]:
        for names in self._survey.free_files(sizes):
            yield [name for name in names if name.startswith(self._prefix)]

    def hashes_of(self, names: list[str]) -> dict[str, str]:
        return self._survey.hashes_of(names)


class _Elsewhere:
    """Files of a folder outside of the asset root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of_sizes(self, sizes: set[int]) -> Iterator[list[str]]:
        for name, size_bytes, _ in local_files.walk(str(self.folder)):
            if size_bytes in sizes:
                yield [name]

    def hashes_of(self, names: list[str]) -> dict[str, str]:
        hashes = {}
        for name in names:
            try:
                hashes[name] = hashing.content_hash((self.folder / name).read_bytes())
            except OSError:
                hashes[name] = ""
        return hashes


def _places(workspace: Workspace, survey: FileSurvey, folder: Path | None) -> _Inside | _Elsewhere:
    if folder is None:
        return _Inside(survey, "")
    chosen = folder.expanduser().resolve()
    if not chosen.is_dir():
        raise NotFound(
            f"There is no folder {printable(str(folder))}.",
            next_step="Name the folder that the files were moved to, or none to look everywhere "
            "under the asset root.",
        )
    root = workspace.store.local_root()
    if root is None or not chosen.is_relative_to(root.resolve()):
        if root is not None and root.resolve().is_relative_to(chosen):
            raise InvalidInput(
                f"{printable(str(folder))} holds the asset root itself.",
                next_step="Name a folder inside of the asset root, or beside it.",
            )
        return _Elsewhere(chosen)
    below = chosen.relative_to(root.resolve()).as_posix()
    return _Inside(survey, "" if below == "." else f"{below}/")


class _Search:
    """Pairs lost files with those that have their bytes; each of these is given away once."""

    def __init__(
        self, places: _Inside | _Elsewhere, lost: list[NamedFile], progress: Progress
    ) -> None:
        self.found: list[tuple[NamedFile, str]] = []
        self._takes_any = isinstance(places, _Elsewhere)
        self._ambiguous: dict[str, list[str]] = {}
        self._unfound: list[str] = []
        self._free = _names_by_hash(places, lost, progress)
        for file in lost:
            self._look_for(file)

    def _look_for(self, lost: NamedFile) -> None:
        equal = self._free.get(lost.content_hash)
        if not equal:
            self._unfound.append(lost.key)
            return
        likeness = {name: _likeness(lost.key, name) for name in sorted(equal)}
        best = [name for name in likeness if likeness[name] == max(likeness.values())]
        if len(best) > 1 and not self._takes_any:
            self._ambiguous[lost.key] = best
            return
        equal.remove(best[0])
        self.found.append((lost, best[0]))

    def report(
        self,
        *,
        num_lost: int,
        num_moved: int = 0,
        num_copied_back: int = 0,
        revision_id: int | None = None,
    ) -> RelinkReport:
        return RelinkReport(
            num_lost=num_lost,
            num_moved=num_moved,
            num_copied_back=num_copied_back,
            num_ambiguous=len(self._ambiguous),
            num_unfound=len(self._unfound),
            revision_id=revision_id,
            found=[FoundAgain(lost.key, name) for lost, name in self.found[:MAX_LISTED]],
            ambiguous=dict(list(self._ambiguous.items())[:MAX_LISTED]),
            unfound=self._unfound[:MAX_LISTED],
        )


def _names_by_hash(
    places: _Inside | _Elsewhere, lost: list[NamedFile], progress: Progress
) -> dict[str, list[str]]:
    """Files with the bytes of a lost one. Those of a lost file's size are read, each once."""
    wanted = {file.content_hash for file in lost}
    names: dict[str, list[str]] = {}
    done = 0
    for part in places.of_sizes({file.size_bytes for file in lost}):
        for name, content_hash in places.hashes_of(part).items():
            if content_hash in wanted:
                names.setdefault(content_hash, []).append(name)
        done += len(part)
        progress.advance(done, max(done, len(lost)))
    return names


def _likeness(old: str, new: str) -> tuple[int, int]:
    """How alike two paths are: equal parts from the end, then from the beginning."""
    ours, theirs = PurePosixPath(old).parts, PurePosixPath(new).parts
    return _equal(ours[::-1], theirs[::-1]), _equal(ours, theirs)


def _equal(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    pairs: Iterator[bool] = (a == b for a, b in zip(first, second, strict=False))
    number = 0
    for is_equal in pairs:
        if not is_equal:
            break
        number += 1
    return number


def _move(
    workspace: Workspace, operation: Operation, found: list[tuple[NamedFile, str]]
) -> tuple[int | None, int]:
    """Write the revision; what was changed by others meanwhile is left as it is."""
    with workspace.database.write() as uow:
        uow.revisions.lock()
        free = _still_free(uow, found)
        if not free:
            return None, 0
        described = replace(operation, message=f"{len(free):,} files found under new paths")
        revision_id = journal.begin_revision(uow, described)
        uow.moves.move(revision_id, [(file.asset_id, key) for file, key in free])
    return revision_id, len(free)


def _still_free(uow: UnitOfWork, found: list[tuple[NamedFile, str]]) -> list[tuple[NamedFile, str]]:
    """Those whose image is as it was and whose new key no image keeps."""
    now = {a.asset_id: a for a in uow.assets.list_by_ids([file.asset_id for file, _ in found])}
    same = [
        (file, key)
        for file, key in found
        if file.asset_id in now and now[file.asset_id].file_path == file.key
    ]
    while True:
        leaving = {file.key for file, _ in same}
        taken = uow.assets.list_hash_by_path([key for _, key in same if key not in leaving])
        kept = [(file, key) for file, key in same if key not in taken]
        if len(kept) == len(same):
            return kept
        same = kept  # a place that was to be left stays taken, so look again


def _copy_back(store: AssetStore, places: _Elsewhere, found: list[tuple[NamedFile, str]]) -> int:
    """Put found bytes at the key they had; a file with other bytes there is kept beside it."""
    written = []
    for lost, name in found:
        data = (places.folder / name).read_bytes()
        if hashing.content_hash(data) != lost.content_hash:
            continue  # changed since it was looked at
        if not store.add(lost.key, data):
            other = store.read(lost.key)
            path = PurePosixPath(lost.key)
            beside = f"{path.stem}-{hashing.content_hash(other)[:12]}{path.suffix}"
            store.add(str(path.with_name(beside)), other)  # nobody's bytes are thrown away
            store.write(lost.key, data)
        written.append(lost.key)
    store.flush(written)
    return len(written)
