"""What must not be overlooked before an import, first of all, each with what settles it."""

import streamlit as st

from forge_core.catalog.formats.scan.scanned_folder import SEVERAL, VOTES
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.workspace import Workspace
from pages.components import errors
from pages.components.importing import chooser

_ASKED = {
    "label_column": "Which column is the label?",
    "question": "Whose answer is the label?",
    "document": "Read it instead",
    "encoding": "Read it in",
    "names_encoding": "Read the names in",
    "several": "An image with several labels",
    "votes": "Where persons differ",
    "class_from": "Where the class stands",
    "unlabelled_names": "Take it as",
    "follow_links": "Follow the links",
    "format_name": "Read the folders as",
}
"""What a person decides by each option of the reading."""
_UNCHOSEN = {"votes": next(iter(VOTES)), "several": next(iter(SEVERAL))}
"""What an option is while nobody chose."""


def show(workspace: Workspace, plan: ImportPlan) -> None:
    """Draw each caution of a plan with the choices that it has."""
    for number, caution in enumerate(plan.cautions):
        st.warning(errors.literal(caution.message), icon=":material/warning:")
        if caution.option is None or not caution.choices:
            continue
        now = _now(plan, caution.option, caution.choices)
        chosen = st.pills(
            _ASKED.get(caution.option, caution.option.replace("_", " ").capitalize()),
            caution.choices,
            default=now,
            key=f"import:caution:{number}:{chooser.reading_turn()}",
        )
        if chosen is not None and chosen != now:
            chooser.read_again(workspace, plan.options.choosing(caution.option, chosen))


def _now(plan: ImportPlan, option: str, choices: tuple[str, ...]) -> str | None:
    """The choice that holds, be it only because nobody made another."""
    value = plan.options.chosen(option) or _UNCHOSEN.get(option)
    return value if value in choices else None
