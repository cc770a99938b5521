"""Which greys of deep images become black and white: tried on a picture, then chosen for all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from db.records import Asset
from forge_core.catalog.quality import grey_windows
from forge_core.errors import ForgeError, InvalidInput
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.imaging.grey_window import GreyWindow, Kind
from forge_core.workspace import Workspace
from pages.components import errors, gallery_links, pictures
from pages.components.frame import session
from pages.components.words import text

SIDE = 240
NUM_EXAMPLES = 12
KINDS: dict[Kind, str] = {
    "declared": "As the file says",
    "percentile": "By percentile",
    "fixed": "Centre and width",
}
USUAL_PERCENTILES = (1.0, 99.0)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A picture to try a window on."""

    name: str
    read: Callable[[], bytes]


def show_for_catalog(workspace: Workspace) -> None:
    """Draw the choice where the catalog has deep images; open where it leaves some black."""
    state = grey_windows.get_state(workspace)
    if not state.num_deep:
        return
    title = f"Greys of {text.plural(state.num_deep, 'deep image')} · {describe(state.window)}"
    with st.expander(title, icon=":material/contrast:", expanded=state.leaves_black):
        with st.container(horizontal=True, gap="small"):
            gallery_links.gallery("Those images", {"file": "deep"})
            if state.num_few_greys:
                words = f"{text.plural(state.num_few_greys, 'image')} with few greys"
                gallery_links.gallery(words, {"file": "few_greys"})
        assets = grey_windows.list_examples(workspace, NUM_EXAMPLES)
        _show_choice(workspace, state.window, [_example(workspace, asset) for asset in assets])


def show_for_files(workspace: Workspace, examples: Sequence[Example]) -> None:
    """Draw the choice for files that are not taken in yet; nothing where none is deep."""
    if not examples:
        return
    window = GreyWindow.parse(workspace.image_settings.grey_window)
    title = f"Greys of deep images · {describe(window)}"
    with st.expander(title, icon=":material/contrast:"):
        _show_choice(workspace, window, examples)


def describe(window: GreyWindow) -> str:
    """The window in words."""
    if window.kind == "percentile":
        return f"black below {window.low:g} %, white above {window.high:g} % of each image"
    if window.kind == "fixed":
        return f"black at {window.low:g}, white at {window.high:g}"
    return "as the files say"


def _example(workspace: Workspace, asset: Asset) -> Example:
    return Example(name=asset.file_path, read=lambda: workspace.store.read(asset.file_path))


def _show_choice(workspace: Workspace, now: GreyWindow, examples: Sequence[Example]) -> None:
    names = [example.name for example in examples]
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Try it on", names, key="greys:example") or name
    example = examples[names.index(name)]
    try:
        data = example.read()
        before = decode.decode_reduced(data, 2 * SIDE, limits=_limits(workspace, now))
    except (ForgeError, OSError) as error:
        st.warning(errors.literal(f"{name} cannot be shown: {error}"))
        return
    highest = before.deep_greys[0] if before.deep_greys is not None else 0.0
    wanted = _choose(now, highest)
    with st.container(horizontal=True, gap="medium", key="greys-pictures"):
        _show_picture(before, f"Now: {describe(now)}")
        if wanted is not None:
            after = decode.decode_reduced(data, 2 * SIDE, limits=_limits(workspace, wanted))
            _show_picture(after, f"So: {describe(wanted)}")
    if before.deep_greys is not None:
        white = before.deep_greys[1]
        st.caption(f"Its brightest pixel is {highest:,.6g}; the file takes {white:,.6g} for white.")
    pressed = st.button(
        "Show all deep images so",
        key="greys:choose",
        icon=":material/contrast:",
        disabled=wanted is None or wanted == now,
    )
    st.caption(
        "One window for the whole workspace: the same grey means the same wherever images are "
        "compared. Thumbnails are made again as they are looked at, and runs that start from now "
        "on learn from it; a run keeps the one that it was trained with, on Predict and in the "
        "service too."
    )
    if pressed and wanted is not None:
        with errors.redrawing():
            grey_windows.choose(workspace, str(wanted), actor=session.actor())


def _choose(now: GreyWindow, highest: float) -> GreyWindow | None:
    """The window that the controls say; None where they say none."""
    kind: Kind = st.segmented_control(
        "Black and white are",
        list(KINDS),
        format_func=KINDS.__getitem__,
        default="percentile" if now.kind == "declared" else now.kind,
        required=True,
        key="greys:kind",
    )
    if kind == "declared":
        return GreyWindow.parse(kind)
    low, high = USUAL_PERCENTILES
    if kind == "percentile":
        if now.kind == kind:
            low, high = now.low, now.high
        first, second = _numbers(("Black below (%)", "White above (%)"), (low, high), kind)
    else:
        centre, width = grey_windows.suggest_fixed(highest)
        if now.kind == kind:
            centre, width = (now.low + now.high) / 2, now.high - now.low
        first, second = _numbers(("Centre", "Width"), (centre, width), kind)
    try:
        join = "-" if kind == "percentile" else "/"
        return GreyWindow.parse(f"{kind}:{first:.10g}{join}{second:.10g}")
    except InvalidInput as error:
        st.warning(errors.literal(f"{error.message} {error.next_step}"))
        return None


def _numbers(
    labels: tuple[str, str], values: tuple[float, float], kind: str
) -> tuple[float, float]:
    with st.container(horizontal=True, gap="small"):
        first, second = (
            st.number_input(label, value=value, key=f"greys:{kind}:{place}", format="%g", width=160)
            for place, (label, value) in enumerate(zip(labels, values, strict=True))
        )
    return float(first), float(second)


def _show_picture(decoded: decode.DecodedImage, caption: str) -> None:
    picture = pictures.fit(decoded.image, SIDE)
    st.image(picture, caption=errors.literal(caption), width=SIDE, alt=caption)


def _limits(workspace: Workspace, window: GreyWindow) -> DecodeLimits:
    return DecodeLimits.from_settings(workspace.settings).with_window(str(window))
