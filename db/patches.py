"""What an operation changes of assets: new values for some of their columns."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal

from db.records import Asset, Label


class Unset(enum.Enum):
    """The value of a field that stays as it is; None is a value like any other."""

    UNSET = "unset"


UNSET: Literal[Unset.UNSET] = Unset.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPatch:
    """New values for assets: a field a column that can change, and what is UNSET stays.

    Label and name go together: `labelled` makes both.
    """

    file_path: str | Unset = UNSET
    content_hash: str | Unset = UNSET
    label_id: int | Unset | None = UNSET
    label_name: str | Unset | None = UNSET
    split_type: str | Unset | None = UNSET
    review_state: str | Unset | None = UNSET
    review_note: str | Unset = UNSET
    is_deleted: bool | Unset = UNSET
    """True removes, False brings back."""

    def __post_init__(self) -> None:
        if (self.label_id is UNSET) != (self.label_name is UNSET):
            raise ValueError("A label and its name are changed together.")
        if not self.values():
            raise ValueError("A patch changes something.")

    @staticmethod
    def labelled(label: Label | None) -> "AssetPatch":
        """Give this label, or take it away with None."""
        if label is None:
            return AssetPatch(label_id=None, label_name=None)
        return AssetPatch(label_id=label.label_id, label_name=label.name)

    def values(self) -> dict[str, Any]:
        """The columns that are given a value, by name, in the order of the fields."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not UNSET}

    def decisive_values(self) -> dict[str, Any]:
        """As `values`, without the name of the label: it follows the label."""
        return {name: value for name, value in self.values().items() if name != "label_name"}

    def differing(self, assets: Iterable[Asset]) -> list[Asset]:
        """Those of these living assets that it makes others. Order kept."""
        values = self.decisive_values()
        if values.pop("is_deleted", False):
            return list(assets)
        return [
            asset
            for asset in assets
            if any(getattr(asset, name) != new for name, new in values.items())
        ]
