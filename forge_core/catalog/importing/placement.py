"""Where the bytes of an imported file lie: in place, under a second name, or copied.

Keys are relative to the asset root, so *in place* means: the folder lies under the asset root
and its files stay where they are. For a folder elsewhere the choice is to copy its files in, to
give them a second name under the root (a hard link, on the same disk), or to make the folder the
asset root (FORGE_ASSET_ROOT). ADR 0012 says why copies are the default.
"""

import os
from enum import StrEnum
from functools import lru_cache
from pathlib import Path, PurePosixPath

from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_plan import ImportPlan, clean_source
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.reading import ReadFile
from forge_core.errors import InvalidInput
from forge_core.imaging import hashing
from forge_core.storage import AssetStore, check_key


class Placement(StrEnum):
    """What becomes of the bytes of files that lie outside of the asset root."""

    COPY = "copy"
    """They are copied in; the originals may be changed or deleted afterwards."""
    LINK = "link"
    """They get a second name under the root; copied where that cannot be done."""
    IN_PLACE = "in_place"
    """They must lie under the root already; nothing is written there."""


_clean_source = lru_cache(maxsize=1024)(clean_source)


class Placer:
    """Puts the bytes of one import's files under the asset root.

    Args:
        store: The asset root.
        plan: What is imported.
        placement: For files outside of the root; files under it always stay where they are.

    Raises:
        InvalidInput: `in_place`, and the folder does not lie under the asset root.
    """

    def __init__(self, store: AssetStore, plan: ImportPlan, placement: Placement) -> None:
        self._store = store
        self._source_dataset = plan.source_dataset
        root = store.local_root()
        folder = plan.scanned.root.resolve()
        self.is_in_place = root is not None and folder.is_relative_to(root.resolve())
        self._prefix = ""
        if self.is_in_place and root is not None:
            below = folder.relative_to(root.resolve()).as_posix()
            self._prefix = "" if below == "." else f"{below}/"
        elif placement is Placement.IN_PLACE:
            raise _not_in_place(store, folder)
        # What was unpacked for this import belongs to it: a second name makes it a move.
        self._links = placement is Placement.LINK or plan.staging_folder is not None
        self._may_change = plan.staging_folder is None

    @property
    def needs_data(self) -> bool:
        """Whether `place` has to be given the bytes of the files."""
        return not self.is_in_place

    def key_of(self, file: ScannedFile) -> str | ImportProblem:
        """Where the file's bytes shall lie, or why it has no name that can be kept."""
        try:
            if self.is_in_place:
                return check_key(f"{self._prefix}{file.path}")
            source = _clean_source(file.source_dataset or self._source_dataset)
            return check_key(f"{source}/{file.path}")
        except InvalidInput as error:
            return ImportProblem(printable(file.path), "bad_name", error.message)

    def place(
        self, read: ReadFile, key: str, *, is_taken: bool
    ) -> tuple[str, bool] | ImportProblem:
        """The key at which the file's bytes lie now, and whether they were stored by this call.

        Args:
            read: The file.
            key: From `key_of`.
            is_taken: Another image of the catalog has this key, so that it must not be used.

        Raises:
            StorageUnavailable: They cannot be stored (disk full, no such bucket, ...).
        """
        if self.is_in_place:
            return _path_taken(read) if is_taken else (key, False)
        try:
            return self._place_elsewhere(read, key, is_taken)
        except FileNotFoundError:
            return _removed(read)

    def _place_elsewhere(
        self, read: ReadFile, key: str, is_taken: bool
    ) -> tuple[str, bool] | ImportProblem:
        if is_taken or not self._store_at(key, read):
            if not is_taken and self._holds(key, read):
                return key, False
            posix = PurePosixPath(key)
            key = str(posix.with_name(f"{posix.stem}-{read.content_hash[:12]}{posix.suffix}"))
            if not self._store_at(key, read):
                return key, False  # the name holds the hash: an earlier import stored it
        if self._links and self._may_change:
            problem = _changed(read)
            if problem is not None:
                self._store.remove(key)
                return problem
        return key, True

    def _store_at(self, key: str, read: ReadFile) -> bool:
        if self._links:
            done = self._store.link(key, read.path)
            if done is not None:
                return done
        return self._store.add(key, read.data)

    def _holds(self, key: str, read: ReadFile) -> bool:
        """Whether the file at a key has these bytes: left by an import that was killed."""
        found = self._store.find(key)
        if found is None or found.size_bytes != read.size_bytes:
            return False
        return hashing.content_hash(self._store.read(key)) == read.content_hash


def _path_taken(read: ReadFile) -> ImportProblem:
    shown = printable(read.file.path)
    message = (
        f"“{shown}” is in the catalog with other bytes: the file was changed after its import. "
        "`forge verify` lists such files."
    )
    return ImportProblem(shown, "changed", message)


def _changed(read: ReadFile) -> ImportProblem | None:
    """A problem, if the file is not the one that was read any more."""
    try:
        now = os.stat(read.path)  # noqa: PTH116
    except OSError:
        return _removed(read)
    if (now.st_size, now.st_mtime_ns) == read.stamp:
        return None
    shown = printable(read.file.path)
    message = f"“{shown}” was changed while it was imported; import it again."
    return ImportProblem(shown, "changed", message)


def _removed(read: ReadFile) -> ImportProblem:
    shown = printable(read.file.path)
    return ImportProblem(shown, "unreadable", f"“{shown}” was removed while it was imported.")


def _not_in_place(store: AssetStore, folder: Path) -> InvalidInput:
    return InvalidInput(
        f"{printable(folder.name)} does not lie under the asset root {store.root}, so its files "
        "cannot be added in place: the catalog names files relative to that root.",
        next_step="Leave out --in-place to copy them in, or set FORGE_ASSET_ROOT to this folder "
        "or one above it.",
    )
