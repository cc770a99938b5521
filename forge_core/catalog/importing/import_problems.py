"""What an import could not take in, or not wholly, in words for the report. Pure, no pixels."""

from dataclasses import dataclass

REASONS: dict[str, str] = {
    "not_an_image": "not an image file",
    "format_not_supported": "a picture format that is not read",
    "empty": "empty file",
    "empty_folder": "folder without files",
    "bad_name": "a name that cannot be kept",
    "bad_class_name": "a folder or label that cannot name a class",
    "bad_split": "a split that does not exist",
    "outside": "leads out of the folder",
    "link": "a link",
    "pickle": "is a Python pickle, never opened",
    "pointer": "says only where the image lies",
    "special_file": "a device, pipe or socket",
    "duplicate": "named in two ways",
    "ambiguous": "a name that fits several files",
    "several_labels": "several labels, so none",
    "majority": "several people disagree, and most of them decide",
    "bad_row": "a row that cannot be read",
    "bad_id": "an id that nothing has",
    "missing_file": "named in the table, but not there",
    "not_listed": "not named in the table",
    "encrypted": "protected by a password",
    "archive": "an archive that is not looked into",
    "compression": "compressed in a way that is not read",
    "damaged": "damaged inside the archive",
    "unreadable": "cannot be read",
    "first_frame": "several pages or frames, the first is used",
    "nearly_black": "16 bits of which few are used, so nearly black",
    "decoder": "read, though its decoder warned",
    "differs": "something else than in the catalog",
    "contested": "two answers, a person decides",
    "leak": "in two splits",
    "held_out": "kept aside",
}
"""Every reason an `ImportProblem` found before decoding may carry."""


TAKEN_IN = frozenset(
    {
        *("several_labels", "duplicate", "majority", "bad_id", "first_frame", "nearly_black"),
        *("decoder", "differs", "contested", "leak", "held_out"),
    }
)
"""Reasons of images that are taken in all the same, though not with everything that was said."""


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One thing that was left out, and why."""

    path: str
    """Where it is, relative to what was imported; safe to print, not always to open."""
    reason: str
    """A key of `REASONS`, or of `imaging.decode.REASONS` once pixels were read."""
    message: str
    """A sentence for a person."""


def is_left_out(problem: ImportProblem) -> bool:
    """Whether the image is not taken in at all."""
    return problem.reason not in TAKEN_IN


def printable(path: str) -> str:
    """The path with everything that a screen, a log or a CSV cannot hold written as escapes."""
    if path.isprintable():  # nearly all, and a million at a time
        return path
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
