"""The images of a run: those of the catalog as of its revision that it may use, and no others."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from PIL import Image

from db.enums import Split
from db.records import Asset, AssetAsOf
from forge_core.catalog.revisions import history
from forge_core.errors import ImageRejected, NotFound
from forge_core.imaging import decode, hashing
from forge_core.imaging.decode import DecodeLimits
from forge_core.progress import SILENT, Progress
from forge_core.training.inputs.image_sets import ImageSet, RejectedImage, TrainingImage
from forge_core.workspace import Workspace

USED_SPLITS = (Split.TRAIN, Split.VAL, Split.TEST)
READERS = 4
_CHUNK = 256


@dataclass(frozen=True, kw_only=True)
class RunData:
    """What a run trains and is measured on. Held-out images are in none of it."""

    class_names: tuple[str, ...]
    """Classes with training images, in the order of the network's outputs."""
    label_ids: tuple[int, ...]
    """Their ids in the catalog, in the same order."""
    assets: dict[str, list[AssetAsOf]]
    """Usable images of train, val and test; equal catalogs give equal orders."""
    left_out: dict[str, Counter[str]]
    """Images that are not used, by split and reason, in words."""

    def image_set(self, workspace: Workspace, split: str, *, without: set[str]) -> ImageSet:
        """The images of a split for the training loop.

        Args:
            workspace: Reads the bytes.
            split: train, val or test.
            without: Paths to leave out.
        """
        positions = {label_id: place for place, label_id in enumerate(self.label_ids)}
        images = [
            TrainingImage(asset.content_hash, asset.file_path, positions[asset.label_id])
            for asset in self.assets[split]
            if asset.file_path not in without and asset.label_id is not None
        ]
        return ImageSet(tuple(images), workspace.store.read)


def read_run_data(workspace: Workspace, revision_id: int, *, use_augmented: bool) -> RunData:
    """The data of a run on the catalog as of a revision.

    Unlabelled images are never used, augmented copies only in training and only when asked.
    Even then only while their originals are trained on with the same label: a copy stays behind
    when its original is moved to val, relabelled or removed. A copy whose original is not known,
    such as one that was imported, is judged by itself. Images of a class that has no training
    image are left out: no output stands for it.

    Raises:
        InvalidInput: There is no such revision.
    """
    by_split: dict[str, list[AssetAsOf]] = {split: [] for split in USED_SPLITS}
    left_out: dict[str, Counter[str]] = {split: Counter() for split in USED_SPLITS}
    for asset in history.as_of(workspace, revision_id):
        split = asset.split_type
        if split not in by_split:
            continue
        if asset.is_augmented and not (use_augmented and split == Split.TRAIN):
            left_out[split]["augmented copies"] += 1
        elif asset.label_id is None:
            left_out[split]["without a label"] += 1
        else:
            by_split[split].append(asset)
    by_split[Split.TRAIN] = _without_strays(workspace, by_split[Split.TRAIN], left_out[Split.TRAIN])
    names = {a.label_id: a.label_name or "" for a in by_split[Split.TRAIN] if a.label_id}
    label_ids = tuple(sorted(names))
    for split, assets in by_split.items():
        known = [asset for asset in assets if asset.label_id in names]
        if len(known) < len(assets):
            reason = "of classes without training images"
            left_out[split][reason] += len(assets) - len(known)
        # Not by id: ids differ between two imports of the same files, and order decides batches.
        by_split[split] = sorted(known, key=lambda asset: (asset.content_hash, asset.file_path))
    return RunData(
        class_names=tuple(names[label_id] for label_id in label_ids),
        label_ids=label_ids,
        assets=by_split,
        left_out=left_out,
    )


def _without_strays(
    workspace: Workspace, train: list[AssetAsOf], left_out: Counter[str]
) -> list[AssetAsOf]:
    """The images without copies whose original is not among them or has another label."""
    if not any(asset.is_augmented for asset in train):
        return train
    with workspace.database.read() as uow:
        parents = uow.assets.list_parents()
    labels = {asset.asset_id: asset.label_id for asset in train}
    kept = []
    for asset in train:
        original = asset.asset_id
        while original in parents:
            original = parents[original]
        if original not in labels:
            left_out["augmented copies whose original is not in training"] += 1
        elif labels[original] != asset.label_id:
            left_out["augmented copies whose original has another label"] += 1
        else:
            kept.append(asset)
    return kept


def find_changed_files(
    workspace: Workspace,
    assets: Sequence[AssetAsOf],
    *,
    progress: Progress = SILENT,
) -> list[RejectedImage]:
    """Images whose file is missing or no longer has the bytes that were imported, in order.

    Args:
        workspace: The workspace.
        assets: Images as of a revision.
        progress: Told the files read; asked before each.

    Raises:
        Cancelled: The answer is not known.
    """

    def check(asset: AssetAsOf) -> RejectedImage | None:
        outcome = read_unchanged(workspace, asset)
        return outcome if isinstance(outcome, RejectedImage) else None

    found = []
    done = 0
    remaining = iter(assets)
    with ThreadPoolExecutor(READERS) as readers:
        while chunk := list(islice(remaining, _CHUNK)):
            for problem in readers.map(check, chunk):
                progress.check()
                if problem is not None:
                    found.append(problem)
                done += 1
                progress.advance(done, len(assets), "Checking the image files")
    return found


def read_image(
    workspace: Workspace, asset: Asset | AssetAsOf, limits: DecodeLimits
) -> Image.Image | RejectedImage:
    """The upright RGB image of an asset, or why it is not the one that was imported."""
    data = read_unchanged(workspace, asset)
    if isinstance(data, RejectedImage):
        return data
    try:
        return decode.decode_image(data, limits=limits).image
    except ImageRejected as error:
        return RejectedImage(asset.file_path, error.reason, error.message)


def read_unchanged(workspace: Workspace, asset: Asset | AssetAsOf) -> bytes | RejectedImage:
    """The bytes of an image, or why they are not those that were imported."""
    try:
        data = workspace.store.read(asset.file_path)
    except (NotFound, OSError) as error:
        return RejectedImage(
            asset.file_path, "missing", f"{asset.file_path} could not be read: {error}"
        )
    if hashing.content_hash(data) != asset.content_hash:
        return RejectedImage(
            asset.file_path,
            "changed",
            f"{asset.file_path} is not the file that was imported: its content has changed.",
        )
    return data
