"""Classes, and the states they had: name, retired or not, merged into another or not."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from db.models import AssetCount, LabelClass, LabelClassState
from db.records import Label, LabelState
from db.repositories.rows import columns_of, to_record

LABEL_COLUMNS = columns_of(Label, LabelClass, without=["num_images"])
STATE_COLUMNS = columns_of(LabelState, LabelClassState)
KEPT = ("name", "color", "hotkey", "description", "is_retired")
"""What a state remembers of a class."""
_NEWEST = 2**31 - 1


def follow_merges(merges: Mapping[int, int], label_id: int) -> int:
    """The class at the end of a chain of merges."""
    seen = {label_id}
    while label_id in merges and merges[label_id] not in seen:
        label_id = merges[label_id]
        seen.add(label_id)
    return label_id


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
            select(AssetCount.label_key, func.sum(AssetCount.num_images).label("num_images"))
            .group_by(AssetCount.label_key)
            .subquery()
        )
        rows = self._session.execute(
            select(*LABEL_COLUMNS, func.coalesce(counted.c.num_images, 0).label("num_images"))
            .outerjoin(counted, counted.c.label_key == LabelClass.label_id)
            .order_by(LabelClass.label_id)
        )
        return [
            Label(**{**row._mapping, "num_images": int(row.num_images)})  # numeric on Postgres
            for row in rows
        ]

    def count(self) -> int:
        """How many classes there are, retired and merged ones included."""
        return self._session.scalar(select(func.count()).select_from(LabelClass)) or 0

    def add(
        self, *, name: str, color: str, hotkey: str | None, description: str, revision_id: int
    ) -> int:
        """Create a class and note its first state; returns its id."""
        label_id = self._session.scalars(
            insert(LabelClass).returning(LabelClass.label_id),
            [{"name": name, "color": color, "hotkey": hotkey, "description": description}],
        ).one()
        self._add_state(label_id, revision_id)
        return label_id

    def update_fields(self, label_id: int, **values: Any) -> None:
        """Change a class in place, without a state of its own; `set_state` writes one."""
        self._session.execute(
            update(LabelClass).where(LabelClass.label_id == label_id).values(**values)
        )

    def update_name(self, label_id: int, name: str, *, revision_id: int) -> None:
        """Rename a class and note since when; it stays retired, merged or in use as it is."""
        latest = self.find_latest_state(label_id)
        self.set_state(
            label_id,
            revision_id=revision_id,
            name=name,
            is_retired=latest.is_retired if latest else False,
            merged_into=latest.merged_into_label_id if latest else None,
        )

    def set_state(
        self,
        label_id: int,
        *,
        revision_id: int,
        name: str,
        is_retired: bool = False,
        merged_into: int | None = None,
        **look: str | None,
    ) -> None:
        """Give a class this state from this revision on; a second call in a revision replaces.

        `look` may name color, hotkey and description; what it leaves out stays as it is.
        `vision_assets.label_name` is left to the caller (`assets.update_label_name`).
        """
        self.update_fields(label_id, name=name, is_retired=is_retired, **look)
        self._session.execute(
            delete(LabelClassState).where(
                LabelClassState.label_id == label_id, LabelClassState.revision_id == revision_id
            )
        )
        self._add_state(label_id, revision_id, merged_into=merged_into)

    def find_latest_state(self, label_id: int) -> LabelState | None:
        """The state of a class now, or None for an unknown class."""
        row = self._session.execute(
            select(*STATE_COLUMNS)
            .where(LabelClassState.label_id == label_id)
            .order_by(LabelClassState.revision_id.desc())
            .limit(1)
        ).one_or_none()
        return to_record(LabelState, row) if row else None

    def list_states_as_of(self, revision_id: int) -> dict[int, LabelState]:
        """The state of every class right after this revision; later classes are left out."""
        rows = self._session.execute(
            select(*STATE_COLUMNS)
            .where(LabelClassState.revision_id <= revision_id)
            .order_by(LabelClassState.revision_id)
        )
        return {row.label_id: to_record(LabelState, row) for row in rows}

    def list_states_in(self, revision_id: int) -> list[LabelState]:
        """The states that this revision gave to classes (created, renamed, retired, merged)."""
        rows = self._session.execute(
            select(*STATE_COLUMNS)
            .where(LabelClassState.revision_id == revision_id)
            .order_by(LabelClassState.label_id)
        )
        return [to_record(LabelState, row) for row in rows]

    def list_merges(self) -> dict[int, int]:
        """Of every class that is merged into another now, the class it was merged into."""
        return {
            state.label_id: state.merged_into_label_id
            for state in self.list_states_as_of(_NEWEST).values()
            if state.is_retired and state.merged_into_label_id is not None
        }

    def list_current_names(self) -> dict[str, str]:
        """Name of every merged class, to the name of the class that took it over in the end."""
        merges = self.list_merges()
        names = {label.label_id: label.name for label in self.list_all()}
        return {names[label_id]: names[follow_merges(merges, label_id)] for label_id in merges}

    def list_names_as_of(self, revision_id: int) -> dict[int, str]:
        """The name that each class had right after this revision; later classes are left out."""
        states = self.list_states_as_of(revision_id)
        return {label_id: state.name for label_id, state in states.items()}

    def _add_state(
        self, label_id: int, revision_id: int, *, merged_into: int | None = None
    ) -> None:
        """Remember the class as it is now."""
        kept = [getattr(LabelClass, name) for name in KEPT]
        self._session.execute(
            insert(LabelClassState).from_select(
                ["label_id", "revision_id", "merged_into_label_id", *KEPT],
                select(
                    LabelClass.label_id, literal(revision_id), literal(merged_into, Integer), *kept
                ).where(LabelClass.label_id == label_id),
            )
        )
