"""Where runs leave their files: a folder a run, below a plain folder or any fsspec URL.

Below a plain folder a run reads and writes its files in place. Elsewhere it writes into a working
folder of this machine, from which finished files are published, and what has to be read as a file
is copied into the cache, once for its bytes. Each folder carries a marker that says which run of
which workspace it belongs to; who may use it is decided by `runs.files.folders`.
"""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from forge_core import local_files
from forge_core.errors import NotFound
from forge_core.file_hashes import known_hash
from forge_core.storage import AssetStore, StoredFile

MARKER = ".workspace.json"
PUBLISHED = ".published.json"
PARTIAL = ".partial"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose a folder is."""

    workspace_id: str
    """Empty where the marker cannot be read."""
    workspace_name: str
    run_id: int


class RunStore:
    """The folders of runs; a key is the folder's name, a slash and the file's name.

    Args:
        root: A folder or an fsspec URL.
        working: Folder of this machine where runs write when the root is none of its folders.
        copies: Folder for copies of what is read; it may be deleted at any time.

    Raises:
        StorageUnavailable: The URL's scheme needs a package that is not installed.
    """

    def __init__(self, root: str, *, working: Path, copies: Path) -> None:
        self.files = AssetStore(root, place="runs root", setting="FORGE_RUNS_ROOT")
        self._working = working
        self.copies = copies
        """Where copies of what is read lie, by their hashes."""

    @property
    def root(self) -> str:
        """What the setting says."""
        return self.files.root

    def local_root(self) -> Path | None:
        """The root as a folder of this machine, or None."""
        return self.files.local_root()

    def check(self) -> None:
        """Make sure that the root answers; a folder is made when it is not there.

        Raises:
            StorageUnavailable: It does not.
        """
        self.files.check()

    # Whose a folder is

    def find_owner(self, name: str) -> Owner | None:
        """What the marker of a folder says; None without one."""
        try:
            text = self.files.read(f"{name}/{MARKER}")
        except NotFound:
            return None
        try:
            values = json.loads(text)
            return Owner(
                workspace_id=str(values["workspace_id"]),
                workspace_name=str(values["workspace_name"]),
                run_id=int(values["run_id"]),
            )
        except (ValueError, KeyError, TypeError):
            return Owner(workspace_id="", workspace_name="", run_id=0)

    def mark(self, name: str, owner: Owner) -> Owner:
        """Mark a folder that has no marker, and make it; returns whose it is now.

        Of several that mark it at once, one wins, and all are told which.
        """
        data = json.dumps(asdict(owner), ensure_ascii=False).encode()
        self.files.add(f"{name}/{MARKER}", data)
        return self.find_owner(name) or owner

    # Its files

    def list_files(self, name: str, *, with_marker: bool = False) -> list[StoredFile]:
        """The files of a folder in the order of their keys."""
        marker = self.files.find(f"{name}/{MARKER}") if with_marker else None
        found = sorted(self.files.list_files(name), key=lambda file: file.key)
        return [*found, *([marker] if marker else [])]

    def list_keys_of(self, workspace_id: str) -> list[str]:
        """Keys of all files in order, without those in folders that other workspaces marked."""
        keys = sorted(self.files.list_keys())
        owners = {name: self.find_owner(name) for name in {key.partition("/")[0] for key in keys}}
        others = {
            name for name, owner in owners.items() if owner and owner.workspace_id != workspace_id
        }
        return [key for key in keys if key.partition("/")[0] not in others]

    def existing(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys under which a file is."""
        wanted = set(keys)
        if self.local_root() is None:  # one request for all
            return wanted & set(self.files.list_keys()) if wanted else set()
        return {key for key in wanted if self.files.exists(key)}

    def exists(self, key: str) -> bool:
        """Whether a file is there, asked anew."""
        return self.files.find(key) is not None

    def local_copy(self, key: str, content_hash: str) -> Path:
        """A file of this machine with the bytes that are stored under the key.

        Below a plain folder it is the file itself. Elsewhere it is the copy with the expected
        hash where there is one, else a new one: the caller compares it.

        Args:
            key: The file's key.
            content_hash: SHA-256 that the bytes should have.

        Raises:
            FileNotFoundError: Nothing is there.
            StorageUnavailable: The root does not answer.
        """
        path = self.files.local_path(key)
        if path is not None:
            return path
        name = key.rpartition("/")[2]
        kept = self.copies / content_hash / name
        if kept.exists() and known_hash(kept) == content_hash:
            return kept
        local_files.make_folder(self.copies)
        with tempfile.TemporaryDirectory(dir=self.copies, prefix=".") as folder:
            arriving = Path(folder) / name
            self.files.download(key, arriving)
            arriving.chmod(local_files.PRIVATE_FILE)
            return self._keep_copy(arriving)

    def remove_folder(self, name: str) -> list[StoredFile]:
        """Remove a folder with all its files and its marker; returns those."""
        files = self.list_files(name, with_marker=True)
        for file in files:
            self.files.remove(file.key)
        folder = self.files.local_path(name)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            self.release(name)
        return files

    # Writing elsewhere than in place

    def working_folder(self, name: str) -> Path:
        """Where a run writes its files; it may not exist yet."""
        return self.files.local_path(name) or self._working / name

    def bring_in(self, name: str) -> None:
        """Let the working folder hold the run's newest files of any machine.

        What a process that died has left here goes on where nothing else was published since.
        """
        if self.local_root() is not None:
            return
        folder = self.working_folder(name)
        local_files.make_folder(folder)
        stored = {
            file.key.rpartition("/")[2]: _stamp(file)
            for file in self.list_files(name)
            if file.key.count("/") == 1  # the logs are no part of it
        }
        published = {key: entry["stored"] for key, entry in self._published(folder).items()}
        if stored == published and _plain_files(folder):
            return
        for path in folder.iterdir():
            path.unlink()
        entries = {}
        for file_name, stamp in stored.items():
            self.files.download(f"{name}/{file_name}", folder / file_name)
            (folder / file_name).chmod(local_files.PRIVATE_FILE)
            entries[file_name] = {"stored": stamp, "here": _here(folder / file_name)}
        self._keep_published(folder, entries)

    def publish(self, name: str, file_names: Iterable[str]) -> None:
        """Put those files of the working folder that changed to the root, in this order.

        Raises:
            StorageUnavailable: The root does not take them; they stay in the working folder.
        """
        if self.local_root() is not None:
            return
        folder = self.working_folder(name)
        entries = self._published(folder)
        for file_name in file_names:
            path, key = folder / file_name, f"{name}/{file_name}"
            if not path.exists() or entries.get(file_name, {}).get("here") == _here(path):
                continue
            here = _here(path)
            self.files.upload(key, path)
            stored = self.files.find(key)
            entries[file_name] = {"stored": _stamp(stored) if stored else None, "here": here}
            self._keep_published(folder, entries)

    def publish_log(self, name: str, path: Path) -> None:
        """Put the log of a job beside the run's files, where it is not on this machine alone.

        Raises:
            StorageUnavailable: The root does not take it.
        """
        if self.local_root() is None and path.is_file():
            self.files.upload(log_key(name, path.name), path)

    def has_saved(self, name: str, file_name: str) -> bool:
        """Whether a run has such a file: a published one, or one that this machine still has."""
        return (self.working_folder(name) / file_name).is_file() or self.exists(
            f"{name}/{file_name}"
        )

    def release(self, name: str, *, keep: Iterable[str] = ()) -> None:
        """Remove the working folder, whose files are published.

        Args:
            name: The run's folder.
            keep: Files that are wanted next: they become copies in the cache.
        """
        if self.local_root() is not None:
            return
        folder = self.working_folder(name)
        for file_name in keep:
            if (folder / file_name).is_file():
                self._keep_copy(folder / file_name)
        shutil.rmtree(folder, ignore_errors=True)

    def _keep_copy(self, path: Path) -> Path:
        """Move a file to where copies with its bytes are looked for."""
        kept = self.copies / known_hash(path) / path.name
        local_files.make_folder(kept.parent)
        shutil.move(path, kept)
        return kept

    def _published(self, folder: Path) -> dict[str, dict[str, Any]]:
        try:
            return dict(json.loads((folder / PUBLISHED).read_text("utf-8")))
        except (OSError, ValueError):
            return {}

    def _keep_published(self, folder: Path, entries: dict[str, dict[str, Any]]) -> None:
        local_files.replace(folder / PUBLISHED, json.dumps(entries).encode())


def log_key(name: str, log_name: str) -> str:
    """Where the log of a job lies beside the files of its run."""
    return f"{name}/logs/{log_name}"


def _stamp(file: StoredFile) -> list[float]:
    """By which it is seen that a stored file was replaced."""
    return [file.size_bytes, file.modified_at]


def _here(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _plain_files(folder: Path) -> list[Path]:
    with contextlib.suppress(FileNotFoundError):
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    return []
