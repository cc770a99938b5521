"""What each of several persons says an image shows: opinions beside its label, one a person.

A vote changes no image; what decides between votes does. Votes that came with an import go when
that import is undone, and come back when the undo is.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.clock import utc_now
from db.enums import Answer, Question
from db.models import LabelVoteRow, ReviewDecisionRow, VisionAsset
from db.repositories import bulk
from db.repositories.filters import living
from db.repositories.rows import columns_of, list_distinct, slices, to_record


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelVote:
    """One person's opinion of one image."""

    asset_id: uuid.UUID
    author: str
    label_id: int | None
    """None: they say that no one class is right."""
    source: str = ""
    """Where it was given: the source of the import that brought it; empty for in this workspace."""
    revision_id: int | None = None
    """Of the import that brought it."""
    created_at: datetime | None = None
    """When it was given, in UTC; None for now."""


VOTES = (Answer.CHOOSE, Answer.AMBIGUOUS)
"""Answers to what an image shows that are votes."""
COLUMNS = columns_of(LabelVote, LabelVoteRow)


class LabelVoteRepository:
    """Votes of persons, at most one an image and person."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, votes: Iterable[LabelVote]) -> None:
        """Keep votes; what a person said of the same image before is replaced.

        Of several votes of one person and image the last one is kept.
        """
        kept = {(vote.asset_id, vote.author): vote for vote in votes}
        insert: Any = sqlite.insert if bulk.is_sqlite(self._session) else postgresql.insert
        for dated in (True, False):
            rows = [
                {name: v for name, v in asdict(vote).items() if dated or name != "created_at"}
                for vote in kept.values()
                if (vote.created_at is not None) is dated
            ]
            if not rows:
                continue
            statement = insert(LabelVoteRow)
            new = statement.excluded
            self._session.execute(
                statement.on_conflict_do_update(
                    index_elements=["asset_id", "author"],
                    set_={
                        "label_id": new.label_id,
                        "source": new.source,
                        "revision_id": new.revision_id,
                        "taken_back_by": None,
                        "created_at": new.created_at if dated else utc_now(),
                    },
                ),
                rows,
            )

    def remove(self, asset_ids: Sequence[uuid.UUID], author: str) -> None:
        """Forget what a person said of these images."""
        for part in slices(asset_ids):
            self._session.execute(
                delete(LabelVoteRow)
                .where(LabelVoteRow.asset_id.in_(part), LabelVoteRow.author == author)
                .execution_options(synchronize_session=False)
            )

    def follow_answers(self, operation_id: str) -> None:
        """Let votes say what the answers say that an operation gave, took back, or gave again.

        The newest answer of a person to what an image shows is the vote; without one there is none.
        """
        row = ReviewDecisionRow
        opinions = row.question == Question.OPINION, row.answer.in_(VOTES)
        touched = self._session.execute(
            select(row.asset_id, row.actor)
            .where(
                *opinions, (row.operation_id == operation_id) | (row.taken_back_by == operation_id)
            )
            .distinct()
        ).all()
        for asset_id, author in touched:
            said = self._session.execute(
                select(row.label_id)
                .where(
                    *opinions,
                    row.asset_id == asset_id,
                    row.actor == author,
                    row.taken_back_by.is_(None),
                )
                .order_by(row.decision_id.desc())
                .limit(1)
            ).first()
            if said is None:
                self.remove([asset_id], author)
            else:
                self.add([LabelVote(asset_id=asset_id, author=author, label_id=said.label_id)])

    def list_all(self) -> list[LabelVote]:
        """Every vote that holds about a living image, by image and person."""
        rows = self._session.execute(
            select(*COLUMNS)
            .join(VisionAsset, VisionAsset.asset_id == LabelVoteRow.asset_id)
            .where(living(), LabelVoteRow.taken_back_by.is_(None))
            .order_by(LabelVoteRow.asset_id, LabelVoteRow.author)
        )
        return [to_record(LabelVote, row) for row in rows]

    def list_of_assets(self, asset_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[LabelVote]]:
        """What was said of each of these images, by person; images without a vote are left out."""
        found: dict[uuid.UUID, list[LabelVote]] = {}
        for part in slices(asset_ids):
            rows = self._session.execute(
                select(*COLUMNS)
                .where(LabelVoteRow.asset_id.in_(part), LabelVoteRow.taken_back_by.is_(None))
                .order_by(LabelVoteRow.asset_id, LabelVoteRow.author)
            )
            for row in rows:
                found.setdefault(row.asset_id, []).append(to_record(LabelVote, row))
        return found

    def list_authors(self) -> list[str]:
        """Everybody who gave a vote that holds, by name."""
        return list_distinct(
            self._session, LabelVoteRow.author, LabelVoteRow.taken_back_by.is_(None)
        )

    def count(self) -> int:
        """Votes about living images."""
        number = self._session.scalar(
            select(func.count())
            .select_from(LabelVoteRow)
            .join(VisionAsset, VisionAsset.asset_id == LabelVoteRow.asset_id)
            .where(living(), LabelVoteRow.taken_back_by.is_(None))
        )
        return number or 0

    def count_of(self, revision_id: int) -> int:
        """Votes that came with one import, whatever became of their images."""
        number = self._session.scalar(
            select(func.count())
            .select_from(LabelVoteRow)
            .where(LabelVoteRow.revision_id == revision_id, LabelVoteRow.taken_back_by.is_(None))
        )
        return number or 0

    def revert(self, revision_id: int, undone: int) -> None:
        """Take back the votes of a revision; those that it took back itself count again.

        Args:
            revision_id: The revision that undoes; what counts again is from then on its own.
            undone: The revision that is undone.
        """
        row = LabelVoteRow
        for where, values in (
            (row.taken_back_by == undone, {"taken_back_by": None, "revision_id": revision_id}),
            (
                (row.revision_id == undone) & row.taken_back_by.is_(None),
                {"taken_back_by": revision_id},
            ),
        ):
            self._session.execute(
                update(row).where(where).values(values).execution_options(synchronize_session=False)
            )
