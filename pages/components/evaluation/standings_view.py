"""Which of my models is best: all of them on one split, on the same images."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from forge_core.catalog.splits import chosen_images
from forge_core.predictions.standings import (
    WEIGHTED,
    Contender,
    Field,
    Standing,
    Standings,
)
from forge_core.workspace import Workspace
from pages.components import errors, job_progress
from pages.components.evaluation import flips_view
from pages.components.seeds import settings_view
from pages.components.words import data_time, run_text, text

BEST, OTHER = "#0072B2", "#999999"
ROW_PIXELS = 28
MOST_DRAWN = 30


def show(workspace: Workspace, field: Field, found: Standings) -> int | None:
    """Draw the ranking; returns the number of the evaluation that was clicked just now."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(describe(field, found), width="content")
        data_time.show(workspace, field.revision_id)
    show_notices(field, found)
    if len(found.standings) > 1:
        st.plotly_chart(
            draw(found.standings[:MOST_DRAWN]),
            key="evaluation_standings_chart",
            config={"displayModeBar": False},
        )
    clicked = _show_table(field, found)
    settings_view.show(workspace, found, field.split)
    return clicked


def describe(field: Field, found: Standings) -> str:
    """What is compared, and who wins, in a sentence."""
    split = text.SPLIT_WORDS[field.split]
    if not found.standings:
        return f"{text.plural(field.num_images, 'labelled image')} in {split}."
    best = found.standings[0]
    title = errors.literal(run_text.title(best.contender.run))
    images = f"on the same {text.plural(found.num_common, 'image')} of {split}"
    if len(found.standings) == 1:
        return f"**{title}**: {_rate(best)} {images}."
    beaten = [each for each in found.standings[1:] if each.to_best and each.to_best.is_told_apart]
    tied = len(found.standings) - 1 - len(beaten)
    if not tied:
        return f"**{title} is best** {images}: {_rate(best)}, ahead of all by more than chance."
    others = "another is" if tied == 1 else f"{tied} others are"
    return f"**{title} is ahead** {images}: {_rate(best)}; {others} not behind by more than chance."


def show_notices(field: Field, found: Standings) -> None:
    """What is left out of the comparison, and what did not work."""
    if found.num_trained:
        st.warning(
            f"{text.plural(found.num_trained, 'image is', 'images are')} left out: one of the "
            "models was trained on them. A run that is started now would learn none of them.",
            icon=":material/school:",
        )
    if found.num_chosen:
        st.warning(chosen_images.say_left_out(found.num_chosen), icon=":material/balance:")
    if found.is_weighted:
        st.warning(WEIGHTED, icon=":material/balance:")
    for each in found.apart:
        number = 0 if each.evaluation is None else each.evaluation.num_images
        st.info(
            f"{errors.literal(run_text.title(each.run))} is not ranked: it was measured on "
            f"{number:,} of the {text.plural(field.num_images, 'image')} alone. It does not know "
            "all the classes, or files could not be read.",
            icon=":material/rule:",
        )
    if field.num_unlabelled:
        st.caption(
            f"{text.plural(field.num_unlabelled, 'image')} of the split without a label: not "
            "measured."
        )
    for each in field.contenders:
        if each.failure:
            st.error(
                f"{errors.literal(run_text.title(each.run))} could not be evaluated: "
                f"{errors.literal(each.failure)}",
                icon=":material/error:",
            )


def watch(field: Field) -> None:
    """The evaluations that run or wait; the page is drawn anew when one ends."""
    jobs = [each.job for each in field.contenders if each.job is not None and each.is_measuring]
    if not jobs:
        return
    oldest = min(jobs, key=lambda job: job.job_id)
    job_progress.watch(oldest.job_id)
    if len(jobs) > 1:
        st.caption(f"{text.plural(len(jobs) - 1, 'more evaluation')} behind it.")


def draw(standings: Sequence[Standing]) -> go.Figure:
    """The accuracies with their intervals, best on top."""
    values = [each.accuracy.value for each in standings]
    bounds = [each.accuracy.interval for each in standings]
    names = [_short(each.contender) for each in standings]
    figure = go.Figure()
    figure.add_scatter(
        x=values,
        y=list(range(len(standings))),
        mode="markers",
        marker={"size": 10, "color": [BEST] + [OTHER] * (len(standings) - 1)},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - value for (_, high), value in zip(bounds, values, strict=True)],
            "arrayminus": [value - low for (low, _), value in zip(bounds, values, strict=True)],
            "color": OTHER,
        },
        text=names,
        hovertemplate="%{text}: %{x:.1%}<extra></extra>",
    )
    figure.update_layout(
        height=70 + ROW_PIXELS * len(standings),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        xaxis={"tickformat": ".0%"},
        yaxis={
            "tickmode": "array",
            "tickvals": list(range(len(standings))),
            "ticktext": names,
            "autorange": "reversed",
            "zeroline": False,
        },
    )
    return figure


def list_rows(field: Field, found: Standings) -> list[tuple[Contender, Standing | None]]:
    """The ranked ones, best first, then those that were not measured on these images."""
    ranked = {(one.contender.run.run_id, one.contender.kind): one for one in found.standings}
    rows: list[tuple[Contender, Standing | None]] = [
        (one.contender, one) for one in found.standings
    ]
    rows += [
        (each, None) for each in field.contenders if (each.run.run_id, each.kind) not in ranked
    ]
    return rows


def state(contender: Contender, standing: Standing | None) -> str:
    """How a model stands, in a few words."""
    if standing is not None:
        if standing.to_best is None:
            return "best"
        return "worse" if standing.to_best.is_told_apart else "may be as good"
    if contender.is_measuring:
        return "being evaluated"
    if contender.failure:
        return "failed"
    if contender.evaluation is not None:
        return "not ranked"
    if not contender.is_there:
        return "its file is gone"
    if contender.outdated is not None:
        return f"of revision {contender.outdated.revision_id}"
    return "not evaluated"


def _show_table(field: Field, found: Standings) -> int | None:
    rows = list_rows(field, found)
    event = st.dataframe(
        pd.DataFrame([_row(contender, standing, found.num_common) for contender, standing in rows]),
        hide_index=True,
        height="content" if len(rows) <= 12 else 460,
        placeholder="–",
        column_config={
            "Accuracy": st.column_config.NumberColumn(format="%.1f %%"),
            "Images": st.column_config.NumberColumn(format="localized"),
            "To the best": st.column_config.TextColumn(
                help="In points, with the 95 % interval of the difference on the same images."
            ),
        },
        on_select="rerun",
        selection_mode="single-cell",
        key=f"evaluation_standings_{field.split}",
        alt="All models on this split",
    )
    st.caption("Click a model to see what it gets wrong.")
    if not event.selection.cells:
        return None
    contender, standing = rows[event.selection.cells[0][0]]
    if standing is not None:
        return standing.evaluation_id
    known = contender.evaluation or contender.outdated
    return None if known is None else known.evaluation_id


def _row(contender: Contender, standing: Standing | None, num_common: int) -> dict[str, object]:
    known = contender.evaluation or contender.outdated
    row: dict[str, object] = {
        "Model": flips_view.name(contender),
        "State": state(contender, standing),
        "Accuracy": None if known is None else 100 * known.accuracy,
        "95 %": "",
        "To the best": "",
        "Images": None if known is None else known.num_images,
    }
    if standing is not None:
        row |= {
            "Accuracy": 100 * standing.accuracy.value,
            "95 %": text.interval(standing.accuracy.interval),
            "Images": num_common,
        }
        if standing.to_best is not None:
            low, high = standing.to_best.interval
            points = f"{100 * standing.to_best.difference:+.1f}"
            row["To the best"] = f"{points} ({100 * low:+.1f} to {100 * high:+.1f})"
    return row


def _rate(standing: Standing) -> str:
    low, high = standing.accuracy.interval
    return f"{text.percent(standing.accuracy.value)} ({100 * low:.1f} to {100 * high:.1f})"


def _short(contender: Contender) -> str:
    kind = "" if contender.kind == "best" else ", last"
    return f"run {contender.run.run_id}{kind}"
