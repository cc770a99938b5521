"""What imports said of images that were there, as changes of a revision and for later questions.

The history of an asset remembers its label, split and state of review. What else an import gives
to an image (group, source, note) is put back from the findings of that import.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, insert, literal, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from db.enums import FindingOutcome, FindingSubject, ReviewState
from db.models import AssetChangeRow, ImportFindingRow, LabelClass, VisionAsset
from db.records import Asset, ImportFinding
from db.repositories import bulk
from db.repositories.revisions import CHANGE_COLUMNS, STATE_FIELDS, RevisionRepository
from db.repositories.rows import columns_of, slices, to_record

COLUMNS = columns_of(ImportFinding, ImportFindingRow)
_BESIDE_HISTORY: dict[str, Any] = {
    FindingSubject.GROUP: VisionAsset.group_key,
    FindingSubject.SOURCE: VisionAsset.source_dataset,
    FindingSubject.NOTE: VisionAsset.review_note,
}
"""Columns that history does not remember, by the subject of their findings."""
_EMPTY_IS_NULL = frozenset({FindingSubject.GROUP})
_ASKING = (FindingOutcome.ASKED, FindingOutcome.LEAK)
"""What makes an image wait for a person."""
_WRITTEN = ("revision_id", "asset_id", "subject", "outcome", "path", "before", "said")


class ImportFindingRepository:
    """Findings of imports. The revision must have been begun."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._revisions = RevisionRepository(session)

    def add(self, revision_id: int, findings: Sequence[ImportFinding]) -> None:
        """Keep findings; thousands a call are fast."""
        rows = [
            (revision_id, f.asset_id, str(f.subject), str(f.outcome), f.path, f.before, f.said)
            for f in findings
        ]
        bulk.insert_rows(self._session, "import_findings", _WRITTEN, rows)

    def record_changes(self, revision_id: int, pairs: Sequence[tuple[Asset, Asset]]) -> None:
        """Write what assets are and shall become into the history; `apply` makes it so."""
        names = STATE_FIELDS[1:]
        rows = [
            (
                revision_id,
                before.asset_id,
                True,
                *(getattr(before, name) for name in names),
                True,
                *(getattr(after, name) for name in names),
            )
            for before, after in pairs
        ]
        bulk.insert_rows(self._session, "asset_changes", CHANGE_COLUMNS, rows)
        self._revisions.update_num_changes(revision_id, len(rows))

    def apply(self, revision_id: int) -> None:
        """Give the assets of `record_changes` what history and the taken findings say."""
        history = aliased(AssetChangeRow)
        self._session.execute(
            update(VisionAsset)
            .where(
                history.revision_id == revision_id,
                history.asset_id == VisionAsset.asset_id,
                history.before_exists.is_(true()),
                history.after_exists.is_(true()),
            )
            .values(
                label_id=history.after_label_id,
                label_name=select(LabelClass.name)
                .where(LabelClass.label_id == history.after_label_id)
                .scalar_subquery(),
                split_type=history.after_split_type,
                review_state=history.after_review_state,
                row_version=VisionAsset.row_version + 1,
            )
            .execution_options(synchronize_session=False)
        )
        self._apply_taken(revision_id)

    def revert(self, revision_id: int, undone: int) -> None:
        """Put back what history does not remember, of the assets that an undo put back.

        What is something else by now stays. The undo gets findings of its own, so that it can be
        undone as well.
        """
        back = aliased(AssetChangeRow)
        for subject, column in _BESIDE_HISTORY.items():
            rows = (
                select(
                    literal(revision_id),
                    ImportFindingRow.asset_id,
                    ImportFindingRow.subject,
                    ImportFindingRow.outcome,
                    ImportFindingRow.path,
                    ImportFindingRow.said,
                    ImportFindingRow.before,
                )
                .join(VisionAsset, VisionAsset.asset_id == ImportFindingRow.asset_id)
                .where(
                    *_taken(undone, subject),
                    func.coalesce(column, "") == self._plain(ImportFindingRow.said),
                    exists().where(
                        back.revision_id == revision_id,
                        back.asset_id == ImportFindingRow.asset_id,
                        back.after_exists.is_(true()),
                    ),
                )
            )
            self._session.execute(insert(ImportFindingRow).from_select(_WRITTEN, rows))
        self._apply_taken(revision_id)

    def list_of(
        self,
        revision_id: int,
        *,
        outcomes: Sequence[FindingOutcome] = tuple(FindingOutcome),
        after: int = 0,
        limit: int,
    ) -> list[ImportFinding]:
        """Findings of one import behind number `after`, in their order."""
        rows = self._session.execute(
            select(*COLUMNS)
            .where(
                ImportFindingRow.revision_id == revision_id,
                ImportFindingRow.outcome.in_(outcomes),
                ImportFindingRow.finding_id > after,
            )
            .order_by(ImportFindingRow.finding_id)
            .limit(limit)
        )
        return [to_record(ImportFinding, row) for row in rows]

    def list_of_assets(
        self, asset_ids: Sequence[uuid.UUID], outcome: FindingOutcome
    ) -> list[ImportFinding]:
        """Findings about these assets that came to this, oldest first."""
        return [
            to_record(ImportFinding, row)
            for part in slices(asset_ids)
            for row in self._session.execute(
                select(*COLUMNS)
                .where(
                    ImportFindingRow.asset_id.in_(part), ImportFindingRow.outcome == outcome.value
                )
                .order_by(ImportFindingRow.finding_id)
            )
        ]

    def list_open(self, asset_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[ImportFinding]]:
        """What the newest import that asked said of each, oldest first; undone ones left out.

        Of images that a person has answered for since, too: whether one waits, its state says.
        """
        undone = self._revisions.list_undone()
        said: dict[uuid.UUID, list[ImportFinding]] = {}
        for outcome in _ASKING:
            for finding in self.list_of_assets(asset_ids, outcome):
                if finding.revision_id not in undone:
                    said.setdefault(finding.asset_id, []).append(finding)
        for findings in said.values():
            newest = max(finding.revision_id or 0 for finding in findings)
            findings[:] = [one for one in findings if one.revision_id == newest]
        return said

    def list_decided(
        self, asset_ids: Sequence[uuid.UUID]
    ) -> dict[uuid.UUID, set[tuple[FindingSubject, str]]]:
        """What imports said of these assets and a person decided against, by subject.

        A person chose what is there for a whole import, or the image left the queue of contested
        ones. What an undone import asked, or was told, does not count.
        """
        undone = self._revisions.list_undone()
        found: dict[uuid.UUID, set[tuple[FindingSubject, str]]] = {}
        row = ImportFindingRow
        asked = [outcome.value for outcome in _ASKING]
        is_settled = VisionAsset.review_state.is_distinct_from(ReviewState.CONTESTED.value)
        for part in slices(asset_ids):
            rows = self._session.execute(
                select(row.asset_id, row.subject, row.said, row.revision_id)
                .join(VisionAsset, VisionAsset.asset_id == row.asset_id)
                .where(
                    row.asset_id.in_(part),
                    or_(
                        row.outcome == FindingOutcome.DECIDED.value,
                        and_(row.outcome.in_(asked), is_settled),
                    ),
                )
            )
            for asset_id, subject, said, revision_id in rows:
                if said is not None and revision_id not in undone:
                    found.setdefault(asset_id, set()).add((FindingSubject(subject), said))
        return found

    def count_by_outcome(self, revision_id: int) -> dict[FindingOutcome, int]:
        """How many findings of one import came to what."""
        rows = self._session.execute(
            select(ImportFindingRow.outcome, func.count())
            .where(ImportFindingRow.revision_id == revision_id)
            .group_by(ImportFindingRow.outcome)
        )
        return {FindingOutcome(outcome): number for outcome, number in rows}

    def _apply_taken(self, revision_id: int) -> None:
        present = set(
            self._session.scalars(
                select(ImportFindingRow.subject)
                .where(
                    ImportFindingRow.revision_id == revision_id,
                    ImportFindingRow.outcome == FindingOutcome.TAKEN.value,
                )
                .distinct()
            )
        )
        for subject, column in _BESIDE_HISTORY.items():
            if subject not in present:
                continue
            said: Any = func.coalesce(ImportFindingRow.said, "")
            if subject in _EMPTY_IS_NULL:
                said = func.nullif(said, "")
            self._session.execute(
                update(VisionAsset)
                .where(
                    *_taken(revision_id, subject),
                    ImportFindingRow.asset_id == VisionAsset.asset_id,
                    exists().where(
                        AssetChangeRow.revision_id == revision_id,
                        AssetChangeRow.asset_id == VisionAsset.asset_id,
                        AssetChangeRow.before_exists.is_(true()),
                    ),
                )
                .values({column.key: said})
                .execution_options(synchronize_session=False)
            )

    def _plain(self, column: Any) -> ColumnElement[Any]:
        """A text of the findings, comparable with the columns of assets on both databases."""
        text = func.coalesce(column, "")
        return text if bulk.is_sqlite(self._session) else text.collate("C")


def _taken(revision_id: int, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (
        and_(
            ImportFindingRow.revision_id == revision_id,
            ImportFindingRow.outcome == FindingOutcome.TAKEN.value,
        ),
        ImportFindingRow.subject == subject,
    )
