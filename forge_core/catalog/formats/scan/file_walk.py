"""Every file below a folder, sorted into images, documents that may hold labels, and the rest.

Reads names, kinds and sizes. Documents are opened only by the format that asks for them.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from forge_core.catalog.formats.documents import text_encoding
from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.formats.scan.catalog_names import CatalogFinder, Lookup
from forge_core.catalog.formats.scan.name_index import Finder, FoundFile
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.unpacking import archive_kinds
from forge_core.errors import InvalidInput
from forge_core.imaging import formats

TABLE_EXTENSIONS = frozenset({".csv", ".tsv", ".parquet"})
DOCUMENT_EXTENSIONS = TABLE_EXTENSIONS | {
    *(".json", ".jsonl", ".ndjson", ".manifest", ".txt", ".xml", ".xlsx", ".xlsm", ".xls"),
    *(".ods", ".tab", ".lst", ".list", ".cls", ".npz", ".npy", ".yaml", ".yml", ".toml"),
    *(".html", ".md", ".mat", ".pkl", ".pickle", ".feather", ".arrow", ".dat", ".data", ".names"),
}
MAX_JSON_BYTES = 512 * 2**20
_LARGEST_POINTER = 300
_PICKLES = range(2, 6)  # protocols, in the second byte
_ANYTHING = frozenset({".dat", ".data"})  # endings that tables and images have alike
_MOST_JSON_LOOKED_AT = 50  # a JSON for each image is no label file of a whole set


@dataclass(frozen=True)
class Walked:
    """What a folder holds."""

    root: Path
    files: list[FoundFile] = field(default_factory=list)
    """Images, sorted by path."""
    documents: dict[str, ImportProblem] = field(default_factory=dict)
    """Files that may hold labels, each with the problem it is unless somebody reads it."""
    problems: list[ImportProblem] = field(default_factory=list)
    """What is left out, sorted by path."""
    notes: list[str] = field(default_factory=list)
    by_content: list[str] = field(default_factory=list)
    """Images that only their content tells."""
    asked: str | None = None
    """The one label file that a person named, None to look at all."""
    encoding: str | None = None
    """What a person said of text that is not in Unicode, None to guess."""
    links: list[str] = field(default_factory=list)
    """Links that lead out of the folder or to a folder, and were not followed."""
    closed_links: list[str] = field(default_factory=list)
    """Links to places that may not be read, whatever is chosen."""
    pointers: list[str] = field(default_factory=list)
    """Files that only say where an image lies: links written as text, pointers of Git LFS."""
    wrappers: tuple[str, ...] = ()
    """Folders that held all images and were looked through, the outermost first."""
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was found out about these files and need not be found again."""
    _parsed: dict[str, Any] = field(default_factory=dict, repr=False)
    lookup: Lookup | None = None
    """Looks up ids and hashes, where the files are those of the catalog."""

    @cached_property
    def image_stems(self) -> frozenset[str]:
        """The paths of all images without their endings."""
        return frozenset(file.path.rpartition(".")[0] for file in self.files)

    @cached_property
    def finder(self) -> Finder:
        """Looks up names among the images."""
        return CatalogFinder(self.files, self.lookup) if self.lookup else Finder(self.files)

    @property
    def is_catalog(self) -> bool:
        """Whether the images are those of the catalog, and only the label files lie here."""
        return self.lookup is not None

    def documents_named(self, *endings: str, depth: int = 2) -> list[str]:
        """Documents whose lower-case path ends so, at most `depth` folders down, sorted."""
        return sorted(
            path
            for path in self.documents
            if path.lower().endswith(endings) and path.count("/") <= depth and self._is_asked(path)
        )

    def asking_for(self, document: str) -> "Walked":
        """The same, of which only one label file is to be read.

        Raises:
            InvalidInput: There is no such file.
        """
        asked = replace(self, asked=document)
        if not any(asked._is_asked(path) for path in self.documents):
            raise InvalidInput(
                f"There is no label file “{printable(document)}”.",
                next_step=f"Label files end in {', '.join(sorted(DOCUMENT_EXTENSIONS))}.",
            )
        return asked

    def _is_asked(self, path: str) -> bool:
        return self.asked is None or path == self.asked or path.endswith(f"/{self.asked}")

    def json_documents(self, depth: int = 2) -> dict[str, Any]:
        """What each JSON file holds; those that are no JSON are missing. Each is parsed once."""
        paths = self.documents_named(".json", depth=depth)
        if len(paths) > _MOST_JSON_LOOKED_AT:
            paths = [path for path in paths if "/" not in path][:_MOST_JSON_LOOKED_AT]
        for path in paths:
            if path not in self._parsed:
                self._parsed[path] = _parse(self.root / path, self.encoding)
        return {path: self._parsed[path] for path in paths if self._parsed[path] is not None}

    def only_folder(self) -> str | None:
        """The one folder that all images are in, when it only wraps them."""
        tops = {file.top for file in self.files}
        if (
            self.is_catalog
            or len(tops) != 1
            or any("/" not in path for path in self.documents if _is_table(path))
        ):
            return None
        (top,) = tops
        return top if top and folder_names.split_of_folder(top) is None else None

    def is_only_wrapped_by(self, wrapper: str) -> bool:
        """Whether no label file stands outside a folder; a README beside it does not count."""
        start = f"{wrapper}/"
        outside = [path for path in self.documents if not path.startswith(start)]
        near = {p for p in self.documents if p.startswith(start) and not p.endswith(".txt")}
        return not outside or (bool(near) and all(path.endswith(".txt") for path in outside))

    def inside(self, wrapper: str) -> "Walked":
        """The same, seen from a folder that holds all images."""
        start, skip = f"{wrapper}/", len(wrapper) + 1
        outside = [p for path, p in self.documents.items() if not path.startswith(start)]
        documents = {p: d for p, d in self.documents.items() if p.startswith(start)}

        def seen(problem: ImportProblem) -> ImportProblem:
            return replace(problem, path=problem.path.removeprefix(start))

        return Walked(
            root=self.root / wrapper,
            files=[FoundFile(file.path[skip:], file.size_bytes) for file in self.files],
            documents={path[skip:]: seen(problem) for path, problem in documents.items()},
            problems=[seen(problem) for problem in [*self.problems, *outside]],
            notes=[
                *(note for note in self.notes if "told by content" in note),
                f"“{printable(wrapper)}” is taken for the folder of the whole collection, not for"
                " a class.",
            ],
            asked=self.asked,
            encoding=self.encoding,
            wrappers=(*self.wrappers, wrapper),
            _parsed={p[skip:]: d for p, d in self._parsed.items() if p.startswith(start)},
        )


def walk(
    root: Path,
    max_files: int,
    *,
    follow_links: bool = False,
    link_roots: Sequence[str] | None = None,
) -> Walked:
    """Everything below `root`, a resolved path; links are judged, and walked into if asked for.

    A link is followed out of `root` only into one of `link_roots`, where there are any.

    Files without an ending of a known kind are taken for images if their first bytes say so,
    unless they are what a link with an ending points to.

    Raises:
        InvalidInput: There are more than `max_files` files and folders.
    """
    walked = Walked(root)
    waiting = [""]
    seen = 0
    judging = _Links(root, follow_links, link_roots)
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as scan:
                entries = [entry for entry in scan if not entry_names.is_ignored(entry.name)]
        except OSError as error:
            _report(walked, folder or ".", "unreadable", f"cannot be read ({error.strerror}).")
            continue
        seen += len(entries)
        if seen > max_files:
            raise InvalidInput(
                f"The folder holds more than {max_files:,} files.",
                next_step="Name a folder further inside, or import it in parts.",
            )
        if not entries and folder:
            _report(walked, folder, "empty_folder", "holds no files.")
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            problem = entry_names.path_problem(path)
            if problem is not None:
                walked.problems.append(problem)
            elif entry.is_symlink():
                if judging.leads_to_a_folder(path, walked):
                    waiting.append(path)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif not entry.is_file(follow_symlinks=False):
                _report(walked, path, "special_file", "is no plain file.")
            else:
                _judge_file(root, path, walked)
    judging.drop_targets(walked)
    walked.files.sort(key=lambda file: file.path)
    walked.problems.sort(key=lambda problem: problem.path)
    return walked


def _is_table(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in TABLE_EXTENSIONS


def _parse(path: Path, encoding: str | None) -> Any:
    """What a JSON file holds, None where it is no JSON or too large."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return None
        return json.loads(path.read_text(encoding=text_encoding.of(path, encoding)))
    except (ValueError, OSError, RecursionError, MemoryError):
        return None


class _Links:
    """Judges links, and follows those that lead out or to a folder if a person asked for it."""

    def __init__(self, root: Path, follow: bool, roots: Sequence[str] | None) -> None:
        self._root = root
        self._roots = None if roots is None else [Path(part).resolve() for part in roots]
        self._follow = follow
        self._targets: set[Path] = set()

    def leads_to_a_folder(self, path: str, walked: Walked) -> bool:
        """Whether to walk into a link. A link to a file of the folder is taken as that file."""
        link = self._root / path
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):
            _report(walked, path, "link", "is a link to something that does not exist.")
            return False
        is_outside = not target.is_relative_to(self._root)
        if is_outside and not self._may_be_read(target):
            walked.closed_links.append(path)
            _report(walked, path, "link", "is a link to a place that may not be read from here.")
        elif target.is_dir():
            if not self._follow:
                walked.links.append(path)
                text = (
                    "is a link that leads out of the folder."
                    if is_outside
                    else ("is a link to a folder; links to folders are not followed.")
                )
                _report(walked, path, "link", text)
            elif self._root.is_relative_to(target) or link.parent.resolve().is_relative_to(target):
                _report(walked, path, "link", "is a link to a folder that holds it.")
            else:
                return True
        elif is_outside and not self._follow:
            walked.links.append(path)
            _report(walked, path, "link", "is a link that leads out of the folder.")
        elif not target.is_file():
            _report(walked, path, "special_file", "is a link to what is no plain file.")
        else:
            self._targets.add(target)
            _judge_file(self._root, path, walked)
        return False

    def _may_be_read(self, target: Path) -> bool:
        return self._roots is None or any(target.is_relative_to(root) for root in self._roots)

    def drop_targets(self, walked: Walked) -> None:
        """Leave out files without an ending that are there by the name of a link already."""
        twice = {path for path in walked.by_content if self._root / path in self._targets}
        if twice:
            walked.files[:] = [file for file in walked.files if file.path not in twice]
            walked.by_content[:] = [path for path in walked.by_content if path not in twice]
        if walked.by_content:
            number = len(walked.by_content)
            images = "1 image is" if number == 1 else f"{number:,} images are"
            walked.notes.append(f"{images} told by content, for want of a picture's ending.")


def _judge_file(root: Path, path: str, walked: Walked) -> None:
    """Sort a file by its ending, and by its content where the ending says nothing of it."""
    ending = PurePosixPath(path).suffix.lower()
    is_image = ending in _ANYTHING and formats.is_image(_first_bytes(root / path))
    if ending in DOCUMENT_EXTENSIONS and not is_image:
        text = "is a table; left out." if _is_table(path) else "is not an image; left out."
        walked.documents[path] = _problem(path, "not_an_image", text)
        return
    if ending not in formats.EXTENSIONS:
        is_raw = ending in formats.RAW_EXTENSIONS
        if is_raw or not formats.is_image(_first_bytes(root / path)):
            problem = _problem(path, *_no_image(root / path, ending))
            if problem.reason == "not_an_image" and _is_text(root / path):
                walked.documents[path] = problem  # it may name images all the same
            else:
                walked.problems.append(problem)
            return
        if ending not in formats.FOREIGN_EXTENSIONS:
            walked.by_content.append(path)
    try:
        size_bytes = (root / path).stat().st_size
    except OSError as error:
        _report(walked, path, "unreadable", f"cannot be read ({error.strerror}).")
        return
    if size_bytes == 0:
        _report(walked, path, "empty", "is empty; copy or export it again.")
        return
    if size_bytes < _LARGEST_POINTER and (text := _pointer(root / path)):
        walked.pointers.append(path)
        _report(walked, path, "pointer", text)
        return
    walked.files.append(FoundFile(path, size_bytes))


def _first_bytes(path: Path, number: int = formats.SIGNATURE_BYTES) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(number)
    except OSError:
        return b""


def _is_text(path: Path) -> bool:
    """Whether a file of an unknown ending begins like a text."""
    start = _first_bytes(path, _LARGEST_POINTER)
    return bool(start) and b"\0" not in start and not any(byte < 9 for byte in start)


def _pointer(path: Path) -> str:
    """What a small file is that only says where its image lies; empty where it is none."""
    start = _first_bytes(path, _LARGEST_POINTER)
    if start.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS, not the image; run `git lfs pull`."
    text = start.decode("utf-8", "replace").strip()
    if "/" not in text or not text.isprintable() or not text.startswith((".", "/")):
        return ""
    shown = printable(text[-60:])
    return (
        f"is a link written as text (“{shown}”), as Git and zip do where links are not known; "
        "copy the files themselves (cp -L)."
    )


def _no_image(path: Path, ending: str) -> tuple[str, str]:
    """Why a file that is no image by ending and content is left out: reason and words."""
    if ending in formats.FOREIGN_EXTENSIONS:
        advice = formats.advice_for(ending)
        return "format_not_supported", f"is in a picture format that is not read; {advice}."
    if ending in archive_kinds.ENDINGS:
        return "archive", archive_kinds.in_a_folder(path)
    if len(start := _first_bytes(path, 2)) == 2 and start[0] == 0x80 and start[1] in _PICKLES:
        return "pickle", (
            "is a Python pickle, which is never opened because it could run code; export its "
            "images, or take another version (of CIFAR the binary one, cifar-10-binary.tar.gz)."
        )
    return "not_an_image", "is not an image; left out."


def _report(walked: Walked, path: str, reason: str, message: str) -> None:
    walked.problems.append(_problem(path, reason, message))


def _problem(path: str, reason: str, message: str) -> ImportProblem:
    shown = printable(path)
    return ImportProblem(shown, reason, f"“{shown}” {message}")
