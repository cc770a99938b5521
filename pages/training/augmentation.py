"""Augmentation: one image as it is, as validation sees it, and as training sees it."""

import threading

import streamlit as st
from PIL import Image

from db.records import Asset
from forge_core.augmentation import class_words, preview
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.augmentation.preview import Preview
from forge_core.catalog.editing import classes
from forge_core.errors import ForgeError
from forge_core.models import architectures
from forge_core.runs.starting import saved_presets
from forge_core.training import recommendation
from forge_core.workspace import Workspace
from pages.components import empty_state, errors, gallery_links, image_strip, pictures
from pages.components.augmentation import controls, copies, risk, state
from pages.components.augmentation.state import AugmentationChoice
from pages.components.frame import navigation, page_frame, session

# On a phone the pictures come before their sliders.
STYLE = """
<style>
@media (max-width: 640px) {
  .st-key-augmentation-body > * > .stHorizontalBlock,
  .st-key-augmentation-body > .stHorizontalBlock { flex-direction: column-reverse; }
}
</style>
"""
NUM_VARIANTS = 12
WARM_UP_WORDS = (
    "In a pretrained run the warm-up usually sees two of these, and the fine-tuning a new one in "
    "each epoch."
)
SMALL_SIDE = 64
PICTURE_SIDE = 164
VARIANT_SIDE = 104


def show() -> None:
    """Draw the page."""
    workspace = session.workspace()
    class_names = [label.name for label in classes.list_classes(workspace)]
    textual = recommendation.looks_like_characters(class_names)
    presets = saved_presets.all_presets(workspace)
    choice = state.read(presets, default_preset="text" if textual else "natural")
    members = image_strip.list_strip(workspace, choice.strip)
    if not members:
        page_frame.show_title("Augmentation")
        show_empty()
        return
    if show_title(choice):
        st.session_state[state.RUN_KEY] = choice.for_next_run()
        st.rerun()
    try:
        asset = image_strip.choose(workspace, asset=choice.asset, strip=choice.strip)
    except ForgeError as error:
        errors.show(error)
        asset = members[0]
    assert asset is not None, "the strip has members"
    show_strip(workspace, choice, asset)
    try:
        image = image_strip.load(workspace, asset)
    except ForgeError as error:
        errors.show(error)
        return
    controls.show_preset(workspace, choice, presets)
    show_image(choice, asset, image, class_names)


def show_title(choice: AugmentationChoice) -> bool:
    """Title and the primary action; says whether it was pressed."""
    kept = state.kept_for_next_run() == choice.for_next_run()
    return page_frame.show_title(
        "Augmentation",
        action="Kept for the next run" if kept else "Use in the next run",
        icon=":material/check:" if kept else ":material/arrow_forward:",
        help="The Train page starts from this preset, these numbers and this fit, and from the "
        "network and size if you chose them here.",
    )


def show_strip(workspace: Workspace, choice: AugmentationChoice, asset: Asset) -> None:
    """Nine images to choose from."""
    with st.container(horizontal=True, vertical_alignment="center"):
        members = image_strip.list_strip(workspace, choice.strip)
        clicked = image_strip.show(workspace, members, asset)
        others = st.button("Others", icon=":material/shuffle:", key="augmentation:others")
    if others:
        state.write(strip=choice.strip + 1, asset=None)
        st.rerun()
    if clicked is not None:
        state.write(asset=str(clicked.asset_id))
        st.rerun()


def show_image(
    choice: AugmentationChoice, asset: Asset, image: Image.Image, class_names: list[str]
) -> None:
    """Controls on the left; original, validation and training on the right."""
    for warning in class_words.preset_warnings(choice.parameters, class_names):
        st.warning(errors.literal(warning), icon=":material/warning:")
    small = min(image.size) <= SMALL_SIDE
    network = choice.network or ("forge_cnn" if small else "resnet18")
    smallest = architectures.get_architecture(network).min_input_size
    own = architectures.get_architecture(network).input_size
    size = choice.input_size if choice.input_size in controls.INPUT_SIZES else own
    size = max(size, smallest)
    st.html(STYLE)
    with st.container(key="augmentation-body"):
        left, right = st.columns([3, 8], gap="large")
    with left:
        controls.show_network(choice, network, size)
        controls.show_sliders(choice)
    transform = architectures.default_eval_transform(network, size, choice.aspect)
    with right:
        made = make_preview(
            image,
            f"{asset.content_hash} {session.look_of(session.workspace())}",
            choice.parameters,
            transform,
            choice.seed,
            NUM_VARIANTS,
        )
        show_preview(made, asset, transform)
        if architectures.get_architecture(network).pretrained:
            st.caption(WARM_UP_WORDS)
        with st.expander("How does a trained network take it?", icon=":material/troubleshoot:"):
            risk.show(session.workspace(), choice.parameters)
        with st.expander("Write copies into the catalog", icon=":material/content_copy:"):
            copies.show(session.workspace(), choice.parameters, transform, choice.seed)


def show_preview(made: Preview, asset: Asset, transform: EvalTransform) -> None:
    """The pictures."""
    with st.container(horizontal=True, gap="small"):
        with st.container(width=PICTURE_SIDE):
            st.markdown("**Original**")
            draw(made.original, PICTURE_SIDE, "Original")
            name = errors.literal(asset.label_name or "no label")
            st.caption(f"{name} · {asset.width:,} × {asset.height:,} px")
            gallery_links.gallery("In the gallery", {"text": asset.file_path[-256:]})
        with st.container(width=PICTURE_SIDE):
            st.markdown("**Validation sees**")
            draw(made.evaluated, PICTURE_SIDE, "What validation sees")
            st.caption(describe(transform))
    st.markdown("**Training sees**")
    with st.container(horizontal=True, gap="small", key="variants"):
        for epoch, variant in enumerate(made.variants, start=1):
            with st.container(width=VARIANT_SIDE, gap=None):
                draw(variant, VARIANT_SIDE, f"What training sees in epoch {epoch}")
                st.caption(f"epoch {epoch}")


def describe(transform: EvalTransform) -> str:
    """What validation does to every image, in a line."""
    side = f"{transform.crop} × {transform.crop} px"
    if transform.aspect == "pad":
        return f"Long side to {transform.resize} px, padded to {side}, {transform.interpolation}"
    return f"Short side to {transform.resize} px, centre {side}, {transform.interpolation}"


def draw(image: Image.Image, side: int, alt: str) -> None:
    """A picture; a tiny one with crisp pixels."""
    st.image(
        pictures.fit(image, 2 * side),
        width=side,
        output_format="PNG" if pictures.is_tiny(image) else "JPEG",
        alt=alt,
    )


@st.cache_resource
def random_stream() -> threading.Lock:
    """Torch's random stream belongs to the process, and pages run in threads."""
    return threading.Lock()


@st.cache_data(max_entries=64, show_spinner=False)
def make_preview(
    _image: Image.Image,
    content_hash: str,
    parameters: AugmentationParameters,
    transform: EvalTransform,
    seed: int,
    count: int,
) -> Preview:
    """The preview of this image; made once for the same numbers."""
    with random_stream():
        return preview.make_preview(_image, parameters, transform, seed, count)


def show_empty() -> None:
    """No images."""
    empty_state.show(
        "No images yet, so there is nothing to augment.",
        icon="tune",
        choices=[
            empty_state.Choice(
                "Import images", lambda: navigation.go_to("import"), ":material/upload:"
            )
        ],
        key="augmentation_empty",
    )


with errors.guarded_page():
    show()
