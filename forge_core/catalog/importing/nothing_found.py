"""Why a place has no image to import: every reason with its number, and what helps."""

from collections import defaultdict
from collections.abc import Sequence

from forge_core.catalog.formats.scan.scanned_folder import ScannedFolder
from forge_core.catalog.importing.import_problems import REASONS, ImportProblem, printable
from forge_core.errors import InvalidInput

_MOST_SHOWN = 4
_DATA_FILES: dict[str, str] = {
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".tfrecord": "TFRecord",
    ".tfrecords": "TFRecord",
    ".arrow": "Arrow",
    ".lmdb": "LMDB",
    ".mdb": "LMDB",
    ".npz": "NumPy arrays of unknown names",
    ".npy": "NumPy arrays of unknown names",
    ".mat": "MATLAB",
}
"""Endings of files that may hold images and are not read."""
_NEXT_STEPS: dict[str, str] = {
    "encrypted": "Unpack it with its password, and import the folder.",
    "archive": "Unpack them, or import an archive by itself.",
    "compression": "Unpack it yourself and import the folder, or pack it again with Deflate.",
    "link": "Pack or copy the files themselves (tar -h, cp -L), or allow links out of the folder "
    "with --follow-links.",
    "pointer": "Fetch the images themselves: `git lfs pull`, or copy with links followed (cp -L).",
    "pickle": "Take a version of the data that is no pickle: of CIFAR the binary one "
    "(cifar-10-binary.tar.gz), else images, NumPy archives or Parquet.",
    "damaged": "Copy or download it again.",
    "unreadable": "Check that this user may read it.",
    "format_not_supported": "Export the pictures as JPEG or PNG.",
    "empty": "Copy or download it again.",
}
"""By reason, for the reason that most files have."""


class NothingFound(InvalidInput):
    """There is no image; `scanned` says what there is."""

    def __init__(
        self, scanned: ScannedFolder, message: str, *, next_step: str, detail: str
    ) -> None:
        super().__init__(message, next_step=next_step, detail=detail)
        self.scanned = scanned


def refusal(
    name: str, scanned: ScannedFolder, unpacking: Sequence[ImportProblem] = ()
) -> NothingFound:
    """The refusal of a place that a person called `name`."""
    problems = [*unpacking, *scanned.problems]
    reasons = "; ".join(problem.message for problem in problems[:3])
    listed = sum(problem.reason == "missing_file" for problem in problems)
    if listed:
        return NothingFound(
            scanned,
            f"{scanned.heading}: {listed:,} images are named, and none of them is there.",
            next_step="Put the images beside the label file, in folders if you like.",
            detail=reasons,
        )
    by_reason: dict[str, list[ImportProblem]] = defaultdict(list)
    for problem in problems:
        by_reason[problem.reason].append(problem)
    groups = sorted(by_reason.items(), key=lambda group: -len(group[1]))
    told = " ".join(_told(reason, members) for reason, members in groups[:3])
    kinds = {
        kind
        for problem in by_reason["not_an_image"]
        for ending, kind in _DATA_FILES.items()
        if f"{ending}-" in f"{problem.path.lower()}-"
    }
    if kinds:
        listed_kinds = ", ".join(sorted(kinds))
        return NothingFound(
            scanned,
            f"No image was found in {printable(name)}. {told} They hold {listed_kinds}, which is "
            "not read here.",
            next_step="Save their images as JPEG or PNG in a folder per class, as Parquet with "
            "bytes (datasets: to_parquet), or as NumPy arrays x_train, y_train, x_test, y_test.",
            detail=reasons,
        )
    known = (reason for reason, _ in groups if reason in _NEXT_STEPS)
    return NothingFound(
        scanned,
        f"No image was found in {printable(name)}. {told}".strip(),
        next_step=_NEXT_STEPS.get(
            next(known, ""), "Name a folder of images, or of folders with images, one per class."
        ),
        detail=reasons,
    )


def _told(reason: str, members: Sequence[ImportProblem]) -> str:
    if reason == "archive" or len(members) == 1:
        return " ".join(_sentence(problem.message) for problem in members[:_MOST_SHOWN])
    first = printable(members[0].path)
    return f"{len(members):,} files: {REASONS.get(reason, reason)}, the first “{first}”."


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
