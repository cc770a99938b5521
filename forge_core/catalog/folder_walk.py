"""Every file below a folder, sorted into images, tables and what is left out.

Reads names, kinds and sizes; opens nothing.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from forge_core.catalog import entry_names
from forge_core.catalog.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput
from forge_core.imaging import formats


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


@dataclass(frozen=True)
class Walked:
    """What a folder holds."""

    files: list[FoundFile] = field(default_factory=list)
    """Images, sorted by path."""
    tables: dict[str, ImportProblem] = field(default_factory=dict)
    """CSV files by path, each with the problem it is unless somebody reads it."""
    problems: list[ImportProblem] = field(default_factory=list)
    """What is left out, sorted by path."""


def walk(root: Path, max_files: int) -> Walked:
    """Everything below `root`, a resolved path; links are judged, never walked into.

    Raises:
        InvalidInput: There are more than `max_files` files and folders.
    """
    walked = Walked()
    waiting = [""]
    seen = 0
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
                _judge_link(root, path, walked)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif not entry.is_file(follow_symlinks=False):
                _report(walked, path, "special_file", "is no plain file.")
            else:
                _judge_file(root, path, walked)
    walked.files.sort(key=lambda file: file.path)
    walked.problems.sort(key=lambda problem: problem.path)
    return walked


def _judge_link(root: Path, path: str, walked: Walked) -> None:
    """Take a link to a file inside the root as that file; report any other."""
    try:
        target = (root / path).resolve(strict=True)
    except (OSError, RuntimeError):
        _report(walked, path, "link", "is a link to something that does not exist.")
        return
    if not target.is_relative_to(root):
        _report(walked, path, "link", "is a link that leads out of the folder.")
    elif not target.is_file():
        _report(walked, path, "link", "is a link to a folder; links to folders are not followed.")
    else:
        _judge_file(root, path, walked)


def _judge_file(root: Path, path: str, walked: Walked) -> None:
    ending = PurePosixPath(path).suffix.lower()
    if ending == ".csv":
        walked.tables[path] = _problem(path, "not_an_image", "is a table; left out.")
        return
    if ending in formats.FOREIGN_EXTENSIONS:
        text = "is in a picture format that is not read; export it as JPEG or PNG."
        _report(walked, path, "format_not_supported", text)
        return
    if ending not in formats.EXTENSIONS:
        _report(walked, path, "not_an_image", "is not an image; left out.")
        return
    try:
        size_bytes = (root / path).stat().st_size
    except OSError as error:
        _report(walked, path, "unreadable", f"cannot be read ({error.strerror}).")
        return
    if size_bytes == 0:
        _report(walked, path, "empty", "is empty; copy or export it again.")
        return
    walked.files.append(FoundFile(path, size_bytes))


def _report(walked: Walked, path: str, reason: str, message: str) -> None:
    walked.problems.append(_problem(path, reason, message))


def _problem(path: str, reason: str, message: str) -> ImportProblem:
    shown = printable(path)
    return ImportProblem(shown, reason, f"“{shown}” {message}")
