"""Presets of people: keep the numbers shown under a name, and remove one that was kept."""

import streamlit as st

from forge_core.augmentation.presets import PRESETS
from forge_core.catalog.listing import names
from forge_core.errors import ForgeError
from forge_core.runs.starting import saved_presets
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.augmentation import state
from pages.components.augmentation.state import AugmentationChoice
from pages.components.frame import session


def show(workspace: Workspace, choice: AugmentationChoice) -> None:
    """Draw what can be done with the numbers shown: nothing for a preset as the product has it."""
    if choice.changed:
        with st.popover("Save as a preset", icon=":material/bookmark_add:", type="tertiary"):
            _show_save(workspace, choice)
    elif choice.preset.based_on:
        with st.popover("Remove this preset", icon=":material/delete:", type="tertiary"):
            st.markdown(
                f"Remove **{errors.literal(choice.preset.name)}** for everybody? Runs keep the "
                "numbers that they were trained with."
            )
            if st.button("Remove", key="augmentation:remove_preset"):
                _remove(workspace, choice)


def _show_save(workspace: Workspace, choice: AugmentationChoice) -> None:
    is_own = bool(choice.preset.based_on)
    with st.form("augmentation:save_preset", border=False):
        name = st.text_input(
            "Keep these numbers as",
            choice.preset.name if is_own else "",
            max_chars=names.MAX_CHARACTERS,
            placeholder="Name of the preset",
            help="Everybody who works here can choose it, and runs remember its name.",
            key=f"augmentation:preset_name:{choice.preset.name}",
        )
        asked = st.form_submit_button("Save preset", icon=":material/bookmark_add:")
    if not asked:
        return
    try:
        saved = saved_presets.save_preset(
            workspace,
            name,
            choice.parameters,
            based_on=choice.preset.based_on or choice.preset.name,
            actor=session.actor(),
            replace=is_own and names.find([choice.preset], name) is not None,
        )
    except ForgeError as error:
        errors.show(error)
        return
    state.write_parameters(saved, saved.parameters)
    st.toast(f"Preset {errors.literal(repr(saved.name))} is saved.")
    st.rerun()


def _remove(workspace: Workspace, choice: AugmentationChoice) -> None:
    """The preset goes; its numbers stay on the page, as changes of what it was made from."""
    saved_presets.remove_preset(workspace, choice.preset.name)
    state.write_parameters(PRESETS[choice.preset.based_on], choice.parameters)
    st.rerun()
