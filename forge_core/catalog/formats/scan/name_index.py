"""Looks up what a label file calls an image among the files that were found.

Nothing is ever opened here: a name from outside can only mean one of the files that are there.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from urllib.parse import unquote

from forge_core.catalog.formats.scan import folder_names
from forge_core.imaging import formats

_URL = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_ELSEWHERE = re.compile(r"[A-Za-z]:/|(?:file:)?/", re.IGNORECASE)
_ROOT = re.compile(r"^(?:file:/*)?(?:[A-Za-z]:)?/+|^(?:\.\./)+", re.IGNORECASE)
_HASH_BEFORE = re.compile(r"[0-9a-f]{6,40}[-_](?=.)", re.IGNORECASE)
_HERE = re.compile(r"(?<=[^/:])/(?:\.?/)+")
_NUMBER = re.compile(r"(\d{1,18})(?:\.0+)?")
_PICTURES = formats.EXTENSIONS | formats.FOREIGN_EXTENSIONS
_LONGEST = 1024
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


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a name from outside means here."""

    path: str
    """The name as a path of this machine would be written."""
    files: list[FoundFile] = field(default_factory=list)
    """None, one, or several that cannot be told apart."""
    is_elsewhere: bool = False
    """Whether it was an address of another place, of which the end was looked up."""
    is_loose: bool = False
    """Whether it is written in another way: capital letters, %20, an upload's changes, zeros."""


class Finder:
    """Looks up names of a label file among the files that were found."""

    def __init__(self, files: Sequence[FoundFile]) -> None:
        self._files = files
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

    def look_up(
        self,
        written: str,
        *,
        folder: str = "",
        split: str | None = None,
        near: str = "",
        may_be_url: bool = False,
    ) -> LookedUp:
        """The files that a name in a label file can mean, wherever it was written.

        Paths of other machines and URLs are looked up by their ends. What is not found so is
        looked up once more without regard to capital letters, percent-encoding, what an upload
        makes of a name, the ending of a picture that was converted, and zeros that a spreadsheet
        lost: then only one single file counts.

        Args:
            written: The name as it stands there.
            folder: See `find`.
            split: See `find`.
            near: See `find`.
            may_be_url: Whether it is known to be an address.
        """
        name = written.strip()
        is_url = may_be_url or bool(_URL.match(name))
        path = _local_part(name) if is_url else _HERE.sub("/", name.replace("\\", "/"))
        path = path.removeprefix("./")
        if not path or len(path) > _LONGEST:
            return LookedUp(path)
        is_elsewhere = is_url or bool(_ELSEWHERE.match(path)) or path.startswith("../")
        ends = _ROOT.sub("", path) if is_elsewhere else path
        if ".." in ends.split("/") or not ends:
            return LookedUp(path)
        for candidate in dict.fromkeys((ends if is_elsewhere else written, ends)):
            files = self.find(candidate, folder=folder, split=split, near=near, is_url=is_elsewhere)
            if files:
                return LookedUp(path, files, is_elsewhere)
        for loose, index in self._loosely(ends):
            files = self._best(
                index, loose, folder=folder, split=split, near=near, is_url=is_elsewhere
            )
            if len(files) == 1:
                return LookedUp(path, files, is_elsewhere, True)
        return LookedUp(path, [], is_elsewhere)

    def finds(self, written: str, *, folder: str = "") -> bool:
        """Whether a name means any file."""
        return bool(self.look_up(written, folder=folder).files)

    def _loosely(self, path: str) -> Iterator[tuple[list[str], "_Index"]]:
        """Other forms of a path with the files by names of that form, the strictest first."""
        parts = path.split("/")
        for form, index in self._loose:
            yield [form(part) for part in parts], index
        without = _HASH_BEFORE.sub("", parts[-1], count=1)
        if without != parts[-1]:
            parts = [*parts[:-1], without]
            yield [_normal(part) for part in parts], self._plain
            for form, index in self._loose:
                yield [form(part) for part in parts], index
        stem, _, ending = path.split("/")[-1].rpartition(".")
        if stem and f".{ending.lower()}" in _PICTURES:  # converted since: a.tif is a.png now
            for form, index in ((_normal, self._plain), *self._loose):
                parts = [form(part) for part in (*path.split("/")[:-1], stem)]
                yield parts, replace(index, by_name={})
        number = _NUMBER.fullmatch(parts[-1])
        if number:
            yield [*parts[:-1], str(int(number[1]))], self._numbers

    @cached_property
    def _plain(self) -> "_Index":
        return _Index(self._by_name, self._by_stem, _normal)

    @cached_property
    def _loose(self) -> list[tuple[Callable[[str], str], "_Index"]]:
        return [(form, _indexed(self._files, form)) for form in (_folded, _as_uploaded)]

    @cached_property
    def _numbers(self) -> "_Index":
        by_number: dict[str, list[FoundFile]] = defaultdict(list)
        for stem, files in self._by_stem.items():
            if stem.isascii() and stem.isdecimal():
                by_number[str(int(stem[:4000]))] += files
        return _Index({}, by_number, _normal)

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
        return self._best(
            self._plain,
            _normal(path).split("/"),
            folder=folder,
            split=split,
            near=near,
            is_url=is_url,
        )

    def _best(
        self,
        index: "_Index",
        wanted: list[str],
        *,
        folder: str,
        split: str | None,
        near: str,
        is_url: bool,
    ) -> list[FoundFile]:
        candidates = index.by_name.get(wanted[-1]) or index.by_stem.get(wanted[-1], [])
        form = index.form
        best: list[FoundFile] = []
        most = -1.0
        for file in candidates[:_MOST_OF_ONE_NAME]:
            folders = [form(part) for part in file.path.split("/")[:-1]]
            shared = _shared_end(folders, wanted[:-1])
            if not is_url and shared < min(len(folders), len(wanted) - 1):
                continue
            if folder and folders == [*map(form, folder.split("/")), *wanted[:-1]]:
                return [file]  # only the ending was left out
            if any(name == near or (split and _split_of(name) == split) for name in folders):
                shared += 0.5
            if shared > most:
                best, most = [file], shared
            elif shared == most:
                best.append(file)
        if len(best) > 1:  # masks are called as their images
            return [f for f in best if not any(map(_is_of_masks, f.parts[:-1]))] or best
        return best


@dataclass(frozen=True)
class _Index:
    """Files by their names in one form, with and without ending."""

    by_name: dict[str, list[FoundFile]]
    by_stem: dict[str, list[FoundFile]]
    form: Callable[[str], str]


def _indexed(files: Sequence[FoundFile], form: Callable[[str], str]) -> _Index:
    index = _Index(defaultdict(list), defaultdict(list), form)
    for file in files:
        name = form(file.path.rsplit("/", 1)[-1])
        index.by_name[name].append(file)
        index.by_stem[name.rsplit(".", 1)[0]].append(file)
    return index


@lru_cache(maxsize=4096)
def _split_of(folder: str) -> str | None:
    return folder_names.split_of_folder(folder)


@lru_cache(maxsize=4096)
def _is_of_masks(folder: str) -> bool:
    return folder_names.says_masks(folder)


def _local_part(url: str) -> str:
    """The path at the end of a URL, from the first folder after the host."""
    path = _URL.sub("", url)
    if path != url:
        path = path.partition("/")[2]
    for separator in ("?d=", "&d="):  # Label Studio's local files
        if separator in path:
            path = path.split(separator, 1)[1].split("&")[0]
            break
    else:
        path = path.split("?", 1)[0].split("#", 1)[0]
    return unquote(path).replace("\\", "/").lstrip("/")


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


def _folded(text: str) -> str:
    return _normal(unquote(text)).casefold()


def _as_uploaded(text: str) -> str:
    """What servers make of a name: spaces become "_", brackets and other signs vanish."""
    kept = re.sub(r"[^\w\s.-]", "", _folded(text))
    stem, dot, ending = kept.rpartition(".")
    stem = re.sub(r"[\s_]+", "_", stem if dot else kept).strip("_")
    return f"{stem}{dot}{ending}" if dot else stem
