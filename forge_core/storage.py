"""Where bytes live: an asset root that is any fsspec URL, addressed by relative keys."""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from forge_core import disk_space, local_files
from forge_core.errors import ForgeError, InvalidInput, NotFound, StorageUnavailable

_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
MAX_KEY_CHARACTERS = 1024


@lru_cache(maxsize=4096)  # an import asks three times for each file
def check_key(key: str) -> str:
    """The key itself, when it is a relative POSIX path that stays inside the asset root.

    Raises:
        InvalidInput: The key is empty, too long, absolute, has a drive letter, a scheme, a
            backslash, a control character, or an empty, `.` or `..` part.
    """
    if not key or len(key) > MAX_KEY_CHARACTERS:
        problem = f"it has {len(key)} characters, allowed are 1 to {MAX_KEY_CHARACTERS}"
    elif key.startswith("/") or _DRIVE.match(key) or _SCHEME.match(key):
        problem = "it is absolute"
    elif _CONTROL.search(key):
        problem = "it holds a backslash or a control character"
    elif any(part in ("", ".", "..") for part in key.split("/")):
        problem = "it has an empty, '.' or '..' part"
    elif _SURROGATE.search(key):
        problem = "it is not valid text (its bytes are not UTF-8)"
    else:
        return key
    raise InvalidInput(
        f"The path {key[:80]!r} cannot be kept in the catalog: {problem}.",
        next_step="Use a path relative to the asset root, with forward slashes.",
    )


def is_key(key: str) -> bool:
    """Whether `check_key` accepts it."""
    try:
        return bool(check_key(key))
    except InvalidInput:
        return False


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file under the root."""

    key: str
    size_bytes: int
    modified_at: float
    """When it was written last, in seconds since 1970; 0 where the root does not say."""


class AssetStore:
    """The files under one root; every key passes `check_key` first.

    Args:
        root: A folder or an fsspec URL (`s3://bucket/prefix`).
        place: What the root is called where it refuses.
        setting: Where it is set.

    Raises:
        StorageUnavailable: The URL's scheme needs a package that is not installed.
    """

    def __init__(
        self, root: str, *, place: str = "asset root", setting: str = "FORGE_ASSET_ROOT"
    ) -> None:
        self.root = root
        self.place, self._setting = place, setting
        try:
            self._files, self._base = url_to_fs(root)
        except (ImportError, ValueError) as error:
            raise StorageUnavailable(
                f"The {place} {root} cannot be used here: {error}.",
                next_step="For s3:// install the extra: pip install 'vision-forge[s3]'. Otherwise "
                f"correct {setting}.",
            ) from error
        self._is_local = isinstance(self._files, LocalFileSystem)

    def check(self) -> None:
        """Make sure that the root can be listed; a folder is made when it is not there.

        Raises:
            StorageUnavailable: It cannot, with the reason: no such bucket, no credentials, ...
        """
        if self._is_local:
            with self._translated_errors("make"):
                local_files.make_folder(self._base)
            return
        bucket = self._base.split("/", 1)[0]
        with self._translated_errors("reach"):
            if hasattr(self._files, "call_s3"):
                self._files.call_s3("head_bucket", Bucket=bucket)
            elif "memory" not in self._files.protocol:
                self._files.ls(bucket, detail=False)

    def read(self, key: str) -> bytes:
        """The bytes of a file.

        Raises:
            NotFound: No file is there.
            StorageUnavailable: The asset root does not answer, or refuses.
        """
        try:
            if self._is_local:
                with open(self._path(key), "rb") as file:
                    return file.read()
            with self._translated_errors("read"):
                return bytes(self._files.cat_file(self._path(key)))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotFound(
                f"The file {key} is in the catalog but not under the {self.place}.",
                next_step="Put it back, look for it with `forge relink`, or remove the image from "
                "the catalog.",
            ) from None

    def write(self, key: str, data: bytes) -> None:
        """Store bytes, whatever was there; no reader ever sees half a file."""
        path = self._path(key)
        if not self._is_local:  # object stores replace atomically by themselves
            with self._translated_errors("write"):
                self._files.pipe_file(path, data)
            return
        local_files.make_folder(os.path.dirname(path))
        local_files.replace(path, data)

    def upload(self, key: str, source: Path) -> None:
        """Store a file of this machine, whatever was there; no reader ever sees half a file."""
        path = self._path(key)
        with self._translated_errors("write"):
            self._files.put_file(str(source), path)

    def download(self, key: str, target: Path) -> None:
        """Write a stored file to a path of this machine.

        Raises:
            FileNotFoundError: No file is there.
            StorageUnavailable: The root does not answer, or the disk of this machine is full.
        """
        with self._translated_errors("read"):
            self._files.get_file(self._path(key), str(target))

    def add(self, key: str, data: bytes) -> bool:
        """Store bytes where nothing is yet: whole or not at all. False when something is there.

        Two processes that add the same key never overwrite each other.

        Raises:
            StorageUnavailable: The disk is full, or the root does not answer.
        """
        path = self._path(key)
        with self._translated_errors("write"):
            if self._is_local:
                return local_files.add(path, data)
            try:
                self._files.pipe_file(path, data, mode="create")
            except FileExistsError:
                return False
            return True

    def link(self, key: str, source: str) -> bool | None:
        """Give the file `source` of this machine a second name under the root, without a copy.

        Returns:
            True when it was done, False when something is there, None when this root cannot
            (another disk, an object store): `add` the bytes then.

        Raises:
            FileNotFoundError: The source is gone.
            StorageUnavailable: The folder cannot be written.
        """
        if not self._is_local:
            return None
        with self._translated_errors("write"):
            return local_files.link(self._path(key), source)

    def exists(self, key: str) -> bool:
        """Whether a file is there."""
        path = self._path(key)
        if self._is_local:
            return os.path.isfile(path)
        with self._translated_errors("read"):
            return bool(self._files.isfile(path))

    def find(self, key: str) -> StoredFile | None:
        """Size and state of a file without reading it, or None."""
        path = self._path(key)
        try:
            if self._is_local:
                found = os.stat(path)
                if not stat.S_ISREG(found.st_mode):
                    return None
                return StoredFile(key, found.st_size, found.st_mtime)
            with self._translated_errors("read"):
                self._files.invalidate_cache(self._files._parent(path))
                return self._described(key, self._files.info(path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def remove(self, key: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        with self._translated_errors("write"), contextlib.suppress(FileNotFoundError):
            if self._is_local:
                os.unlink(self._path(key))
            else:
                self._files.rm_file(self._path(key))

    def flush(self, keys: Sequence[str]) -> None:
        """Let these files survive a power cut; object stores promise that by themselves."""
        if self._is_local:
            with self._translated_errors("write"):
                local_files.flush(self._base, [self._path(key) for key in keys])

    def local_path(self, key: str) -> Path | None:
        """The file's path on this machine, or None when the root is not a folder of it."""
        return Path(self._path(key)) if self._is_local else None

    def local_root(self) -> Path | None:
        """The root as a folder of this machine, or None."""
        return Path(self._base) if self._is_local else None

    def list_keys(self) -> Iterator[str]:
        """Keys of all files under the root, in no order; hidden files are left out."""
        return (file.key for file in self.list_files())

    def list_files(self, folder: str = "") -> Iterator[StoredFile]:
        """Every file under the root with its size, in no order; hidden ones are left out.

        Names that `check_key` refuses are left out too: no row can name them.

        Args:
            folder: Only what lies in it; it may be absent.
        """
        top = self._path(folder) if folder else self._base
        base = self._base.rstrip("/") + "/"
        if self._is_local:
            if folder and not os.path.isdir(top):
                return
            for below, size_bytes, modified_at in local_files.walk(top):
                key = f"{folder}/{below}" if folder else below
                if is_key(key):
                    yield StoredFile(key, size_bytes, modified_at)
            return
        with self._translated_errors("read"):
            self._files.invalidate_cache()
            found = self._files.find(top, detail=True)
        for path, info in found.items():
            key = str(path).removeprefix(base)
            if is_key(key) and not any(part.startswith(".") for part in key.split("/")):
                yield self._described(key, info)

    def _described(self, key: str, info: Mapping[str, Any]) -> StoredFile:
        written = info.get("LastModified") or info.get("modified") or info.get("created")
        if isinstance(written, datetime):
            written = written.timestamp()
        modified_at = float(written) if isinstance(written, int | float) else 0.0
        return StoredFile(key, int(info.get("size") or 0), modified_at)

    def _path(self, key: str) -> str:
        return f"{self._base.rstrip('/')}/{check_key(key)}"

    @contextlib.contextmanager
    def _translated_errors(self, verb: str) -> Iterator[None]:
        """Say what an asset root refuses; a file that is missing stays a FileNotFoundError."""
        try:
            yield
        except ForgeError:
            raise
        except FileExistsError:
            raise
        except FileNotFoundError as error:
            if "bucket" in str(error).lower():
                raise self._unavailable(verb, "there is no such bucket", error) from error
            if verb in ("make", "reach"):
                raise self._unavailable(verb, "there is no such bucket or folder", error) from error
            raise
        except OSError as error:
            raise self._unavailable(verb, _reason(error), error) from error
        except Exception as error:
            # The client libraries of object stores have error classes of their own.
            if type(error).__module__.split(".")[0] not in _CLIENT_LIBRARIES:
                raise
            raise self._unavailable(verb, _reason(error), error) from error

    def _unavailable(self, verb: str, reason: str, error: Exception) -> StorageUnavailable:
        if self._is_local:
            step = "Free some space or correct the permissions of the folder, then try again."
        else:
            step = (
                f"Check the bucket's name in {self._setting}, the credentials (AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY or a profile) and the address (AWS_ENDPOINT_URL)."
            )
        return StorageUnavailable(
            f"The {self.place} {self.root} cannot be {_PARTICIPLE[verb]}: {reason}.",
            next_step=step,
            detail=f"{type(error).__name__}: {error}",
        )


_PARTICIPLE = {"make": "made", "reach": "reached", "read": "read", "write": "written"}
_CLIENT_LIBRARIES = frozenset({"botocore", "aiobotocore", "aiohttp", "google", "gcsfs", "azure"})


def _reason(error: Exception) -> str:
    """Why, in a few words for a person."""
    name = type(error).__name__
    if name in ("NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"):
        return "there are no credentials for it"
    if isinstance(error, PermissionError):
        return "access is denied"
    if disk_space.is_full(error):
        return "the disk is full"
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "a file would become larger than this process may write"
    if "Connect" in name or "Endpoint" in name or "Timeout" in name:
        return "it does not answer"
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror).lower()
    return str(error) or name
