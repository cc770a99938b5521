"""By what the images of an evaluation can be parted, and the filter that names each part.

Imports no torch.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from db.enums import Measure
from db.records import Asset, AssetFilter
from db.repositories import measure_conditions
from forge_core.catalog.listing import asset_list, filter_fields, saved_views
from forge_core.errors import InvalidInput, NotFound
from forge_core.evaluation import slices
from forge_core.evaluation.answers import Answers, Floats
from forge_core.evaluation.slices import REST, Slice
from forge_core.workspace import Workspace

AT_ONCE = 500
BANDS = 4
MOST_VALUES = 50
"""Of a kind with more different values only the most frequent are looked at."""
MOST_VIEWS = 20
"""Saved views that are looked at, the newest: every further question makes each less sure."""
SOURCE, GROUP, SIZE, LABEL = "source", "group", "shorter side", "class"
MEASURES = (Measure.BRIGHTNESS, Measure.SHARPNESS)
"""Of the pictures, by bands of about as many images each."""
VIEW = "view"
IN_VIEW = "in it"

Filter = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class ImageParts:
    """What each image belongs to."""

    values: Mapping[str, Sequence[str | None]]
    """By kind, of each image its value in words; `REST` is only what others are compared with."""
    filters: Mapping[tuple[str, str], Filter]
    """Of each kind and value the fields of an `AssetFilter` that name its images."""
    num_unmeasured: int
    """Images whose pictures were not measured: they are in no band of `MEASURES`."""


def read_parts(
    workspace: Workspace, evaluation_id: int, answers: Answers, class_names: Mapping[int, str]
) -> ImageParts:
    """Source, group, size, measures, saved views and class of the images of an evaluation.

    Args:
        workspace: The workspace.
        evaluation_id: Of the evaluation.
        answers: Its answers; of removed images only the class is known.
        class_names: By number, as they were called then.
    """
    assets = read_assets(workspace, answers.asset_ids)
    values: dict[str, Sequence[str | None]] = {}
    filters: dict[tuple[str, str], Filter] = {}
    for kind, field, found in (
        (SOURCE, "source", [None if each is None else each.source_dataset for each in assets]),
        (GROUP, "group", [None if each is None else each.group_key for each in assets]),
    ):
        common = {name for name, _ in Counter(filter(None, found)).most_common(MOST_VALUES)}
        values[kind] = [name if name in common else None for name in found]
        filters |= {(kind, name): {field: name} for name in common}
    sides = [None if asset is None else min(asset.width, asset.height) for asset in assets]
    sized = cut_sides([side for side in sides if side is not None])
    values[SIZE] = [None if side is None else _band_of(sized, side) for side in sides]
    filters |= {(SIZE, words): {"side_min": low, "side_max": high} for low, high, words in sized}
    with workspace.database.read() as uow:
        measured = uow.image_measures.list_of_assets(answers.asset_ids, MEASURES)
    for place, measure in enumerate(MEASURES):
        numbers = [measured[each][place] for each in answers.asset_ids if each in measured]
        bands = cut_measures(numbers)
        values[str(measure)] = [
            next(words for low, high, words in bands if low <= measured[each][place] < high)
            if each in measured
            else None
            for each in answers.asset_ids
        ]
        filters |= {
            (str(measure), words): {"measured": measure_conditions.write_band(measure, low, high)}
            for low, high, words in bands
        }
    for kind, own, ids in _read_views(workspace, evaluation_id):
        values[kind] = [IN_VIEW if each in ids else REST for each in answers.asset_ids]
        filters[kind, IN_VIEW] = own
    values[LABEL] = [class_names.get(number) for number in answers.label_ids.tolist()]
    filters |= {(LABEL, name): {"true_label": number} for number, name in class_names.items()}
    return ImageParts(
        values=values,
        filters=filters,
        num_unmeasured=sum(
            asset is not None and asset.asset_id not in measured for asset in assets
        ),
    )


def compare(
    workspace: Workspace,
    evaluation_id: int,
    answers: Answers,
    class_names: Mapping[int, str],
    weights: Floats | None,
) -> tuple[ImageParts, list[Slice]]:
    """The parts of an evaluation's images and how right it is on each, worst first.

    The arguments are those of `read_parts`, and the weights of `slices.slice_by`; all kinds are
    asked at once.
    """
    parts = read_parts(workspace, evaluation_id, answers, class_names)
    return parts, slices.slice_by(answers.is_right, parts.values, weights)


def _read_views(
    workspace: Workspace, evaluation_id: int
) -> Iterable[tuple[str, Filter, set[uuid.UUID]]]:
    """Saved views that say what images are: their kind, filter, and images of the evaluation.

    Those that go by what a network said would only tell that it is worse where it says so.
    """
    newest = sorted(saved_views.list_views(workspace), key=lambda view: -view.view_id)
    for view in newest[:MOST_VIEWS]:
        query = {name: value for name, value in view.query.items() if name != "sort"}
        try:
            where = filter_fields.read(query)
            if _is_of_answers(where):
                continue
            ids = asset_list.list_ids(workspace, replace(where, evaluation=evaluation_id))
        except (InvalidInput, NotFound):  # such as one of a class or a selection that is gone
            continue
        yield f"{VIEW} “{view.name}”", query, set(ids)


def _is_of_answers(where: AssetFilter) -> bool:
    named = (where.evaluation, where.against, where.asked_of)
    return where.asks_the_run() or where.asks_the_evaluation() or named != (None, None, None)


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


def cut_measures(numbers: Sequence[float]) -> list[tuple[float, float, str]]:
    """Bands with about as many of the numbers (0 and more) each: from, to below, and words.

    The lines have three digits, as they are said, so that the filter is of the same images.
    """
    if not numbers:
        return []
    inner = np.quantile(numbers, np.linspace(0, 1, BANDS + 1))[1:-1]
    lines = sorted({rounded for line in inner if (rounded := float(f"{line:.3g}")) > 0})
    lines = [line for line in lines if min(numbers) < line <= max(numbers)]
    ends = [0.0, *lines, float(f"{2 * max(numbers) + 1:.3g}")]
    words = [f"{low:g} to {high:g}" for low, high in pairwise(ends)]
    if lines:
        words[0], words[-1] = f"below {lines[0]:g}", f"{lines[-1]:g} and more"
    return list(zip(ends[:-1], ends[1:], words, strict=True))


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
