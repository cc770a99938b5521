"""Brings what single persons said of images, by an import, beside what others said of them."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from db.repositories.label_votes import LabelVote
from db.unit_of_work import UnitOfWork
from forge_core.catalog.formats.scan.scanned_folder import Vote
from forge_core.catalog.importing.merging.import_revision import ImportRevision
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.importing.spool import ImportSpool, Target
from forge_core.people import voters


@dataclass(frozen=True, kw_only=True)
class WrittenVotes:
    """What became of the votes of an import."""

    num_written: int = 0
    """New ones, and those that say something else than the person said before."""
    num_left: int = 0
    """Those of persons who said something else here, which stays."""

    def sentences(self) -> list[str]:
        """What was done, in words; nothing where no vote came."""
        found = []
        if self.num_written:
            votes = "1 vote" if self.num_written == 1 else f"{self.num_written:,} votes"
            found.append(f"{votes} of single persons kept beside the labels.")
        if self.num_left:
            votes = "1 vote differs" if self.num_left == 1 else f"{self.num_left:,} votes differ"
            found.append(f"{votes} from what the person said here, which stays.")
        return found


def write_votes(
    revision: ImportRevision, spool: ImportSpool, *, source: str, merge: Merge
) -> WrittenVotes:
    """Keep the votes of an import, as part of its revision; the same votes again are none.

    Args:
        revision: Of the import; begun if there is a vote to keep.
        spool: What the import found. Its images are in the catalog by now.
        source: Where the votes come from.
        merge: With `TAKE` they also replace what the same persons said in this workspace.
    """
    uow = revision.uow
    current = uow.labels.list_current_names()
    written = left = 0
    for voted in spool.voted():
        votes = list(_votes_on_assets(uow, voted))
        stored = uow.label_votes.list_of_assets(list({asset_id for asset_id, _ in votes}))
        votes = list(_told_apart(votes, stored, source))
        there = _names_there(uow, stored, current)
        new = []
        for asset_id, vote in votes:
            earlier, is_own = there.get((asset_id, vote.author), (None, False))
            if earlier == current.get(vote.label_name, vote.label_name):
                continue
            if is_own and merge is not Merge.TAKE:
                left += 1
            else:
                new.append((asset_id, vote))
        if not new:
            continue
        revision_id = revision.begin()
        labels = revision.take_in(sorted({vote.label_name for _, vote in new}))
        uow.label_votes.add(
            LabelVote(
                asset_id=asset_id,
                author=vote.author,
                label_id=labels[vote.label_name].label_id,
                source=source,
                revision_id=revision_id,
                created_at=vote.given_at,
            )
            for asset_id, vote in new
        )
        written += len(new)
    return WrittenVotes(num_written=written, num_left=left)


def _votes_on_assets(
    uow: UnitOfWork, voted: Mapping[Target, Sequence[Vote]]
) -> Iterator[tuple[uuid.UUID, Vote]]:
    """The votes with their images; of what did not come in there is none."""
    by_hash = {target.name: votes for target, votes in voted.items() if not target.by_path}
    by_path = {target.name: votes for target, votes in voted.items() if target.by_path}
    for asset in uow.assets.list_by_hashes(list(by_hash)):
        yield from ((asset.asset_id, vote) for vote in by_hash[asset.content_hash])
    for asset in uow.assets.list_by_paths(list(by_path)):
        yield from ((asset.asset_id, vote) for vote in by_path[asset.file_path])


def _told_apart(
    votes: Sequence[tuple[uuid.UUID, Vote]],
    stored: Mapping[uuid.UUID, Sequence[LabelVote]],
    source: str,
) -> Iterator[tuple[uuid.UUID, Vote]]:
    """The votes, those without a name under numbers that no other source's votes have."""
    numbers: dict[uuid.UUID, Iterator[str]] = {}
    for asset_id, vote in votes:
        if voters.is_anonymous(vote.author):
            if asset_id not in numbers:
                there = [(one.author, one.source) for one in stored.get(asset_id, ())]
                numbers[asset_id] = voters.numbered(there, source)
            vote = vote._replace(author=next(numbers[asset_id]))
        yield asset_id, vote


def _names_there(
    uow: UnitOfWork,
    stored: Mapping[uuid.UUID, Sequence[LabelVote]],
    current: Mapping[str, str],
) -> dict[tuple[uuid.UUID, str], tuple[str | None, bool]]:
    """The class that each person named of each image, and whether it was said here.

    None for those who said that no one class is right.
    """
    names = {label.label_id: label.name for label in uow.labels.list_all()}
    found: dict[tuple[uuid.UUID, str], tuple[str | None, bool]] = {}
    for asset_id, votes in stored.items():
        for vote in votes:
            name = None if vote.label_id is None else names[vote.label_id]
            said = name and current.get(name, name), vote.revision_id is None
            found[asset_id, vote.author] = said
    return found
