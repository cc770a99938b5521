"""Searches by likeness that stay, so that a list of images can be filtered and ordered by them."""

import uuid
from collections.abc import Sequence

from db.repositories.likeness_searches import LikenessSearch
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.predictions.embeddings import similar
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.predictions.embeddings.similar import SimilarImages
from forge_core.storable_values import readable_text
from forge_core.workspace import Workspace

NUM_FOUND = 500
"""Images of a search; further ones hardly look alike any more."""
_LONGEST_NAME = 255


def search(
    workspace: Workspace,
    wanted: Sequence[uuid.UUID] | bytes,
    *,
    actor: Actor,
    name: str = "",
    source: NetworkSource | None = None,
    device: str = "auto",
) -> LikenessSearch:
    """Search the catalog for images that look like some, and keep what was found.

    Images of the catalog are in their own list, first, to compare with.

    Args:
        workspace: The workspace.
        wanted: 1 to 50 images whose middle is meant, or the bytes of an image file.
        actor: Who asks.
        name: Of the file; images of the catalog are named by their paths.
        source: Whose embeddings; by default those that were computed last.
        device: Where the network computes what has no embedding yet.

    Raises:
        InvalidInput: There are no embeddings yet, or too many images were named.
        NotFound: There is no such image.
        ImageRejected: The bytes are no image that can be read.
    """
    result = similar.find_similar(workspace, wanted, top=NUM_FOUND, source=source, device=device)
    return keep(workspace, result, wanted, actor=actor, name=name)


def keep(
    workspace: Workspace,
    result: SimilarImages,
    wanted: Sequence[uuid.UUID] | bytes,
    *,
    actor: Actor,
    name: str = "",
) -> LikenessSearch:
    """Keep the first `NUM_FOUND` of what was found for these; see `search`.

    Raises:
        NotFound: An image that was searched for is not there any more.
    """
    found = {each.asset.asset_id: each.similarity for each in result.found[:NUM_FOUND]}
    if not isinstance(wanted, bytes):
        found |= dict.fromkeys(wanted, 1.0)
        name = _name(workspace, wanted)
    revision_id = history.latest_revision_id(workspace)
    with workspace.database.write() as uow:
        return uow.likeness_searches.add(
            name=readable_text(name)[-_LONGEST_NAME:] or "a picture",
            network=result.network.source,
            revision_id=revision_id,
            num_missing=result.num_missing,
            actor=actor.name,
            found=found,
        )


def _name(workspace: Workspace, wanted: Sequence[uuid.UUID]) -> str:
    path = asset_list.get_asset(workspace, wanted[0]).file_path
    return path if len(wanted) == 1 else f"{path} and {len(wanted) - 1} more"
