"""Domain preset, sliders for every number of it, seed and network of the augmentation page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from forge_core.augmentation.presets import AugmentationParameters, Preset
from forge_core.models.architectures import ARCHITECTURES
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.augmentation import saved_presets, state
from pages.components.augmentation.state import AugmentationChoice

INPUT_SIZES = (16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 288, 320, 384, 448, 512)

FITS = {"crop": "Crop the middle", "pad": "Show the whole"}


@dataclass(frozen=True, kw_only=True)
class Control:
    """A slider: one number, or a pair of a smallest and a largest one."""

    words: str
    names: tuple[str, ...]
    low: float
    high: float
    step: float
    help: str
    format: str = "%.2f"


CONTROLS: dict[str, tuple[Control, ...]] = {
    "Shape": (
        Control(
            words="Crop, share of the area",
            names=("crop_scale_min", "crop_scale_max"),
            low=0.05,
            high=1.0,
            step=0.05,
            help="How much of the image a random crop keeps.",
        ),
        Control(
            words="Crop, width / height",
            names=("crop_ratio_min", "crop_ratio_max"),
            low=0.5,
            high=2.0,
            step=0.01,
            help="Shape of the crop before it is made square.",
        ),
        Control(
            words="Rotation, ± degrees",
            names=("rotation_degrees",),
            low=0,
            high=180,
            step=1,
            format="%d",
            help="Drawn evenly from minus to plus; corners are mirrored in.",
        ),
        Control(
            words="Horizontal flip",
            names=("horizontal_flip",),
            low=0,
            high=1,
            step=0.05,
            help="Probability of swapping left and right.",
        ),
        Control(
            words="Vertical flip",
            names=("vertical_flip",),
            low=0,
            high=1,
            step=0.05,
            help="Probability of swapping top and bottom.",
        ),
    ),
    "Colour": (
        Control(
            words="Brightness, ±",
            names=("brightness",),
            low=0,
            high=1,
            step=0.05,
            help="Brightness is multiplied by 1 minus to 1 plus this.",
        ),
        Control(
            words="Contrast, ±",
            names=("contrast",),
            low=0,
            high=1,
            step=0.05,
            help="Contrast is multiplied by 1 minus to 1 plus this.",
        ),
        Control(
            words="Saturation, ±",
            names=("saturation",),
            low=0,
            high=1,
            step=0.05,
            help="Saturation is multiplied by 1 minus to 1 plus this.",
        ),
        Control(
            words="Hue, ±",
            names=("hue",),
            low=0,
            high=0.5,
            step=0.01,
            help="Shift along the colour circle; 0.5 is half of it.",
        ),
        Control(
            words="Greyscale",
            names=("greyscale",),
            low=0,
            high=1,
            step=0.05,
            help="Probability of dropping all colour.",
        ),
    ),
    "Erasing": (
        Control(
            words="Erasing",
            names=("erasing",),
            low=0,
            high=1,
            step=0.05,
            help="Probability of blanking out a rectangle.",
        ),
        Control(
            words="Erased share of the area",
            names=("erasing_scale_min", "erasing_scale_max"),
            low=0.01,
            high=0.5,
            step=0.01,
            help="How large the blank rectangle is.",
        ),
    ),
}


def show_preset(
    workspace: Workspace, choice: AugmentationChoice, presets: Mapping[str, Preset]
) -> None:
    """The preset as a segmented control, with its description and a way back to its numbers."""
    st.session_state[_key("preset")] = choice.preset.name
    st.segmented_control(
        "Domain preset",
        list(presets),
        format_func=lambda name: errors.literal(presets[name].title),
        required=True,
        key=_key("preset"),
        on_change=_choose_preset,
        args=(presets,),
    )
    number = len(choice.changed)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(errors.literal(choice.preset.description), width="content")
        if number:
            st.button(
                f"Undo {number} change" if number == 1 else f"Undo {number} changes",
                key=_key("reset"),
                type="tertiary",
                icon=":material/undo:",
                on_click=_choose_preset,
                args=(presets,),
            )
        saved_presets.show(workspace, choice)


def show_sliders(choice: AugmentationChoice) -> None:
    """Every number of the preset in three groups."""
    for group, controls in CONTROLS.items():
        with st.expander(group, expanded=group == "Shape"):
            for control in controls:
                _show_slider(control, choice)


def show_network(choice: AugmentationChoice, network: str, input_size: int) -> None:
    """Seed, and what decides the size that training and validation see."""
    st.session_state[_key("network")] = network
    st.selectbox(
        "Network",
        list(ARCHITECTURES),
        format_func=lambda name: ARCHITECTURES[name].title,
        key=_key("network"),
        on_change=_choose_network,
        help="Its eval transform decides resize, crop and normalisation.",
    )
    st.session_state[_key("fit")] = choice.aspect
    st.segmented_control(
        "Shape",
        list(FITS),
        format_func=FITS.__getitem__,
        required=True,
        key=_key("fit"),
        on_change=_store,
        args=("fit",),
        help="Of an image that is not square: only its middle is seen, or all of it.",
    )
    left, right = st.columns(2)
    sizes = sorted({*INPUT_SIZES, input_size})
    smallest = ARCHITECTURES[network].min_input_size
    st.session_state[_key("size")] = input_size
    left.selectbox(
        "Input, px",
        [size for size in sizes if size >= smallest],
        key=_key("size"),
        on_change=_store,
        args=("size",),
    )
    st.session_state[_key("seed")] = choice.seed
    right.number_input(
        "Seed",
        min_value=0,
        max_value=999_999_999,
        key=_key("seed"),
        on_change=_store,
        args=("seed",),
        help="The same seed gives the same variants, here and in a run.",
    )


def _show_slider(control: Control, choice: AugmentationChoice) -> None:
    values = tuple(getattr(choice.parameters, name) for name in control.names)
    low = min(control.low, *values)
    high = max(control.high, *values)
    key = _key(control.names[0])
    st.session_state[key] = values if len(values) > 1 else values[0]
    st.slider(
        control.words,
        min_value=float(low),
        max_value=float(high),
        step=float(control.step),
        format=control.format,
        help=control.help,
        key=key,
        on_change=_change,
        args=(control, choice),
    )


def _change(control: Control, choice: AugmentationChoice) -> None:
    value = st.session_state[_key(control.names[0])]
    values = value if isinstance(value, tuple) else (value,)
    changed = {name: round(v, 4) for name, v in zip(control.names, values, strict=True)}
    parameters: AugmentationParameters = replace(choice.parameters, **changed)
    state.write_parameters(choice.preset, parameters)


def _choose_preset(presets: Mapping[str, Preset]) -> None:
    preset = presets[st.session_state[_key("preset")]]
    state.write_parameters(preset, preset.parameters)


def _choose_network() -> None:
    state.write(network=st.session_state[_key("network")], size=None)


def _store(name: str) -> None:
    state.write(**{name: st.session_state[_key(name)]})


def _key(name: str) -> str:
    return f"augmentation:{name}"
