"""By what the images of an evaluation can be parted, and the filter that names each part.

Imports no torch.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from db.records import Asset
from forge_core.evaluation.answers import Answers
from forge_core.workspace import Workspace

AT_ONCE = 500
BANDS = 4
MOST_VALUES = 50
"""Of a kind with more different values only the most frequent are looked at."""
SOURCE, SIZE, LABEL = "source", "shorter side", "class"


@dataclass(frozen=True, kw_only=True)
class ImageParts:
    """What each image belongs to."""

    values: Mapping[str, Sequence[str | None]]
    """By kind, of each image its value in words."""
    filters: Mapping[tuple[str, str], Mapping[str, object]] = field(default_factory=dict)
    """Of each kind and value the fields of an `AssetFilter` that name its images."""


def read_parts(
    workspace: Workspace, answers: Answers, class_names: Mapping[int, str]
) -> ImageParts:
    """Source, size and class of the images of an evaluation; of removed ones only the class.

    Args:
        workspace: The workspace.
        answers: Of the evaluation.
        class_names: By number, as they were called then.
    """
    assets = read_assets(workspace, answers.asset_ids)
    filters: dict[tuple[str, str], Mapping[str, object]] = {}
    sources = [None if asset is None else asset.source_dataset for asset in assets]
    common = {name for name, _ in Counter(filter(None, sources)).most_common(MOST_VALUES)}
    filters |= {(SOURCE, name): {"source": name} for name in common}
    sides = [None if asset is None else min(asset.width, asset.height) for asset in assets]
    bands = cut_sides([side for side in sides if side is not None])
    for low, high, words in bands:
        filters[SIZE, words] = {"side_min": low, "side_max": high}
    filters |= {(LABEL, name): {"true_label": number} for number, name in class_names.items()}
    return ImageParts(
        values={
            SOURCE: [name if name in common else None for name in sources],
            SIZE: [None if side is None else _band_of(bands, side) for side in sides],
            LABEL: [class_names.get(number) for number in answers.label_ids.tolist()],
        },
        filters=filters,
    )


def cut_sides(sides: Sequence[int]) -> list[tuple[int, int, str]]:
    """Bands of whole pixels with about as many images each: first and last pixel, and words."""
    if not sides:
        return []
    cuts = np.quantile(sides, np.linspace(0, 1, BANDS + 1), method="nearest").astype(int)
    lows = list(dict.fromkeys(cuts[:-1].tolist()))
    highs = [low - 1 for low in lows[1:]] + [int(cuts[-1])]
    return [
        (low, high, f"{low:,} px" if low == high else f"{low:,} to {high:,} px")
        for low, high in zip(lows, highs, strict=True)
    ]


def _band_of(bands: Sequence[tuple[int, int, str]], side: int) -> str:
    return next(words for low, high, words in bands if low <= side <= high)


def read_assets(workspace: Workspace, asset_ids: Sequence[uuid.UUID]) -> list[Asset | None]:
    """Images as they are now, in this order; None for removed ones."""
    found: dict[uuid.UUID, Asset] = {}
    for start in range(0, len(asset_ids), AT_ONCE):
        with workspace.database.read() as uow:
            page = uow.assets.list_by_ids(list(asset_ids[start : start + AT_ONCE]))
        found |= {asset.asset_id: asset for asset in page}
    return [found.get(asset_id) for asset_id in asset_ids]
