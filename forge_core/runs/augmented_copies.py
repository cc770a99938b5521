"""Write augmented copies of training images into the catalog, as one revision that can be undone.

Training augments anew in every epoch and needs no copies. They are for those who want to look at
them, export them, or train elsewhere; a run uses them only when it is asked to.
"""

import io
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from PIL import Image

from db.enums import RevisionKind, Split
from db.records import ANY, Asset, AssetFilter, NewAsset
from forge_core.augmentation import preview, seeding
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import InvalidInput
from forge_core.imaging import hashing, thumbnails
from forge_core.imaging.decode import DecodeLimits
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.runs import run_data
from forge_core.training.inputs.image_sets import RejectedImage
from forge_core.workspace import Workspace

FOLDER = "augmented"
MAX_COPIES_PER_IMAGE = 50
MAX_COPIES = 200_000
_PAGE = 256


@dataclass(frozen=True, kw_only=True)
class CopyPlan:
    """Which copies are to be written."""

    where: AssetFilter
    """Which images; only labelled originals in train are taken of them."""
    parameters: AugmentationParameters
    """What may happen to a copy."""
    transform: EvalTransform
    """Size of the copies, and the resize before."""
    copies_per_image: int = 1
    """1 to 50."""
    seed: int = 0
    """The same seed makes the same copies, which are then not added again."""

    def __post_init__(self) -> None:
        if not 1 <= self.copies_per_image <= MAX_COPIES_PER_IMAGE:
            raise InvalidInput(
                f"Cannot make {self.copies_per_image} copies of each image.",
                next_step=f"Choose 1 to {MAX_COPIES_PER_IMAGE}.",
            )
        if self.where.split not in (None, Split.TRAIN):
            raise InvalidInput(
                f"Augmented copies are made of images in train, not in {self.where.split}.",
                next_step="A copy of a validation or test image would be trained on.",
            )

    @property
    def parents(self) -> AssetFilter:
        """The images that are copied."""
        label = ANY if self.where.label is None else self.where.label
        return replace(self.where, split=Split.TRAIN, augmented=False, label=label)


@dataclass(frozen=True, kw_only=True)
class CopyReport:
    """What was written."""

    num_parents: int
    added: int
    already_present: int
    """Copies with the same bytes that the catalog has already."""
    left_out: list[RejectedImage] = field(default_factory=list)
    """Images that could not be copied, and why."""
    revision_id: int | None = None


def count_copies(workspace: Workspace, plan: CopyPlan) -> int:
    """How many copies the plan would write.

    Raises:
        InvalidInput: No image matches, or more than 200,000 copies would be written.
    """
    parents = asset_list.count_assets(workspace, plan.parents)
    if parents == 0:
        raise InvalidInput(
            "0 labelled images in train match, so there is nothing to copy.",
            next_step="Label images and put them into train, or choose others.",
        )
    number = parents * plan.copies_per_image
    if number > MAX_COPIES:
        raise InvalidInput(
            f"{parents:,} images x {plan.copies_per_image} copies are {number:,}; at most "
            f"{MAX_COPIES:,} are written at once.",
            next_step="Choose fewer copies, or one class at a time.",
        )
    return number


def write_copies(
    workspace: Workspace,
    plan: CopyPlan,
    *,
    actor: Actor,
    progress: Progress = SILENT,
) -> CopyReport:
    """Write the copies and add them to train, flagged and with their parent.

    A copy is what training would see, as a PNG without loss. All rows are added in one
    transaction; one that is cancelled or killed leaves the catalog as it was. The same plan
    twice adds nothing.

    Args:
        workspace: The workspace.
        plan: Which copies.
        actor: Who asked for them.
        progress: Told the images done; asked before each.

    Raises:
        InvalidInput: `count_copies` refuses the plan.
        Cancelled: Nothing was added.
        StorageUnavailable: The bytes cannot be stored.
    """
    total = count_copies(workspace, plan) // plan.copies_per_image
    workspace.store.check()
    making = _Copying(workspace, plan)
    try:
        for done, parent in enumerate(_list_parents(workspace, plan.parents), start=1):
            progress.check()
            making.copy(parent)
            most = max(done, total)
            progress.advance(done, most, f"{done:,} of {most:,} images")
        return making.write(actor)
    except BaseException:
        making.remove_stored()
        raise


def _list_parents(workspace: Workspace, where: AssetFilter) -> Iterator[Asset]:
    """The images, oldest first, a page at a time."""
    after = None
    while True:
        page = asset_list.list_assets(workspace, where, sort="oldest", after=after, limit=_PAGE)
        yield from page.assets
        after = page.next_cursor
        if after is None:
            return


class _Copying:
    """One writing of copies while it runs."""

    def __init__(self, workspace: Workspace, plan: CopyPlan) -> None:
        self._workspace = workspace
        self._plan = plan
        self._transform = TrainTransform(plan.parameters, plan.transform)
        self._limits = DecodeLimits.from_settings(workspace.image_settings)
        self._thumbnails = thumbnails.cache_of(workspace.cache_folder, self._limits.window)
        self._copies: dict[str, NewAsset] = {}
        self._stored: list[str] = []
        self._left_out: list[RejectedImage] = []
        self._present = 0
        self._num_parents = 0

    def copy(self, parent: Asset) -> None:
        """Make and store the copies of one image."""
        found = run_data.read_image(self._workspace, parent, self._limits)
        if isinstance(found, RejectedImage):
            self._left_out.append(found)
            return
        self._num_parents += 1
        pixels = self._plan.transform.resize_image(found)
        place = int(parent.content_hash[:12], 16)  # of the image itself, wherever it stands
        for number in range(self._plan.copies_per_image):
            seed = seeding.sample_seed(self._plan.seed, number, place)
            inputs = self._transform([pixels], [seed])[0]
            self._store(parent, preview.to_image(inputs, self._plan.transform))

    def _store(self, parent: Asset, image: Image.Image) -> None:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=3)
        data = buffer.getvalue()
        content_hash = hashing.content_hash(data)
        if content_hash in self._copies:
            self._present += 1
            return
        key = f"{FOLDER}/{content_hash[:2]}/{content_hash[:32]}.png"
        if self._workspace.store.add(key, data):
            self._stored.append(key)
        self._thumbnails.add(
            [(content_hash, thumbnails.encode_thumbnail(image, thumbnails.DEFAULT_SIDE))]
        )
        self._copies[content_hash] = NewAsset(
            asset_id=journal.new_id(),
            file_path=key,
            label_id=parent.label_id,
            label_name=parent.label_name,
            split_type=Split.TRAIN,
            source_dataset=parent.source_dataset,
            content_hash=content_hash,
            width=image.width,
            height=image.height,
            size_bytes=len(data),
            mime="image/png",
            perceptual_hash=hashing.perceptual_hash(image),
            is_augmented=True,
            parent_asset_id=parent.asset_id,
            group_key=parent.group_key,
        )

    def write(self, actor: Actor) -> CopyReport:
        """Flush the bytes, then add the rows whose parents are as they were."""
        self._workspace.store.flush(self._stored)
        copies = list(self._copies.values())
        with self._workspace.database.write() as uow:
            uow.revisions.lock()
            known = uow.assets.list_labels_by_hash(list(self._copies))
            parents = {
                asset.asset_id: asset
                for asset in uow.assets.list_by_ids(list({_parent_of(copy) for copy in copies}))
                if asset.split_type == Split.TRAIN and asset.label_id is not None
            }
            new = [
                replace(copy, label_id=parent.label_id, label_name=parent.label_name)
                for copy in copies
                if copy.content_hash not in known and (parent := parents.get(_parent_of(copy)))
            ]
            revision_id = None
            if new:
                used = Counter(_parent_of(copy) for copy in new)
                operation = Operation.of(
                    RevisionKind.AUGMENT,
                    actor=actor,
                    message=f"{len(new):,} augmented copies of {len(used):,} images",
                )
                revision_id = journal.begin_revision(uow, operation)
                journal.add_assets(uow, revision_id, new)
                uow.assets.update_last_augmented(list(used))
        added = {copy.file_path for copy in new}
        self._forget([key for key in self._stored if key not in added])
        return CopyReport(
            num_parents=self._num_parents,
            added=len(new),
            already_present=self._present + len(known),
            left_out=self._left_out,
            revision_id=revision_id,
        )

    def remove_stored(self) -> None:
        """Take back the files that were stored."""
        self._forget(self._stored)

    def _forget(self, keys: list[str]) -> None:
        """Remove files unless a row names them by now."""
        if not keys:
            return
        with self._workspace.database.write() as uow:
            uow.revisions.lock()  # another writer may be about to name such a file
            named = uow.assets.list_hash_by_path(keys)
            for key in keys:
                if key not in named:
                    self._workspace.store.remove(key)


def _parent_of(copy: NewAsset) -> uuid.UUID:
    assert copy.parent_asset_id is not None, "every copy has one"
    return copy.parent_asset_id
