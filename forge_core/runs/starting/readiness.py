"""What stands against a run on the catalog as it is, in words."""

import statistics

from db.enums import Split
from db.records import AssetFilter
from forge_core.catalog.listing.balance import Balance
from forge_core.workspace import Workspace

SPLIT_NEXT_STEP = "Split 80/10/10 by class now?"
FEWEST_TO_SPLIT = 3
"""Images of one class of which a split gives one to each part."""
SIZE_SAMPLE = 500


def list_problems(found: Balance) -> list[str]:
    """What forbids a run: a sentence, then its next step. Empty when one can start."""
    if found.total == 0:
        return ["0 images are in the catalog, so nothing can be learned. Import images first."]
    if sum(row.total for row in found.rows) == 0:
        return [f"None of {found.total:,} images has a label. Label some in the gallery first."]
    problems = []
    trained = [row for row in found.rows if row.train]
    if not trained:
        problems.append(
            f"0 images are in training, so nothing can be learned. {_split_advice(found)}"
        )
    elif len(trained) < 2:
        problems.append(
            f"Training has images of 1 class, {trained[0].label_name!r}, and needs at least 2. "
            "Label images of a second class and put them into training."
        )
    if not any(row.val for row in trained or found.rows):
        here = sum(row.val for row in found.rows)
        which = f"{here:,} images are in validation"
        if here:
            which = "1 image is in validation and shows" if here == 1 else f"{which} and show"
            which += " no class that is trained"
        problems.append(f"{which}, so nothing can be measured. {_split_advice(found)}")
    return problems


def _split_advice(found: Balance) -> str:
    """What gives the parts images: a split, where there are enough of a class to divide."""
    most = max((row.total - row.held_out for row in found.rows), default=0)
    if most >= FEWEST_TO_SPLIT:
        return SPLIT_NEXT_STEP
    images = "1 image" if most == 1 else f"{most:,} images"
    return (
        f"The largest class has {images}, and a split needs {FEWEST_TO_SPLIT} of a class at least: "
        "import or label more."
    )


def list_warnings(found: Balance) -> list[str]:
    """What to know before a run; what `list_problems` says already is not repeated."""
    warnings = [w.text for w in found.warnings if not w.text.startswith("0 images")]
    if found.unlabelled.train:
        warnings.append(
            f"{found.unlabelled.train:,} images in train have no label: they are left out."
        )
    if found.augmented:
        warnings.append(
            f"{found.augmented:,} augmented copies are never measured on. Training leaves them "
            "out unless the run asks for them, and always those whose original is not in train."
        )
    if any(row.train for row in found.rows):
        warnings += [
            f"{row.label_name!r} has {row.val + row.test:,} images in val and test but none in "
            "train: they are left out."
            for row in found.rows
            if not row.train and (row.val or row.test)
        ]
    return warnings


def median_short_side(workspace: Workspace) -> int:
    """Median of min(width, height) in pixels of the newest training images; 0 without any."""
    with workspace.database.read() as uow:
        sample = uow.assets.list_page(
            AssetFilter(split=Split.TRAIN, augmented=False),
            sort="newest",
            after=None,
            limit=SIZE_SAMPLE,
        )
    sides = [min(asset.width, asset.height) for asset in sample]
    return round(statistics.median(sides)) if sides else 0
