"""Plain values of what was saved under a name, decided about images, or found in pairs."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from db.enums import SplitRuleKind
from db.records import Asset


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """A person's answer to a question about an image, and what the image was then."""

    asset_id: uuid.UUID
    question: str
    answer: str
    content_hash: str
    """Of the bytes that were looked at."""
    label_id: int | None
    """The label that the answer speaks of: a new one, where the answer gave one."""
    class_version: int | None
    """Of the label's class; see `ReviewDecisionRepository.list_class_versions`."""
    actor: str
    operation_id: str
    revision_id: int
    """The revision that the answer wrote; else the newest one then."""
    decision_id: int | None = None
    """None until it is kept, as `created_at`."""
    created_at: datetime | None = None
    taken_back_by: str | None = None
    """The operation that took it back; it does not stand while this is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSplitRule:
    """Which split new images get, and who said so."""

    kind: SplitRuleKind
    train: float
    val: float
    test: float
    author: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenePair:
    """Two images as they are now, and how near they are."""

    first: Asset
    second: Asset
    similarity: float

    @property
    def is_across(self) -> bool:
        """Whether they lie in two splits."""
        return self.first.split_type != self.second.split_type and None not in (
            self.first.split_type,
            self.second.split_type,
        )
