"""Where bytes live: an asset root that is any fsspec URL, addressed by relative keys."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from forge_core.errors import InvalidInput, NotFound

_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")
MAX_KEY_CHARACTERS = 1024


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


class AssetStore:
    """The files under one root; every key passes `check_key` first.

    Args:
        root: A folder or an fsspec URL (`s3://bucket/prefix`); it is created when needed.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._files, self._base = url_to_fs(root)
        self._is_local = isinstance(self._files, LocalFileSystem)

    def read(self, key: str) -> bytes:
        """The bytes of a file.

        Raises:
            NotFound: No file is there.
        """
        try:
            return bytes(self._files.cat_file(self._path(key)))
        except FileNotFoundError:
            raise NotFound(
                f"The file {key} is in the catalog but not under the asset root.",
                next_step="Put it back, or remove the image from the catalog.",
            ) from None

    def write(self, key: str, data: bytes) -> None:
        """Store bytes: under a temporary name first, so that no reader sees half a file."""
        path = self._path(key)
        if not self._is_local:  # object stores replace atomically by themselves
            self._files.pipe_file(path, data)
            return
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """Whether a file is there."""
        return bool(self._files.isfile(self._path(key)))

    def local_path(self, key: str) -> Path | None:
        """The file's path on this machine, or None when the root is not a folder of it."""
        return Path(self._path(key)) if self._is_local else None

    def local_root(self) -> Path | None:
        """The root as a folder of this machine, or None."""
        return Path(self._base) if self._is_local else None

    def list_keys(self) -> Iterator[str]:
        """Keys of all files under the root, in no order; hidden files are left out."""
        base = self._base.rstrip("/") + "/"
        for path in self._files.find(self._base):
            key = str(path).removeprefix(base)
            if not any(part.startswith(".") for part in key.split("/")):
                yield key

    def _path(self, key: str) -> str:
        return f"{self._base.rstrip('/')}/{check_key(key)}"
