"""Pictures: thumbnails that never change under their address, and whole images.

A thumbnail that is kept already costs no database query: its address holds the content hash.
"""

import functools
import uuid
from collections.abc import Callable
from io import BytesIO

from starlette.responses import Response
from starlette.routing import Route

from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route
from forge_core.catalog.listing import asset_list, text_values
from forge_core.errors import NotFound
from forge_core.imaging import decode, thumbnails
from forge_core.imaging.thumbnails import ThumbnailCache
from forge_core.workspace import Workspace

BROWSER_SAFE = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Media types, told by our own decoder, whose bytes every browser draws as they are."""

IMAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}
IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
REVALIDATE = {"Cache-Control": "private, no-cache"}


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/thumbnails/{asset_id}/{content_hash}` and `/images/{asset_id}`."""
    return [
        Route("/thumbnails/{asset_id}/{content_hash}", read_route(provider, get_thumbnail)),
        Route("/images/{asset_id}", read_route(provider, get_image)),
    ]


def thumbnail_cache(workspace: Workspace) -> ThumbnailCache:
    """Where the thumbnails of a workspace are kept, by its window of greys of now."""
    window = decode.DecodeLimits.from_settings(workspace.image_settings).window
    return thumbnails.cache_of(workspace.cache_folder, window)


def get_thumbnail(asked: ApiRequest) -> Response:
    """The thumbnail of an image, made when it is not kept yet.

    Its address names the window of greys behind the hash where there is one, so that the browser
    forgets those of another window.
    """
    params = asked.request.path_params
    asset_id = text_values.parse_id(params["asset_id"])
    content_hash, _, window = params["content_hash"].partition("-")
    folder = asked.workspace.cache_folder
    data = thumbnails.find_kept(folder, window, content_hash)
    keeping = IMMUTABLE
    if data is None:
        limits = decode.DecodeLimits.from_settings(asked.workspace.image_settings)
        cache = thumbnails.cache_of(folder, limits.window)
        data = cache.get(content_hash, _reader(asked.workspace, asset_id, content_hash), limits)
        keeping = IMMUTABLE if window == limits.window.name() else REVALIDATE
    return Response(data, media_type=ThumbnailCache.media_type, headers=IMAGE_HEADERS | keeping)


def get_image(asked: ApiRequest) -> Response:
    """The whole image as a browser can draw it; revalidated by its content hash."""
    asset_id = text_values.parse_id(asked.request.path_params["asset_id"])
    asset = asset_list.get_asset(asked.workspace, asset_id)
    limits = decode.DecodeLimits.from_settings(asked.workspace.image_settings)
    window = limits.window.name()
    tag = f'"{asset.content_hash}{window and f"-{window}"}"'
    headers = IMAGE_HEADERS | REVALIDATE | {"ETag": tag}
    if asked.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    data = asked.workspace.store.read(asset.file_path)
    if asset.mime in BROWSER_SAFE and not (window and asset.mime == "image/png"):
        return Response(data, media_type=asset.mime, headers=headers)
    decoded = decode.decode_image(data, limits=limits)
    if asset.mime in BROWSER_SAFE and not decoded.is_deep:  # the window changes nothing
        return Response(data, media_type=asset.mime, headers=headers)
    encoded = BytesIO()
    decoded.image.save(encoded, "PNG", compress_level=1)
    return Response(encoded.getvalue(), media_type="image/png", headers=headers)


def _reader(workspace: Workspace, asset_id: uuid.UUID, content_hash: str) -> Callable[[], bytes]:
    return functools.partial(_read_original, workspace, asset_id, content_hash)


def _read_original(workspace: Workspace, asset_id: uuid.UUID, content_hash: str) -> bytes:
    asset = asset_list.get_asset(workspace, asset_id)
    if asset.content_hash != content_hash:
        raise NotFound("This image has other bytes by now.", next_step="Reload the page.")
    return workspace.store.read(asset.file_path)
