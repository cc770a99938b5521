"""From what a label file says about images to the files that lie beside it.

The one place where names from outside meet files: a name is only ever looked up among the files
that were found, never opened, so no row can lead out of the folder.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from forge_core.catalog.formats.scan import several_labels
from forge_core.catalog.formats.scan import votes as ballots
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.name_index import FoundFile
from forge_core.catalog.formats.scan.scanned_folder import (
    Caution,
    ScannedFile,
    ScannedFolder,
    parted,
    split_of_name,
)
from forge_core.catalog.formats.scan.several_labels import SeveralLabels
from forge_core.catalog.formats.scan.votes import Ballot, Votes
from forge_core.catalog.importing import entry_names
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.errors import InvalidInput

MAX_SOURCE_DATASET = 64
MAX_GROUP_KEY = 128
MAX_NOTE_CHARACTERS = 1_000
_WORD = re.compile(r"[a-z]+")
_ROBOFLOW_VARIANT = re.compile(r"(.+)\.rf\.[0-9A-Za-z]{16,40}\.\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One image as a label file describes it."""

    path: str
    """As it is written there."""
    row: str
    """Where it is written, for a person: "labels.csv line 7"."""
    folder: str = ""
    """The folder that the path is relative to."""
    labels: tuple[str, ...] = ()
    """None, one or several."""
    split: str | None = None
    near_split: str | None = None
    """The split whose folders are looked into first where several hold such a name."""
    source_dataset: str | None = None
    is_augmented: bool = False
    group_key: str | None = None
    review_note: str | None = None
    may_be_url: bool = False
    """Whether the name may be a URL, of which only the end is looked up."""
    is_vote: bool = False
    """Whether it is what one of several persons said: then most of them decide."""
    author: str | None = None
    """Of a vote, who gave it; None where that is not said."""
    given_at: datetime | None = None
    """Of a vote, when it was given."""
    together: str | None = None
    """What a class of all its labels is called; None to make a name of them."""


def place(
    walked: Walked,
    records: Iterable[Record | ImportProblem],
    *,
    layout: str,
    heading: str,
    documents: Sequence[str],
    notes: Sequence[str] = (),
    several: str | None = None,
    votes: str | None = None,
) -> ScannedFolder:
    """The images that records name, each with the one label it has.

    An image with several different labels is told, and reported where it comes in without any;
    rows that say the same twice count once. A row whose path leads out of the folder is refused by
    name. Images that no row names are left out and reported.

    Args:
        walked: The folder.
        records: In the order of the label file; a problem stands for a row that cannot be used.
        layout: Name of the format.
        heading: The format in a few words.
        documents: The label files that were read; all others are reported as left out.
        notes: What the reader decided.
        several: What becomes of images with several labels, a key of `SEVERAL`.
        votes: Which label an image gets that several persons labelled, a key of `VOTES`.

    Raises:
        InvalidInput: There is no such choice.
    """
    placing = _Placing(
        walked,
        SeveralLabels(several_labels.checked(several)),
        Votes(ballots.checked(votes)),
    )
    for record in records:
        if isinstance(record, ImportProblem):
            placing.problems.append(record)
        else:
            placing.add(record)
    entries = placing.entries()
    known = printable(documents[0]) if len(documents) == 1 else "the label files"
    told = {problem.path for problem in placing.problems}
    problems = [
        *walked.problems,
        *(walked.documents[path] for path in sorted(walked.documents) if path not in documents),
        *placing.problems,
        *(
            _problem(file.path, "not_listed", f"is not listed in {known}; left out.")
            for file in (() if walked.is_catalog else walked.files)
            if file.path not in placing.seen and printable(file.path) not in told
        ),
    ]
    return ScannedFolder(
        root=walked.root,
        layout=layout,
        heading=heading,
        entries=entries,
        problems=problems,
        notes=[*walked.notes, *notes, *placing.several.notes(), *placing.notes(entries)],
        documents=tuple(documents),
        cautions=(
            *_unmatched(problems, len(entries), known),
            *placing.votes.cautions(),
            *placing.several.cautions(),
        ),
    )


def _unmatched(problems: Sequence[ImportProblem], num_found: int, known: str) -> Iterator[Caution]:
    """A word where names of a label file and images here are left over: the same, perhaps."""
    counts = Counter(problem.reason for problem in problems)
    missing = counts["missing_file"] + counts["bad_name"]
    if counts["ambiguous"]:
        text = f"{counted(counts['ambiguous'], 'name')} of {known} can each mean several images: "
        text += "these are left out. Write the folder before each name."
        yield Caution(kind="unmatched", message=text)
    if min(missing, counts["not_listed"]) * 10 > num_found:
        text = f"{counted(missing, 'name')} of {known} {'is' if missing == 1 else 'are'} of no "
        text += f"image here, and {counted(counts['not_listed'])} here "
        text += f"{'is' if counts['not_listed'] == 1 else 'are'} not listed there and left out: "
        text += "they may be the same, called in another way."
        yield Caution(kind="unmatched", message=text)


def similar_names(entries: Iterable[ScannedFile]) -> list[str]:
    """A note for each pair of classes that differ only in capital letters."""
    by_folded: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.label_name is not None:
            by_folded[entry.label_name.casefold()].add(entry.label_name)
    return [
        " and ".join(f"“{printable(name)}”" for name in sorted(names))
        + " differ only in capital letters and become separate classes."
        for names in by_folded.values()
        if len(names) > 1
    ]


def without_split(document: str) -> str:
    """A document's name without the words that mean a split: of one kind are those alike."""
    words = _WORD.sub(lambda match: "*" if split_of_name(match[0]) else match[0], parted(document))
    return re.sub(r"held[ _-]?out|hold[ _-]?out", "*", words)


def original_of(path: str) -> str | None:
    """The original that a Roboflow variant (`name.rf.<hash>.jpg`) was made from, or None."""
    match = _ROBOFLOW_VARIANT.fullmatch(path.rsplit("/", 1)[-1])
    return clean_group_key(match[1]) if match else None


def clean_group_key(text: str) -> str | None:
    """A group's key as it is kept: one line, at most 128 characters, None when empty."""
    key = " ".join(printable(text).split())
    if len(key) > MAX_GROUP_KEY:  # its end may be what tells it from others
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        key = f"{key[: MAX_GROUP_KEY - 17]}-{digest}"
    return key or None


def counted(number: int, noun: str = "image") -> str:
    """A number with its noun: 1 image, 2,000 images."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def named(documents: Sequence[str]) -> str:
    """The names of the first three label files."""
    more = f" and {len(documents) - 3} more" if len(documents) > 3 else ""
    return ", ".join(printable(document) for document in documents[:3]) + more


class _Placing:
    """The records of one label file, file by file."""

    def __init__(self, walked: Walked, several: SeveralLabels, votes: Votes) -> None:
        self.several = several
        self.votes = votes
        self._finder = walked.finder
        self._refused = {problem.path for problem in walked.problems}
        self._found: dict[str, tuple[FoundFile, Record]] = {}
        self._num_repeated = 0
        self._from_urls = 0
        self._loose = 0
        self.problems: list[ImportProblem] = []
        self.seen: set[str] = set()

    def add(self, record: Record) -> None:
        """Find the file of a record and add what it says."""
        near = record.row.split(".")[0]
        looked = self._finder.look_up(
            record.path,
            folder=record.folder,
            split=record.split or record.near_split,
            near=near,
            may_be_url=record.may_be_url,
        )
        path, files = looked.path, looked.files
        shown = printable(path)
        if not path:
            row = printable(record.row)
            self.problems.append(ImportProblem(row, "bad_name", f"{row} names no file; left out."))
            return
        problem = None if files else entry_names.path_problem(path)
        if problem is not None:
            message = f"{printable(record.row)}: {problem.message}"
            self.problems.append(replace(problem, message=message))
            return
        if len(files) == 1:
            self._from_urls += looked.is_elsewhere
            self._loose += looked.is_loose
            self._merge(files[0], record)
        elif files:
            row = printable(record.row)
            text = f"“{shown}” of {row} can mean {counted(len(files), 'file')}; left out."
            self.problems.append(ImportProblem(shown, "ambiguous", text))
            self.seen.update(file.path for file in files)
        elif shown not in self._refused:
            text = f"“{shown}” is listed ({printable(record.row)}), but there is no such image."
            self.problems.append(ImportProblem(shown, "missing_file", text))

    def _merge(self, file: FoundFile, record: Record) -> None:
        self.seen.add(file.path)
        if record.is_vote:
            author = ballots.clean_author(record.author or "")
            self.votes.cast(file.path, Ballot(record.labels, author, record.given_at))
        earlier = self._found.get(file.path)
        if earlier is None:
            self._found[file.path] = (file, record)
            return
        first = earlier[1]
        self._num_repeated += not record.is_vote
        if record.split != first.split:
            rows = f"{printable(first.row)} and {printable(record.row)}"
            text = f"is in two splits ({rows}); the first is used."
            self.problems.append(_problem(file.path, "duplicate", text))
        labels = tuple(dict.fromkeys([*first.labels, *record.labels]))
        together = first.together if labels == first.labels else None
        notes = dict.fromkeys(note for note in (first.review_note, record.review_note) if note)
        merged = replace(
            first, labels=labels, together=together, review_note="; ".join(notes) or None
        )
        self._found[file.path] = (file, merged)

    def entries(self) -> list[ScannedFile]:
        """What can be taken in, by path; adds the problems of the rest."""
        names: dict[str, str | InvalidInput] = {}
        for path, (file, record) in self._found.items():
            if record.is_vote:  # without what a person said first and took back
                record = replace(record, labels=self.votes.labels(path))
                self._found[path] = (file, record)
            for label in record.labels:
                if label not in names:
                    names[label] = _class_name(label)
            self.several.counts.update({str(names[label]) for label in record.labels})
        entries: list[ScannedFile] = []
        for path, (file, record) in sorted(self._found.items()):
            labels = list(dict.fromkeys(names[label] for label in record.labels))
            refused = next((name for name in labels if isinstance(name, InvalidInput)), None)
            if refused is not None:
                text = f"“{printable(path)}” is left out. {refused}"
                self.problems.append(ImportProblem(printable(path), "bad_class_name", text))
                continue
            label_name = self._label(path, record, [str(name) for name in labels], names)
            is_open = record.is_vote and label_name is None and len(labels) > 1
            entries.append(
                ScannedFile(
                    path=path,
                    label_name=label_name,
                    contested=tuple(sorted(map(str, labels))) if is_open else (),
                    votes=self.votes.kept(path, names) if record.is_vote else (),
                    split=record.split,
                    size_bytes=file.size_bytes,
                    source_dataset=(record.source_dataset or "")[:MAX_SOURCE_DATASET] or None,
                    is_augmented=record.is_augmented,
                    group_key=clean_group_key(record.group_key or "") or original_of(path),
                    review_note=(record.review_note or "").strip()[:MAX_NOTE_CHARACTERS] or None,
                )
            )
        return entries

    def _label(
        self,
        path: str,
        record: Record,
        labels: Sequence[str],
        names: Mapping[str, str | InvalidInput],
    ) -> str | None:
        """The one label of an image; None with a problem where there are several."""
        if len(labels) < 2:
            return labels[0] if labels else None
        if record.is_vote:
            label = self._voted(path, names)
        else:
            together = _class_name(record.together or several_labels.BETWEEN.join(labels))
            label = (
                None if isinstance(together, InvalidInput) else self.several.of(labels, together)
            )
        if label is None:
            shown = ", ".join(f"“{printable(label)}”" for label in sorted(labels)[:5])
            text = f"has {len(labels)} labels ({shown}); taken in without one."
            self.problems.append(_problem(path, "several_labels", text))
        return label

    def _voted(self, path: str, names: Mapping[str, str | InvalidInput]) -> str | None:
        """The label of an image by its votes, told; None where there is none."""
        chosen, votes = self.votes.of(path, names)
        if chosen is not None:
            ranked = votes.most_common(5)
            shown = ", ".join(f"“{printable(name)}” by {number}" for name, number in ranked)
            text = f"was labelled {shown}; “{chosen}” is taken."
            self.problems.append(_problem(path, "majority", text))
        return chosen

    def notes(self, entries: Sequence[ScannedFile]) -> list[str]:
        """What a person should know about what was taken in."""
        notes = []
        unlabelled = sum(not record.labels for _, record in self._found.values())
        if unlabelled:
            verbs = ("has", "comes") if unlabelled == 1 else ("have", "come")
            notes.append(
                f"{counted(unlabelled)} {verbs[0]} no label there and {verbs[1]} in unlabelled."
            )
        if self._num_repeated:
            notes.append(f"{counted(self._num_repeated, 'row')} named an image again.")
        if self._from_urls:
            notes.append("Images of another place are found by the ends of their names.")
        if self._loose:
            notes.append(
                f"{counted(self._loose, 'name')} written in another way (capital letters, %20, "
                "what an upload changes, another ending, zeros in front) belong to one file only "
                "each."
            )
        notes += self.votes.notes()
        groups = {entry.group_key for entry in entries} - {None}
        if groups:
            notes.append(f"{counted(len(groups), 'group')} of images that belong together.")
        return [*notes, *similar_names(entries)]


def _class_name(label: str) -> str | InvalidInput:
    try:
        return entry_names.normalise_class_name(label)
    except InvalidInput as error:
        return error


def _problem(path: str, reason: str, message: str) -> ImportProblem:
    shown = printable(path)
    return ImportProblem(shown, reason, f"“{shown}” {message}")
