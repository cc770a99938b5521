"""Plain values of what people saved under a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A filter and an order under a name; `query` as in the address of the gallery."""

    view_id: int
    name: str
    query: Mapping[str, str]
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationPreset:
    """An augmentation under a name; `parameters` by the names of `AugmentationParameters`."""

    preset_id: int
    name: str
    based_on: str
    """The product's preset that it was made from."""
    parameters: Mapping[str, float]
    author: str
    created_at: datetime
