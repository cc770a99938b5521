"""Classes, and the names they had."""

from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.models import AssetCount, LabelClass, LabelClassState
from db.records import Label
from db.repositories.rows import columns_of, to_record

LABEL_COLUMNS = columns_of(Label, LabelClass, without=["asset_count"])


class LabelRepository:
    """Classes of the catalog."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, label_id: int) -> Label | None:
        """The class with this id, or None."""
        row = self._session.execute(
            select(*LABEL_COLUMNS).where(LabelClass.label_id == label_id)
        ).one_or_none()
        return to_record(Label, row) if row else None

    def find_by_name(self, name: str) -> Label | None:
        """The class with exactly this name, or None."""
        row = self._session.execute(
            select(*LABEL_COLUMNS).where(LabelClass.name == name)
        ).one_or_none()
        return to_record(Label, row) if row else None

    def list_all(self) -> list[Label]:
        """Every class with its number of assets (augmented ones included), oldest first."""
        counted = (
            select(AssetCount.label_key, func.sum(AssetCount.num_assets).label("asset_count"))
            .group_by(AssetCount.label_key)
            .subquery()
        )
        rows = self._session.execute(
            select(*LABEL_COLUMNS, func.coalesce(counted.c.asset_count, 0).label("asset_count"))
            .outerjoin(counted, counted.c.label_key == LabelClass.label_id)
            .order_by(LabelClass.label_id)
        )
        return [
            Label(**{**row._mapping, "asset_count": int(row.asset_count)})  # numeric on Postgres
            for row in rows
        ]

    def add(
        self, *, name: str, color: str, hotkey: str | None, description: str, revision_id: int
    ) -> int:
        """Create a class and note its first name; returns its id."""
        label_id = self._session.scalars(
            insert(LabelClass).returning(LabelClass.label_id),
            [{"name": name, "color": color, "hotkey": hotkey, "description": description}],
        ).one()
        self._note_name(label_id, revision_id, name)
        return label_id

    def update_fields(self, label_id: int, **values: Any) -> None:
        """Change a class in place (colour, hotkey, description)."""
        self._session.execute(
            update(LabelClass).where(LabelClass.label_id == label_id).values(**values)
        )

    def update_name(self, label_id: int, name: str, *, revision_id: int) -> None:
        """Rename a class and note since when."""
        self.update_fields(label_id, name=name)
        self._note_name(label_id, revision_id, name)

    def list_names_as_of(self, revision_id: int) -> dict[int, str]:
        """The name that each class had right after this revision; later classes are left out."""
        rows = self._session.execute(
            select(LabelClassState.label_id, LabelClassState.name)
            .where(LabelClassState.revision_id <= revision_id)
            .order_by(LabelClassState.revision_id)
        )
        return {row.label_id: row.name for row in rows}

    def list_renamed_in(self, revision_id: int) -> list[tuple[int, str]]:
        """Classes that were given a name in this revision, with that name."""
        rows = self._session.execute(
            select(LabelClassState.label_id, LabelClassState.name).where(
                LabelClassState.revision_id == revision_id
            )
        )
        return [(label_id, name) for label_id, name in rows]

    def _note_name(self, label_id: int, revision_id: int, name: str) -> None:
        self._session.execute(
            insert(LabelClassState),
            [{"label_id": label_id, "revision_id": revision_id, "name": name}],
        )
