"""A strip of images of the catalog to choose one from, and a button for others."""

import random
import uuid
from collections.abc import Sequence

import streamlit as st
from PIL import Image

from db.records import Asset, AssetFilter
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.workspace import Workspace
from pages.components import errors, pictures
from pages.components.frame import session

LENGTH = 9
SIDE = 72
_STYLE = f"""
<style>
[class*="st-key-tile-"] {{ position: relative; }}
[class*="st-key-tile-"] [data-testid="stElementToolbar"] {{ display: none; }}
[class*="st-key-tile-"] img {{ height: {SIDE}px; object-fit: cover; border-radius: 4px; }}
[class*="st-key-pick-"] {{ position: absolute; inset: 0; width: {SIDE}px !important; z-index: 1; }}
[class*="st-key-pick-"] button, [class*="st-key-pick-"] button:hover {{
  width: {SIDE}px; height: {SIDE}px; padding: 0; border-radius: 4px; border-width: 3px;
  background: transparent; }}
[class*="st-key-pick-"] button p {{ opacity: 0; font-size: 0; }}
[class*="st-key-tile-other-"] button:not(:hover, :focus-visible) {{ border-color: transparent; }}
</style>
"""


def choose(workspace: Workspace, *, asset: str | None, strip: int) -> Asset | None:
    """The image to show: the one that is asked for, else the first of the strip.

    Raises:
        NotFound: The image that is asked for is not in the catalog.
    """
    if asset is not None:
        return asset_list.get_asset(workspace, asset)
    members = list_strip(workspace, strip)
    return members[0] if members else None


def list_strip(workspace: Workspace, strip: int) -> list[Asset]:
    """The images of a strip: the same ones for the same number and catalog."""
    ids = _pick(workspace, str(workspace.folder), history.latest_revision_id(workspace), strip)
    living = {asset.asset_id: asset for asset in asset_list.list_now(workspace, ids).assets}
    return [living[asset_id] for asset_id in ids if asset_id in living]  # others: removed since


def show(workspace: Workspace, members: Sequence[Asset], chosen: Asset) -> Asset | None:
    """Draw the strip; returns the image that was clicked just now."""
    st.html(_STYLE)
    clicked = None
    with st.container(horizontal=True, gap="small", width="content", key="strip"):
        for position, asset in enumerate(members):
            is_chosen = asset.asset_id == chosen.asset_id
            state = "chosen" if is_chosen else "other"
            with st.container(width=SIDE, key=f"tile-{state}-{position}", gap=None):
                picture = _picture(workspace, session.look_of(workspace), asset)
                if picture is None:
                    st.markdown(":gray[:material/broken_image:]")
                else:
                    st.image(picture, width=SIDE, alt=asset.file_path)
                name = f"{asset.label_name or 'unlabelled'}, {asset.file_path}"
                if st.button(
                    errors.literal(name),
                    key=f"pick-{position}",
                    type="primary" if is_chosen else "secondary",
                ):
                    clicked = asset
    return clicked


def load(workspace: Workspace, asset: Asset) -> Image.Image:
    """The image as RGB.

    Raises:
        NotFound: Its file is not under the asset root.
        ImageRejected: It cannot be decoded.
    """
    limits = DecodeLimits.from_settings(workspace.image_settings)
    return decode.decode_image(workspace.store.read(asset.file_path), limits=limits).image


@st.cache_data(max_entries=64, show_spinner=False)
def _pick(_workspace: Workspace, folder: str, revision_id: int, strip: int) -> list[uuid.UUID]:
    ids = asset_list.list_ids(_workspace, AssetFilter(augmented=False))
    return random.Random(strip).sample(ids, min(LENGTH, len(ids)))


@st.cache_data(max_entries=256, show_spinner=False, hash_funcs={Asset: lambda a: a.content_hash})
def _picture(_workspace: Workspace, folder: str, asset: Asset) -> Image.Image | None:
    try:
        return pictures.fit(load(_workspace, asset), 2 * SIDE)
    except ForgeError:
        return None  # said in full once it is chosen
