"""Near-duplicates: find them, look at them, put a group into one split or away.

The same bytes never come in twice (imports compare content hashes), so all that is found here
differs in its bytes: scaled, re-encoded or slightly edited copies, frames of one scene. Groups
are found when asked for and kept until then; what came in since is counted, not guessed.
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from db.enums import GroupKind, Split
from db.records import Asset
from db.repositories.duplicates import MemberRow
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import column_cache
from forge_core.catalog.revisions.column_cache import CatalogColumns, Codes
from forge_core.catalog.revisions.journal import ChangeResult
from forge_core.catalog.splits import look_alikes
from forge_core.catalog.splits.groups import DEFAULT_BITS, Grouping
from forge_core.errors import NotFound
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class DuplicateSearch:
    """What a search for near-duplicates found."""

    revision_id: int
    bits: int
    num_images: int
    """Images that were compared; augmented copies are not."""
    num_groups: int
    num_members: int
    largest_group: int
    num_candidates: int
    """Images whose hashes are near another's, so that their pixels were compared."""
    num_flat: int
    """Images without structure (one colour, an even gradient): any two would look alike."""
    num_cut: int
    """Images with so many candidates that not all were compared."""
    num_unread: int
    """Candidates whose files are gone, unreadable or changed: they are in no group."""
    num_unhashed: int
    """Images without a perceptual hash."""
    duration_seconds: float


@dataclass(frozen=True, kw_only=True)
class DuplicateStatus:
    """The groups that are known now."""

    revision_id: int | None
    """When they were looked for; None: never."""
    bits: int | None
    """How many bits could differ then."""
    num_groups: int
    num_images: int
    num_groups_across: int
    """Groups that lie in more than one split."""
    num_images_across: int
    num_groups_contested: int
    """Groups whose images have different labels."""
    num_arrived: int
    """Images that came in since, and were not compared yet."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One image of a group, and the bits to the nearest other that was found."""

    asset: Asset
    distance: int


@dataclass(frozen=True, kw_only=True)
class DuplicateGroup:
    """Living images that look alike, the oldest first."""

    group_id: uuid.UUID
    members: Sequence[Member]

    @property
    def splits(self) -> list[str | None]:
        """The splits that it lies in, in the order train, val, test, held_out, none."""
        found = {member.asset.split_type for member in self.members}
        return [split for split in (*Split, None) if split in found]

    @property
    def label_names(self) -> list[str | None]:
        """The labels that its images have: more than one is worth a look."""
        return sorted({member.asset.label_name for member in self.members}, key=str)


def find_duplicates(
    workspace: Workspace, *, bits: int = DEFAULT_BITS, progress: Progress = SILENT
) -> DuplicateSearch:
    """Look for groups of near-duplicates and keep them; they replace those found before.

    Args:
        workspace: The workspace.
        bits: Images are compared on the pixels when their perceptual hashes differ in at most so
            many of 64 bits; see `groups.DEFAULT_BITS`.
        progress: Told of images read and pairs compared.

    Raises:
        InvalidInput: `bits` is out of range.
    """
    Grouping(near_duplicate_bits=bits)
    started = time.perf_counter()
    with workspace.database.read() as uow:
        revision_id = uow.revisions.latest_id()
        catalog = column_cache.load(uow)
    found = look_alikes.find(workspace, catalog, bits=bits, progress=progress)
    with workspace.database.write() as uow:
        uow.revisions.lock()
        uow.duplicates.replace_all(
            _member_rows(catalog, found.groups), revision_id=revision_id, bits=found.bits
        )
    sizes = np.bincount(found.groups[found.groups >= 0])
    sizes = sizes[sizes > 0]
    own = ~catalog.augmented
    return DuplicateSearch(
        revision_id=revision_id,
        bits=found.bits,
        num_images=int((own & catalog.hashed).sum()),
        num_groups=len(sizes),
        num_members=int(sizes.sum()),
        largest_group=int(sizes.max()) if len(sizes) else 0,
        num_candidates=found.num_candidates,
        num_flat=found.num_flat,
        num_cut=found.num_cut,
        num_unread=found.num_unread,
        num_unhashed=int((own & ~catalog.hashed).sum()),
        duration_seconds=time.perf_counter() - started,
    )


def status(workspace: Workspace) -> DuplicateStatus:
    """How many groups are known, and how many images came in since they were looked for."""
    with workspace.database.read() as uow:
        revision_id = uow.duplicates.find_revision_id()
        num_groups, num_images = uow.duplicates.count_groups()
        groups_across, images_across = uow.duplicates.count_groups(GroupKind.ACROSS_SPLITS)
        groups_contested, _ = uow.duplicates.count_groups(GroupKind.CONTESTED)
        return DuplicateStatus(
            revision_id=revision_id,
            bits=uow.duplicates.find_bits(),
            num_groups=num_groups,
            num_images=num_images,
            num_groups_across=groups_across,
            num_images_across=images_across,
            num_groups_contested=groups_contested,
            num_arrived=(
                sum(row.num_images for row in uow.counts.list_all() if not row.is_augmented)
                if revision_id is None
                else uow.duplicates.count_arrivals_after(revision_id)
            ),
        )


def list_groups(
    workspace: Workspace,
    *,
    kind: GroupKind = GroupKind.ALL,
    after: uuid.UUID | None = None,
    limit: int | None = 20,
) -> list[DuplicateGroup]:
    """Groups with two and more living images, a page at a time.

    Args:
        workspace: The workspace.
        kind: Only groups that lie in more than one split, or whose labels differ.
        after: The `group_id` of the last group of the page before.
        limit: Groups a page; None for all.
    """
    with workspace.database.read() as uow:
        group_ids = uow.duplicates.list_groups(kind, after=after, limit=limit)
        return read_groups(uow, group_ids)


def get_group(workspace: Workspace, group_id: uuid.UUID) -> DuplicateGroup:
    """One group.

    Raises:
        NotFound: It is not known, or has no image left.
    """
    with workspace.database.read() as uow:
        return read_group(uow, group_id)


def find_member(workspace: Workspace, image: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The group and the id of an image that is named by its id or its path.

    Raises:
        NotFound: There is no such image, or it is in no group.
    """
    with workspace.database.read() as uow:
        try:
            asset = uow.assets.find(uuid.UUID(image))
        except ValueError:
            asset = uow.assets.find_by_path(image)
        if asset is None:
            raise NotFound(f"There is no image {image!r} in the catalog.")
        group_id = uow.duplicates.find_group_of(asset.asset_id)
    if group_id is None:
        raise NotFound(
            f"{asset.file_path} is in no group of near-duplicates.",
            next_step="Look for near-duplicates again, if it came in since.",
        )
    return group_id, asset.asset_id


def move_group(
    workspace: Workspace,
    group_id: uuid.UUID,
    split: str | None,
    *,
    actor: Actor,
    operation_id: str | None = None,
) -> ChangeResult:
    """Put a whole group into one split; held-out images are left alone and reported.

    Raises:
        NotFound: There is no such group.
    """
    group = get_group(workspace, group_id)
    return label_edits.set_split(
        workspace,
        [member.asset.asset_id for member in group.members],
        split,
        actor=actor,
        operation_id=operation_id,
        message="near-duplicates into one split",
    )


def dismiss_group(workspace: Workspace, group_id: uuid.UUID) -> None:
    """Forget a group that is none, until near-duplicates are looked for again."""
    with workspace.database.write() as uow:
        uow.revisions.lock()
        uow.duplicates.remove_group(group_id)


def _member_rows(catalog: CatalogColumns, groups: Codes) -> Iterator[MemberRow]:
    """The members; a group is named by its oldest image, which has the smallest id."""
    rows = np.flatnonzero(groups >= 0)
    ids = catalog.asset_ids(rows)
    apart = look_alikes.bits_apart(catalog, groups)
    oldest: dict[int, uuid.UUID] = {}
    for group, asset_id in zip(groups[rows].tolist(), ids, strict=True):
        oldest[group] = min(asset_id, oldest.get(group, asset_id))
    for row, asset_id in zip(rows.tolist(), ids, strict=True):
        yield MemberRow(
            asset_id=asset_id, group_id=oldest[int(groups[row])], distance=int(apart[row])
        )


def read_group(uow: UnitOfWork, group_id: uuid.UUID) -> DuplicateGroup:
    """One group.

    Raises:
        NotFound: It is not known, or has no image left.
    """
    groups = read_groups(uow, [group_id])
    if not groups:
        raise NotFound(
            "This group of near-duplicates is not there any more.",
            next_step="Look for near-duplicates again.",
        )
    return groups[0]


def read_groups(uow: UnitOfWork, group_ids: Sequence[uuid.UUID]) -> list[DuplicateGroup]:
    """These groups, in their order; those that lost their images are left out."""
    rows = uow.duplicates.list_members(group_ids)
    assets = {a.asset_id: a for a in uow.assets.list_by_ids([row.asset_id for row in rows])}
    members: dict[uuid.UUID, list[Member]] = {}
    for row in rows:
        member = Member(asset=assets[row.asset_id], distance=row.distance)
        members.setdefault(row.group_id, []).append(member)
    return [DuplicateGroup(group_id=key, members=found) for key, found in members.items()]
