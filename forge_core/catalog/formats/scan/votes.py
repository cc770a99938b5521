"""What each of several persons says of one image: which label holds, and what is kept of it.

A person has one vote an image. Which label the image gets is one choice for the import
(`scanned_folder.VOTES`); votes that say whose they are are kept beside it, whatever was chosen.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from forge_core.catalog.formats.scan.scanned_folder import VOTES, Caution, Vote
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput
from forge_core.people import voters

MAX_AUTHOR = 128


class Ballot(NamedTuple):
    """What one person answered of one image."""

    labels: tuple[str, ...]
    """One, or several where more than one could be chosen."""
    author: str | None
    given_at: datetime | None


def checked(votes: str | None) -> str:
    """A choice for images that several persons labelled.

    Raises:
        InvalidInput: It does not exist.
    """
    if votes not in (None, *VOTES):
        raise InvalidInput(
            f"Labels of several persons cannot be read by {votes!r}.",
            next_step=f"Use {', '.join(VOTES)}.",
        )
    return votes or next(iter(VOTES))


def clean_author(name: str) -> str | None:
    """A person's name as it is kept: one line, at most 128 characters, None when empty."""
    return " ".join(printable(name).split())[:MAX_AUTHOR] or None


@dataclass
class Votes:
    """The ballots of all images; decides where persons differ, and counts what it decided."""

    chosen: str
    """A key of `VOTES`."""
    num_settled: int = 0
    num_open: int = 0
    _ballots: dict[str, dict[str | int, Ballot]] = field(default_factory=dict)
    _authors: set[str] = field(default_factory=set)
    _num_kept: int = 0

    def cast(self, path: str, ballot: Ballot) -> None:
        """Count a ballot for a file; a person's newer one replaces the older."""
        if not ballot.labels:
            return
        of_file = self._ballots.setdefault(path, {})
        voter = ballot.author or len(of_file)
        earlier = of_file.get(voter)
        if earlier is None or not _is_newer(earlier, ballot):
            of_file[voter] = ballot

    def labels(self, path: str) -> tuple[str, ...]:
        """All that was said of a file, each label once."""
        ballots = self._ballots.get(path, {}).values()
        return tuple(dict.fromkeys(label for ballot in ballots for label in ballot.labels))

    def of(self, path: str, names: Mapping[str, object]) -> tuple[str | None, Counter[str]]:
        """The label of a file that persons labelled differently, and how many gave which.

        Args:
            path: The file.
            names: What is written there, to the name of the class.
        """
        votes: Counter[str] = Counter()
        for ballot in self._ballots.get(path, {}).values():
            votes.update({str(names[label]) for label in ballot.labels})
        ranked = votes.most_common()
        if self.chosen == "majority" and ranked and 2 * ranked[0][1] > votes.total():
            self.num_settled += 1
            return ranked[0][0], votes
        self.num_open += 1
        return None, votes

    def kept(self, path: str, names: Mapping[str, object]) -> tuple[Vote, ...]:
        """The votes on a file that name one class; of several those without a name are numbered."""
        found = tuple(self._named(path, names))
        self._num_kept += len(found)
        self._authors.update(v.author for v in found if not voters.is_anonymous(v.author))
        return found

    def _named(self, path: str, names: Mapping[str, object]) -> Iterator[Vote]:
        ballots = self._ballots.get(path, {}).values()
        number = 0
        for ballot in ballots:
            author = ballot.author
            if author is None and len(ballots) > 1:  # one alone is the label, and nothing beside it
                number += 1
                author = voters.anonymous(number)
            given = {str(names[label]) for label in ballot.labels}
            if author is not None and len(given) == 1:
                yield Vote(author, given.pop(), ballot.given_at)

    def cautions(self) -> list[Caution]:
        """That persons disagree, and what comes of it."""
        number = self.num_settled + self.num_open
        if not number:
            return []
        parts = []
        if self.num_settled:
            parts.append(f"{_come(self.num_settled, 'gets', 'get')} the label of most")
        if self.num_open:
            waits = _come(self.num_open, "comes", "come")
            parts.append(f"{waits} in unlabelled, into the queue of contested images")
        shown = "; ".join(f"{name}: {meaning}" for name, meaning in VOTES.items())
        message = (
            f"Persons gave {'1 image' if number == 1 else f'{number:,} images'} different labels: "
            f"{', '.join(parts)}. Choose {shown}."
        )
        return [Caution(kind="votes_differ", message=message, option="votes", choices=tuple(VOTES))]

    def notes(self) -> list[str]:
        """Whose votes are kept, and how many are not."""
        notes = []
        if self._num_kept and self._authors:
            persons = "1 person" if len(self._authors) == 1 else f"{len(self._authors):,} persons"
            votes = "1 vote" if self._num_kept == 1 else f"{self._num_kept:,} votes"
            notes.append(f"What {persons} said is kept: {votes}.")
        given = [ballots for ballots in self._ballots.values() if len(ballots) > 1]
        nameless = sum(ballot.author is None for ballots in given for ballot in ballots.values())
        if nameless:
            votes = "1 vote" if nameless == 1 else f"{nameless:,} votes"
            notes.append(
                f"{votes} of several on an image say not whose they are: kept as those of "
                "anonymous 1, 2 and so on."
            )
        return notes


def _is_newer(one: Ballot, other: Ballot) -> bool:
    """Whether both are dated and the first is the later."""
    return bool(one.given_at and other.given_at and one.given_at > other.given_at)


def _come(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
