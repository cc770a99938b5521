"""How far a run has come: what the live curves ask for, once a second while somebody looks."""

from dataclasses import asdict
from typing import Any

from starlette.routing import Route

from db.records import EpochRow
from forge_core.api.endpoints import ApiRequest, WorkspaceProvider, read_route
from forge_core.api.parsing import parse_query
from forge_core.catalog.listing.text_values import parse_number
from forge_core.runs import records
from forge_core.runs.live import step_series

MAX_EPOCHS_AT_ONCE = 2_000
MAX_POINTS_AT_ONCE = 2_000
MAX_COLUMNS = 4_000
"""Pixels of the widest chart."""


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/runs/{run_id}/metrics` and `/runs/{run_id}/series`."""
    return [
        Route("/runs/{run_id}/metrics", read_route(provider, show_metrics)),
        Route("/runs/{run_id}/series", read_route(provider, show_series)),
    ]


def show_metrics(asked: ApiRequest) -> dict[str, Any]:
    """State, place, the epochs after `after` and the points of steps after `after_step`.

    At most `MAX_EPOCHS_AT_ONCE` and `MAX_POINTS_AT_ONCE`, in order. `last_step` is that of the
    last point there is: a run that was resumed has forgotten those behind it.
    """
    run_id = parse_number(asked.request.path_params["run_id"], "run")
    query = parse_query(asked.request.query_params, ("after", "after_step"))
    after = parse_number(query.get("after", "0"), "after")
    after_step = parse_number(query.get("after_step", "0"), "after_step")
    progress = records.run_progress(asked.workspace, run_id, after_epoch=after)
    epochs = progress.epochs[:MAX_EPOCHS_AT_ONCE]
    points, last_step = step_series.list_points(
        asked.workspace, run_id, after_step=after_step, limit=MAX_POINTS_AT_ONCE
    )
    is_whole = len(epochs) == len(progress.epochs) and len(points) < MAX_POINTS_AT_ONCE
    return {
        "state": progress.status,
        "stage": progress.stage,
        "epoch": progress.epoch,
        "total_epochs": progress.total_epochs,
        "step": progress.step,
        "steps": progress.steps,
        "images_per_second": progress.images_per_second,
        "eta_seconds": progress.eta_seconds,
        "eta_low_seconds": progress.eta_low_seconds,
        "eta_high_seconds": progress.eta_high_seconds,
        "eta_why": progress.eta_why,
        "message": progress.message,
        "is_finished": progress.status.is_finished() and is_whole,
        "epochs": [shape_epoch(epoch) for epoch in epochs],
        "points": [asdict(point) for point in points],
        "last_step": last_step,
    }


def show_series(asked: ApiRequest) -> dict[str, Any]:
    """The numbers of the steps from `first` to `last`, in so many `columns` of a chart.

    Of each series that has any a list of [step, lowest, highest, mean], whose step is the last one
    of its column. Without `last` up to the newest step. `epochs_per_step` turns a step into its
    place among the epochs; None before the first.
    """
    run_id = parse_number(asked.request.path_params["run_id"], "run")
    query = parse_query(asked.request.query_params, ("first", "last", "columns"))
    columns = parse_number(query.get("columns", "1000"), "columns")
    first = parse_number(query.get("first", "0"), "first")
    last = parse_number(query["last"], "last") if "last" in query else None
    records.get_run(asked.workspace, run_id)
    newest, epochs_per_step = step_series.find_end(asked.workspace, run_id)
    found = step_series.list_columns(
        asked.workspace,
        run_id,
        first=first,
        last=newest if last is None else last,
        columns=min(columns, MAX_COLUMNS),
    )
    return {"last_step": newest, "epochs_per_step": epochs_per_step, "series": found}


def shape_epoch(epoch: EpochRow) -> dict[str, Any]:
    """An epoch as the browser reads it."""
    return {**asdict(epoch), "learning_rates": dict(epoch.learning_rates)}
