"""Looks up what a label file calls an image among the files that were found."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from forge_core.catalog.formats.scan.scanned_folder import split_of_name

_MOST_OF_ONE_NAME = 200  # so that a million files of one name are not compared with each row


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that looks like an image by its name."""

    path: str
    """POSIX path relative to the folder that was walked."""
    size_bytes: int

    @property
    def parts(self) -> list[str]:
        """The folders and the file name."""
        return self.path.split("/")

    @property
    def top(self) -> str:
        """The outermost folder, empty for a file that lies in none."""
        return self.path.split("/", 1)[0] if "/" in self.path else ""


class Finder:
    """Looks up names of a label file among the files that were found."""

    def __init__(self, files: Sequence[FoundFile]) -> None:
        self._by_path = {file.path: file for file in files}
        self._by_name: dict[str, list[FoundFile]] = defaultdict(list)
        self._by_stem: dict[str, list[FoundFile]] = defaultdict(list)
        for file in files:
            name = _normal(file.path.rsplit("/", 1)[-1])
            self._by_name[name].append(file)
            self._by_stem[name.rsplit(".", 1)[0]].append(file)

    def has(self, path: str) -> bool:
        """Whether a file has exactly this path."""
        return path in self._by_path

    def find(
        self,
        path: str,
        *,
        folder: str = "",
        split: str | None = None,
        near: str = "",
        is_url: bool = False,
    ) -> list[FoundFile]:
        """The files that a name can mean: none, one, or several that cannot be told apart.

        Looked for in this order: the path from the folder of the label file, the path from the
        root, then any file whose path ends so (or that ends the path so: the label file may have
        been written one folder higher up); without an extension in the name, any image with it.

        Args:
            path: With "/" between folders.
            folder: Where the label file lies.
            split: Files in a folder of this split are preferred where several fit.
            near: So are files in a folder of this name.
            is_url: Whether it is enough that the last parts agree.
        """
        parts = path.split("/")
        exact = [f"{folder}/{path}"] if folder else []
        exact += ["/".join(parts[start:]) for start in range(len(parts) - 1)] or [path]
        for candidate in exact:
            if candidate in self._by_path:
                return [self._by_path[candidate]]
        wanted = _normal(path).split("/")
        candidates = self._by_name.get(wanted[-1], [])
        if not candidates:
            candidates = self._by_stem.get(wanted[-1], [])
        best: list[FoundFile] = []
        most = -1.0
        for file in candidates[:_MOST_OF_ONE_NAME]:
            folders = _normal(file.path).split("/")[:-1]
            shared = _shared_end(folders, wanted[:-1])
            if not is_url and shared < min(len(folders), len(wanted) - 1):
                continue
            if folder and folders == [*_normal(folder).split("/"), *wanted[:-1]]:
                return [file]  # only the ending was left out
            if any(name == near or (split and split_of_name(name) == split) for name in folders):
                shared += 0.5
            if shared > most:
                best, most = [file], shared
            elif shared == most:
                best.append(file)
        return best


def _shared_end(first: list[str], second: list[str]) -> float:
    """How many parts at the end agree."""
    shared = 0
    for one, other in zip(reversed(first), reversed(second), strict=False):
        if one != other:
            break
        shared += 1
    return shared


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
