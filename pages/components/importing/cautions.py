"""What must not be overlooked before an import, first of all, each with what settles it."""

import streamlit as st

from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.importing import chooser


def show(workspace: Workspace, plan: ImportPlan) -> None:
    """Draw each caution of a plan with the choices that it has."""
    for number, caution in enumerate(plan.cautions):
        st.warning(errors.literal(caution.message), icon=":material/warning:")
        if caution.option is None or not caution.choices:
            continue
        chosen = st.pills(
            caution.option.replace("_", " ").capitalize(),
            caution.choices,
            default=_now(plan, caution.option, caution.choices),
            key=f"import:caution:{number}:{chooser.reading_turn()}",
            label_visibility="collapsed",
        )
        if chosen is not None and chosen != plan.options.chosen(caution.option):
            chooser.read_again(workspace, plan.options.choosing(caution.option, chosen))


def _now(plan: ImportPlan, option: str, choices: tuple[str, ...]) -> str | None:
    value = plan.options.chosen(option)
    return value if value in choices else None
