"""What a folder of images turned out to be, before anything is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.importing.import_problems import ImportProblem

_WORDS = re.compile(r"held[ _-]?out|hold[ _-]?out|[a-z]+")

SPLIT_BY_NAME: dict[str, str] = {
    "train": "train",
    "training": "train",
    "trainval": "train",
    "val": "val",
    "valid": "val",
    "validate": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "held_out": "held_out",
    "heldout": "held_out",
    "hold_out": "held_out",
    "holdout": "held_out",
}
"""Names of folders and values of tables that mean a split, lower case, "_" for "-" and space."""


YES, NO = "yes", "no"
"""Choices of an option that is a flag."""

CAUTIONS: dict[str, str] = {
    "names_encoding": "names of an archive are read in a code page that had to be guessed",
    "links": "links that lead out of the folder are left out",
    "unread_labels": "a label file that names images that are there, and is not read",
    "several_questions": "several questions about an image, of which one is the label",
    "several_in_cell": "cells that hold several labels",
    "votes_differ": "several persons labelled an image, and not alike",
    "damaged_ids": "numbers of images that a spreadsheet has shortened",
    "unmatched": "names of a label file and images are left over",
    "encoding": "a label file whose code page was guessed",
    "class_names_differ": "classes of train and test have no name in common",
    "which_folder": "folders lie in folders, and each could be the class",
    "split_numbers": "splits are written as numbers",
    "masks": "folders of masks of the images beside them",
    "split_or_class": "a folder is called as a split and stands beside classes",
    "class_lists": "lists of images are taken for classes by their names",
    "file_names": "file names speak of classes",
    "one_folder": "the only folder may be a class or the whole collection",
    "unlabelled_name": "a folder or a cell is named as if its images had no label",
    "unlabelled_split": "a split has no labels while others have",
    "class_in_one_split": "a class lies wholly in one split",
    "one_class": "all images are of one class",
}
"""Every kind of `Caution`, the gravest first."""


SEVERAL: dict[str, str] = {
    "unlabelled": "comes in unlabelled",
    "first": "gets the first of them",
    "frequent": "gets the one that most images have",
    "together": "gets a class of its own for the whole of it",
}
"""What may become of an image whose cell holds several labels."""


VOTES: dict[str, str] = {
    "majority": "the label that more than half of the persons gave",
    "agreement": "a label only where all persons agree",
    "all": "no label where persons differ, all they said waits in Review",
}
"""Which label an image gets that several persons labelled."""


class Vote(NamedTuple):
    """What one person said of an image."""

    author: str
    label_name: str
    given_at: datetime | None = None
    """In UTC, where it is known."""


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """One image file that can be taken in."""

    path: str
    """POSIX path relative to `ScannedFolder.root`."""
    label_name: str | None
    """Normalised class name, or None while unlabelled."""
    split: str | None
    """train, val, test, held_out, or None for not assigned."""
    size_bytes: int
    source_dataset: str | None = None
    """Provenance that a table of labels names."""
    is_augmented: bool = False
    """Whether a table of labels calls it an augmented copy."""
    group_key: str | None = None
    """What it belongs to (a patient, a scene, an original): one key must stay in one split."""
    review_note: str | None = None
    """What somebody wrote about it."""
    contested: tuple[str, ...] = ()
    """Labels that several persons gave it, where none of them holds: it waits for a decision."""
    votes: tuple[Vote, ...] = ()
    """What each person said of it, one vote a person; only of those who are named."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What a person decides about the reading; nothing of it is needed as a rule."""

    format_name: str | None = None
    """A key of `recognition.FORMATS`, None to find out."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Role (see `columns.ROLES`) to the name of a column of the table, empty for none."""
    document: str | None = None
    """The label file to read, relative to the folder; None to find it."""
    encoding: str | None = None
    """How a text file is written that is not in Unicode, such as cp1252; None to guess."""
    label_column: str | None = None
    """The column that holds the label, where its name does not say so."""
    question: str | None = None
    """Of several questions that were asked about an image, the one whose answer is the label."""
    several: str | None = None
    """What becomes of a cell that holds several labels, a key of `SEVERAL`; None for nothing."""
    votes: str | None = None
    """Which label an image gets that several persons labelled, a key of `VOTES`; None for most."""
    class_from: str | None = None
    """Where the class stands, of folders: outermost, innermost, level-2 and so on, none, or a
    pattern of file names such as `{class}_#`; None to judge."""
    unlabelled_names: str = "unlabelled"
    """What becomes of folders and cells named as if they had no label (no_label, unknown, None):
    unlabelled, or class."""
    follow_links: bool = False
    """Whether links that lead out of the folder, and links to folders, are followed."""
    link_roots: Sequence[str] | None = None
    """Folders that links may lead into; None for any. Said by whoever asks, not by the person."""
    names_encoding: str | None = None
    """Code page of the names in a zip that declares none, a key of `entry_encodings.ENCODINGS`;
    None to judge."""

    def choosing(self, option: str, value: str) -> "ReadOptions":
        """The same with one of its fields as a person chose it, for example for a `Caution`."""
        is_flag = isinstance(getattr(self, option), bool)
        changed: dict[str, Any] = {option: value == YES if is_flag else value}
        return replace(self, **changed)

    def chosen(self, option: str) -> str | None:
        """One of its fields as a `Caution` would name it, None while nothing is chosen."""
        value = getattr(self, option)
        if isinstance(value, bool):
            return YES if value else NO
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """What may give images a wrong label or none: told before anything else, with what helps."""

    kind: str
    """A key of `CAUTIONS`."""
    message: str
    """A sentence for a person: what was found, and what it means for the labels."""
    option: str | None = None
    """The field of `ReadOptions` that settles it; on the command line `--` and its name."""
    choices: tuple[str, ...] = ()
    """Values that the option may take here; empty where it is written by hand."""

    @property
    def hint(self) -> str:
        """What to say on the command line."""
        if self.option is None:
            return ""
        name = self.option.removesuffix("_name").replace("_", "-")
        if self.choices == (YES, NO):
            return f"--{name}"
        return f"--{name} {'|'.join(self.choices[:6]) or '…'}"


@dataclass(frozen=True, kw_only=True)
class TableChoice:
    """How a table of labels is read, and how else it could be."""

    document: str
    """The table, relative to `ScannedFolder.root`."""
    columns: tuple[str, ...]
    """All its columns, in order."""
    mapping: Mapping[str, str]
    """Role to column, as it is read now; empty while the table is not read."""


@dataclass(frozen=True)
class ScannedFolder:
    """What a folder holds, as it would be imported."""

    root: Path
    """The folder that paths are relative to: below the one asked for where that only wraps it."""
    layout: str
    """The name of the format: a key of `recognition.FORMATS`."""
    heading: str
    """The format in a few words."""
    entries: list[ScannedFile]
    """Sorted by path."""
    problems: list[ImportProblem]
    """Everything that is left out or taken in without its labels, paths relative to `root`."""
    notes: list[str] = field(default_factory=list)
    """One sentence for each thing that could have been read in another way."""

    why: str = ""
    """What the format was recognised by."""
    tables: tuple[TableChoice, ...] = ()
    """Tables whose columns can be assigned by hand, the one that is read first."""
    documents: tuple[str, ...] = ()
    """The label files that were read, relative to `root`."""
    cautions: tuple[Caution, ...] = ()
    """What must not be overlooked, the gravest first."""

    @property
    def num_groups(self) -> int:
        """Groups of images that belong together."""
        return len({entry.group_key for entry in self.entries} - {None})

    @property
    def title(self) -> str:
        """The format and every decision taken, in words for a person."""
        return " ".join([f"{self.heading}.", *self.notes])

    def locate(self, entry: ScannedFile) -> Path:
        """The file of an entry."""
        return self.root / entry.path


def split_of_name(name: str) -> str | None:
    """The split that a folder name or a word in a table means, or None."""
    return SPLIT_BY_NAME.get(re.sub(r"[ -]", "_", name.strip().lower()))


def parted(name: str) -> str:
    """A name in small letters, with a space before each word that began with a capital."""
    return folder_names.spaced(name).lower()


def split_of_document(document: str) -> str | None:
    """The split that a word of the file's name means, or else its folder."""
    folder, _, name = document.rpartition("/")
    for word in _WORDS.findall(parted(name.rpartition(".")[0])):
        if split := split_of_name(word):
            return split
    return split_of_name(folder.rpartition("/")[2])
