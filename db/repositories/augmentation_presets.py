"""Augmentations under a name of their own."""

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.models import AugmentationPresetRow
from db.repositories.rows import columns_of, to_record
from db.saved_records import AugmentationPreset

COLUMNS = columns_of(AugmentationPreset, AugmentationPresetRow)


class AugmentationPresetRepository:
    """Augmentation presets of everybody."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_all(self) -> list[AugmentationPreset]:
        """Every preset, by name."""
        rows = self._session.execute(select(*COLUMNS))
        found = [to_record(AugmentationPreset, row) for row in rows]
        return sorted(found, key=lambda preset: (preset.name.casefold(), preset.preset_id))

    def count_all(self) -> int:
        """How many there are."""
        return self._session.scalar(select(func.count()).select_from(AugmentationPresetRow)) or 0

    def add(self, name: str, based_on: str, parameters: Mapping[str, float], author: str) -> int:
        """Insert a preset; returns its number.

        Raises:
            sqlalchemy.exc.IntegrityError: The name is in use.
        """
        values = {
            "name": name,
            "based_on": based_on,
            "parameters": dict(parameters),
            "author": author,
        }
        return self._session.scalars(
            insert(AugmentationPresetRow).returning(AugmentationPresetRow.preset_id), [values]
        ).one()

    def update_parameters(
        self, preset_id: int, based_on: str, parameters: Mapping[str, float], author: str
    ) -> None:
        """Give a preset other numbers; who changes them becomes its author."""
        values = {"based_on": based_on, "parameters": dict(parameters), "author": author}
        self._session.execute(
            update(AugmentationPresetRow)
            .where(AugmentationPresetRow.preset_id == preset_id)
            .values(**values)
        )

    def remove(self, preset_id: int) -> None:
        """Remove a preset; nothing happens when it is gone."""
        self._session.execute(
            delete(AugmentationPresetRow).where(AugmentationPresetRow.preset_id == preset_id)
        )
