"""Change assets and remember what they were, in one step and without reading one of them."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session, aliased

from db.enums import Split, UndoBlock
from db.models import AssetChangeRow, LabelClass, VisionAsset
from db.patches import AssetPatch
from db.records import AssetFilter, NewAsset
from db.repositories import bulk, chosen_images, filters, opinions
from db.repositories.assets import AssetRepository
from db.repositories.revisions import CHANGE_COLUMNS, STATE_FIELDS, RevisionRepository
from db.repositories.rows import slices

CHANGES_AT_ONCE = 50_000

_UNDONE = aliased(AssetChangeRow)
REMEMBERED = [getattr(VisionAsset, name) for name in STATE_FIELDS[1:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedUndo:
    """A change that cannot be taken back.

    Superseded is what the revision changed and what is something else by now. Changes of other
    fields, and changes that were taken back again, do not count.
    """

    asset_id: uuid.UUID
    reason: UndoBlock
    file_path: str | None
    """The path it had before."""
    label_id: int | None
    """The label it had before."""


class ChangeRepository:
    """Changes of assets, each with its row in the history.

    The revision must have been begun. Row versions rise by one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._assets = AssetRepository(session)
        self._revisions = RevisionRepository(session)

    def add_assets(self, revision_id: int, assets: Sequence[NewAsset]) -> None:
        """Insert new assets as changes of a revision.

        Raises:
            sqlalchemy.exc.IntegrityError: One breaks a rule, such as a path that is in use.
        """
        self._assets.add(assets)
        missing = (False, None, None, None, None, None, None)
        rows = [
            (
                revision_id,
                asset.asset_id,
                *missing,
                True,
                asset.file_path,
                asset.content_hash,
                asset.label_id,
                asset.split_type,
                asset.review_state,
                asset.parent_asset_id,
            )
            for asset in assets
        ]
        bulk.insert_rows(self._session, "asset_changes", CHANGE_COLUMNS, rows)
        self._revisions.update_num_changes(revision_id, len(rows))

    def update_assets(
        self, revision_id: int, asset_ids: Sequence[uuid.UUID], patch: AssetPatch
    ) -> None:
        """Give these assets the same values; each must exist (removed, to be brought back)."""
        for part in slices(asset_ids):
            self._record_history(revision_id, [VisionAsset.asset_id.in_(part)], patch)
            self._assets.update_fields(part, patch)

    def update_matching(
        self,
        revision_id: int,
        where: AssetFilter,
        patch: AssetPatch,
        *,
        keep_held_out: bool = False,
        keep_mined: str | None = None,
        keep_asked_of: str | None = None,
    ) -> int:
        """Give all living assets that match and differ the same values; returns how many.

        `keep_mined`, a source, leaves what is mined; `keep_asked_of`, a person, what is asked them.

        The revision must have no changes yet: it is told from them which assets are meant.
        """
        conditions = self._to_change(where, patch, keep_asked_of)
        if keep_held_out:
            conditions.append(VisionAsset.split_type.is_distinct_from(Split.HELD_OUT.value))
        if keep_mined is not None:
            conditions.append(~chosen_images.is_mined(keep_mined))
        number = self._record_history(revision_id, conditions, patch)
        for ids in self._changed_in(revision_id, number):
            self._session.execute(
                update(VisionAsset)
                .where(VisionAsset.asset_id.in_(ids))
                .values(**patch.values(), row_version=VisionAsset.row_version + 1)
                .execution_options(synchronize_session=False)
            )
        return number

    def _changed_in(self, revision_id: int, number: int) -> Iterator[Select[Any]]:
        """The ids that a revision changed, as queries of a bounded number each.

        SQLite keeps in memory what a statement may have to take back: 500 MB for a million.
        """
        ids = select(AssetChangeRow.asset_id).where(AssetChangeRow.revision_id == revision_id)
        if number <= CHANGES_AT_ONCE or not bulk.is_sqlite(self._session):
            yield ids
            return
        first: uuid.UUID | None = None
        while True:
            rest = ids if first is None else ids.where(AssetChangeRow.asset_id >= first)
            following = rest.order_by(AssetChangeRow.asset_id).offset(CHANGES_AT_ONCE).limit(1)
            first = self._session.scalar(following)
            if first is None:
                yield rest
                return
            yield rest.where(AssetChangeRow.asset_id < first)

    def count_to_change(
        self,
        where: AssetFilter,
        patch: AssetPatch,
        *,
        held_out: bool | None = None,
        mined: str | None = None,
        keep_asked_of: str | None = None,
    ) -> int:
        """How many living assets match and differ; only those in held_out, or only others.

        With `mined`, a source, only those that are; `keep_asked_of` as in `update_matching`.
        """
        conditions = self._to_change(where, patch, keep_asked_of)
        if mined is not None:
            conditions.append(chosen_images.is_mined(mined))
        if held_out is not None:
            held = VisionAsset.split_type.is_not_distinct_from(Split.HELD_OUT.value)
            conditions.append(held if held_out else ~held)
        statement = select(func.count()).select_from(VisionAsset).where(*conditions)
        return self._session.scalar(statement) or 0

    def list_blocked(self, undone: int, *, limit: int) -> list[BlockedUndo]:
        """Assets whose change in a revision cannot be taken back, and why; at most `limit`."""
        reason = case(*((condition, reason) for reason, condition in self._blocks(undone).items()))
        rows = self._session.execute(
            select(_UNDONE.asset_id, reason, _UNDONE.before_file_path, _UNDONE.before_label_id)
            .where(_UNDONE.revision_id == undone, reason.is_not(None))
            .order_by(_UNDONE.asset_id)
            .limit(limit)
        )
        return [
            BlockedUndo(asset_id=asset_id, reason=UndoBlock(why), file_path=path, label_id=label_id)
            for asset_id, why, path, label_id in rows
        ]

    def count_blocked(self, undone: int) -> int:
        """How many changes of a revision cannot be taken back."""
        return (
            self._session.scalar(
                select(func.count())
                .select_from(_UNDONE)
                .where(_UNDONE.revision_id == undone, or_(*self._blocks(undone).values()))
            )
            or 0
        )

    def revert_revision(self, revision_id: int, undone: int) -> int:
        """Put back what a revision changed, save what is blocked; returns how many."""
        found, back = _UNDONE.after_exists.is_(true()), _UNDONE.before_exists.is_(true())
        now = [case((found, column), else_=null()) for column in REMEMBERED]
        then = [
            case(
                (not_(back), null()),
                (or_(not_(found), old.is_distinct_from(new)), old),
                else_=column,
            )
            for column, old, new in self._fields()
        ]
        result = self._session.execute(
            insert(AssetChangeRow)
            .from_select(
                CHANGE_COLUMNS,
                select(
                    literal(revision_id),
                    _UNDONE.asset_id,
                    _UNDONE.after_exists,
                    *now,
                    _UNDONE.before_exists,
                    *then,
                )
                .join(VisionAsset, VisionAsset.asset_id == _UNDONE.asset_id)
                .where(_UNDONE.revision_id == undone, not_(or_(*self._blocks(undone).values()))),
            )
            .execution_options(preserve_rowcount=True)
        )
        number = int(cast("CursorResult[Any]", result).rowcount)
        self._revisions.update_num_changes(revision_id, number)
        self._apply_after_state(revision_id)
        return number

    def _apply_after_state(self, revision_id: int) -> None:
        """Give the assets of a revision the state that it says they have after it."""
        changed = (
            AssetChangeRow.revision_id == revision_id,
            AssetChangeRow.asset_id == VisionAsset.asset_id,
        )
        raised = {"row_version": VisionAsset.row_version + 1}
        pairs = {
            name: (
                getattr(AssetChangeRow, f"before_{name}"),
                getattr(AssetChangeRow, f"after_{name}"),
            )
            for name in STATE_FIELDS
        }
        # Only what differs anywhere is written: each column brings its indexes.
        row = self._session.execute(
            select(
                *(
                    func.max(case((old.is_distinct_from(new), 1), else_=0))
                    for old, new in pairs.values()
                )
            ).where(AssetChangeRow.revision_id == revision_id)
        ).one()
        differing = [name for name, differs in zip(pairs, row, strict=True) if differs]
        values: dict[str, Any] = {name: pairs[name][1] for name in differing if name != "exists"}
        if "label_id" in values:
            values["label_name"] = (
                select(LabelClass.name)
                .where(LabelClass.label_id == AssetChangeRow.after_label_id)
                .scalar_subquery()
            )
        if "exists" in differing:
            # What leaves goes first, so that its path is free for what comes.
            self._session.execute(
                update(VisionAsset)
                .where(*changed, AssetChangeRow.after_exists.is_(false()))
                .values(is_deleted=True, **raised)
                .execution_options(synchronize_session=False)
            )
            values["is_deleted"] = False
        self._session.execute(
            update(VisionAsset)
            .where(*changed, AssetChangeRow.after_exists.is_(true()))
            .values(**values, **raised)
            .execution_options(synchronize_session=False)
        )
        if "exists" in differing:
            self._assets.update_last_augmented(self._list_parents_of_moved(revision_id))

    def _list_parents_of_moved(self, revision_id: int) -> list[uuid.UUID]:
        """The images whose augmented copies came or went with a revision."""
        parent = func.coalesce(
            AssetChangeRow.after_parent_asset_id, AssetChangeRow.before_parent_asset_id
        )
        rows = self._session.scalars(
            select(parent)
            .where(
                AssetChangeRow.revision_id == revision_id,
                parent.is_not(None),
                AssetChangeRow.before_exists != AssetChangeRow.after_exists,
            )
            .distinct()
        )
        return list(rows)

    def _blocks(self, undone: int) -> dict[UndoBlock, ColumnElement[bool]]:
        """Why a change of a revision cannot be taken back, as conditions on that change."""
        now = aliased(VisionAsset)
        other = aliased(VisionAsset)
        found, was_there = _UNDONE.after_exists.is_(true()), _UNDONE.before_exists.is_(true())
        fields = [(getattr(now, column.key), old, new) for column, old, new in self._fields()]
        path = fields[0][1]
        is_other = case(
            (
                found,
                or_(
                    now.is_deleted.is_(true()),
                    *(
                        and_(
                            or_(not_(was_there), old.is_distinct_from(new)),
                            column.is_distinct_from(new),
                        )
                        for column, old, new in fields
                    ),
                ),
            ),
            else_=or_(
                now.is_deleted.is_(false()),
                *(column.is_distinct_from(old) for column, old, _ in fields),
            ),
        )
        returns = or_(
            _UNDONE.after_exists.is_(false()),
            _UNDONE.before_file_path.is_distinct_from(_UNDONE.after_file_path),
        )
        return {
            UndoBlock.SUPERSEDED: exists().where(now.asset_id == _UNDONE.asset_id, is_other),
            UndoBlock.PATH_TAKEN: and_(
                _UNDONE.before_exists.is_(true()),
                returns,
                exists().where(
                    other.file_path == path,
                    other.is_deleted.is_(false()),
                    other.asset_id != _UNDONE.asset_id,
                ),
            ),
            UndoBlock.CLASS_RETIRED: and_(
                _UNDONE.before_exists.is_(true()),
                _UNDONE.after_exists.is_(true()),
                _UNDONE.before_label_id.is_distinct_from(_UNDONE.after_label_id),
                exists().where(
                    LabelClass.label_id == _UNDONE.before_label_id,
                    LabelClass.is_retired.is_(true()),
                ),
            ),
        }

    def _fields(self) -> list[tuple[Any, Any, Any]]:
        """Each remembered column of an asset, with what a change says of it before and after."""
        triples: list[tuple[Any, Any, Any]] = []
        for column in REMEMBERED:
            old: Any = getattr(_UNDONE, f"before_{column.key}")
            new: Any = getattr(_UNDONE, f"after_{column.key}")
            # Paths are compared as bytes on Postgres; the history's columns have another collation.
            if column.key == "file_path" and not bulk.is_sqlite(self._session):
                old, new = old.collate("C"), new.collate("C")
            triples.append((column, old, new))
        return triples

    def _record_history(
        self, revision_id: int, conditions: Sequence[ColumnElement[bool]], patch: AssetPatch
    ) -> int:
        """Write before and after of the assets that fit, from what they are now."""
        missing = [false(), *(null() for _ in REMEMBERED)]
        values = patch.values()
        after = [
            _literal(column, values[column.key]) if column.key in values else column
            for column in REMEMBERED
        ]
        was_there, stays = patch.is_deleted is not False, patch.is_deleted is not True
        result = self._session.execute(
            insert(AssetChangeRow)
            .from_select(
                CHANGE_COLUMNS,
                select(
                    literal(revision_id),
                    VisionAsset.asset_id,
                    *([true(), *REMEMBERED] if was_there else missing),
                    *([true(), *after] if stays else missing),
                ).where(*conditions),
            )
            .execution_options(preserve_rowcount=True)
        )
        number = int(cast("CursorResult[Any]", result).rowcount)
        self._revisions.update_num_changes(revision_id, number)
        return number

    def _to_change(
        self, where: AssetFilter, patch: AssetPatch, keep_asked_of: str | None
    ) -> list[ColumnElement[bool]]:
        kept = [] if keep_asked_of is None else [~opinions.waits_for(keep_asked_of)]
        return [*self._assets.conditions(where), filters.differing(patch), *kept]


def _literal(column: Any, value: Any) -> ColumnElement[Any]:
    return null() if value is None else literal(value, column.type)
