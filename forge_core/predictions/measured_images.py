"""The images of a split that are measured, and a digest by which equal ones are known.

Imports no torch.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from forge_core.catalog.revisions import as_of
from forge_core.catalog.revisions.as_of import AssetsAsOf
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class SplitImages:
    """A split as of a revision."""

    revision_id: int
    split: str
    assets: AssetsAsOf
    """Labelled, and no augmented copies."""
    num_unlabelled: int
    num_copies: int
    """Augmented copies, which are never measured."""

    def digest(self) -> str:
        """The same for the same images with the same bytes and labels, whatever the revision."""
        columns = self.assets.columns
        assert columns.content_hashes is not None, "read with files"
        digest = hashlib.sha256()
        for column in (columns.ids, columns.content_hashes, columns.label_ids.astype("<i8")):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class SplitFacts:
    """What there is to know of a split as of a revision without holding its images."""

    split: str
    revision_id: int
    digest: str
    num_images: int
    """Labelled, and no augmented copies."""
    num_unlabelled: int


def describe(workspace: Workspace, revision_id: int, split: str) -> SplitFacts:
    """Digest and numbers of a split; looks at each of its images once.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    images = read(workspace, revision_id, split)
    return SplitFacts(
        split=split,
        revision_id=revision_id,
        digest=images.digest(),
        num_images=len(images.assets),
        num_unlabelled=images.num_unlabelled,
    )


def read(workspace: Workspace, revision_id: int, split: str) -> SplitImages:
    """The images of a split as of a revision.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    found = as_of.read(workspace, revision_id, split=split)
    is_labelled, is_copy = found.columns.label_ids > 0, found.columns.is_augmented
    return SplitImages(
        revision_id=revision_id,
        split=split,
        assets=found.where(is_labelled & ~is_copy),
        num_unlabelled=int((~is_labelled & ~is_copy).sum()),
        num_copies=int(is_copy.sum()),
    )
