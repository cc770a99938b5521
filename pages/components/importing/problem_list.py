"""What an import leaves out, or takes in without its label: by reason, folded."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import streamlit as st

from forge_core.catalog.importing import import_problems
from forge_core.catalog.importing.import_problems import ImportProblem
from forge_core.imaging import decode
from pages.components import errors, gallery_links
from pages.components.words import text

MOST_SHOWN = 500


def group_by_reason(problems: Iterable[ImportProblem]) -> list[tuple[str, list[ImportProblem]]]:
    """Problems by reason in words, the largest group first."""
    groups: dict[str, list[ImportProblem]] = defaultdict(list)
    for problem in problems:
        groups[reason_in_words(problem.reason)].append(problem)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def reason_in_words(reason: str) -> str:
    """A reason as a person reads it."""
    if reason == "same_bytes":
        return "the same bytes as another image"
    known = {**decode.REASONS, **import_problems.REASONS}
    return known.get(reason, reason.replace("_", " "))


def show(
    problems: Sequence[ImportProblem],
    doors: Mapping[str, Mapping[str, str]] | None = None,
    numbers: Mapping[str, int] | None = None,
) -> None:
    """Draw one folded list a reason.

    Args:
        problems: What was found, or the first of it.
        doors: By reason the gallery's query for the images of those problems, where there is one.
        numbers: By reason how many there are, where these are not all.
    """
    for reason, members in group_by_reason(problems):
        door = (doors or {}).get(members[0].reason)
        reasons = {problem.reason for problem in members}
        total = sum((numbers or {}).get(each, 0) for each in reasons) or len(members)
        verb = "Left out" if import_problems.is_left_out(members[0]) else "Taken in"
        with st.expander(f"{verb}: {total:,} · {errors.literal(reason)}"):
            if door is not None:
                gallery_links.gallery(f"Open {text.plural(total, 'image')}", door)
            rows = [(problem.path, problem.message) for problem in members[:MOST_SHOWN]]
            st.dataframe(
                pd.DataFrame(rows, columns=["File", "What was found"]),
                hide_index=True,
                height="content" if len(rows) < 12 else 400,
                column_config={
                    "File": st.column_config.TextColumn(width="medium"),
                    "What was found": st.column_config.TextColumn(width="large"),
                },
            )
            if total > len(rows):
                st.caption(f"The first {len(rows):,} of {total:,}.")
