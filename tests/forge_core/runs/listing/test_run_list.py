"""The list of runs: one query, what it finds, what people say of runs, what is no fair sample."""

import pytest

from db.enums import EndRequest, JobStatus, RunOrder, RunStatus
from db.run_records import RunFilter
from forge_core.errors import InvalidInput, NotFound
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.registry import in_use
from forge_core.runs import records
from forge_core.runs.listing import marks, run_list, shown_accuracies
from forge_core.workspace import Workspace
from tests.db import arrange
from tests.forge_core.runs.test_records import counted_statements, make_epoch

QUEUED = (JobStatus.QUEUED,)
SAMPLED = {
    "value": 0.75,
    "interval": [0.5, 0.9],
    "num_images": 60,
    "num_chosen": 12,
    "is_weighted": False,
    "effective_size": 48.0,
}
PLAIN = {"accuracy": 0.6, "accuracy_interval": [0.47, 0.71], "num_images": 60, "sampled": None}


def add(workspace: Workspace, name: str, architecture: str = "forge_cnn", **values: object) -> int:
    with workspace.database.write() as uow:
        run_id = arrange.add_run(
            uow, name=name, config={"architecture": architecture, "seed": 3}, **values
        )
        for epoch in (2, 10):
            uow.metrics.add(make_epoch(run_id, epoch))
    return run_id


def found(workspace: Workspace, where: RunFilter) -> list[str]:
    return [row.name for row in run_list.read_page(workspace, where).rows]


@pytest.fixture
def runs(workspace: Workspace) -> dict[str, int]:
    """Four runs that differ in all that the list goes by."""
    ids = {
        "plain": add(workspace, "plain", "resnet18", best_val_accuracy=0.7),
        "biased": add(workspace, "biased", "mobilenet_v2"),
        "paused": add(workspace, "paused", status=RunStatus.INTERRUPTED),
        "lost": add(workspace, "lost", status=RunStatus.INTERRUPTED, author="Zoë"),
    }
    with workspace.database.write() as uow:
        uow.runs.update_fields(
            ids["biased"],
            best_val_accuracy=0.6,
            report={"val": {**PLAIN, "sampled": SAMPLED, "confusion": [[1, 2], [3, 4]]}},
        )
        for number, (name, asked) in enumerate(
            [("paused", EndRequest.PAUSE), ("lost", EndRequest.PAUSE), ("lost", EndRequest.NONE)]
        ):
            job = queue.add_in(
                uow, "train", f"{number}", {}, actor=Actor("tester"), run_id=ids[name]
            )
            uow.jobs.update_if(
                job.job_id, QUEUED, status=JobStatus.INTERRUPTED, end_requested=asked
            )
    marks.change_tags(workspace, [ids["plain"], ids["lost"]], add=["Base line", "50 %_off"])
    marks.set_note(workspace, ids["plain"], "Lower rates\nhelped")
    marks.set_star(workspace, [ids["lost"]], True)
    return ids


def test_a_refresh__is_one_query_with_tags_curves_and_states(
    workspace: Workspace, runs: dict[str, int]
) -> None:
    with counted_statements(workspace) as statements:
        page = run_list.read_page(workspace, RunFilter())
    assert len(statements) == 1
    assert [(row.name, row.state) for row in page.rows] == [
        ("lost", "interrupted"),
        ("paused", "paused"),
        ("biased", "succeeded"),
        ("plain", "succeeded"),
    ]
    last = page.rows[-1]
    assert last.tags == ("50 %_off", "Base line")
    assert last.curve == (0.2, 1.0)
    assert (last.seed, last.num_classes, last.note) == (3, 2, "Lower rates\nhelped")
    assert run_list.read_page(workspace, RunFilter(), limit=1).total == 4


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (RunFilter(order=RunOrder.BEST), ["biased", "plain", "lost", "paused"]),
        (RunFilter(order=RunOrder.NAME), ["biased", "lost", "paused", "plain"]),
        (RunFilter(states=("paused",)), ["paused"]),
        (RunFilter(states=("interrupted",)), ["lost"]),
        (RunFilter(architectures=("resnet18", "mobilenet_v2")), ["biased", "plain"]),
        (RunFilter(tags=("Base line",)), ["lost", "plain"]),
        (RunFilter(tags=("Base line",), is_starred=True), ["lost"]),
        (run_list.find_by("RATES base"), ["plain"]),
        (run_list.find_by("mobilenetv2"), ["biased"]),
        (run_list.find_by("%_o"), ["lost", "plain"]),
        (run_list.find_by("Zoë"), ["lost"]),
        (run_list.find_by("nobody"), []),
    ],
)
def test_the_list__finds_and_orders(
    workspace: Workspace, runs: dict[str, int], where: RunFilter, names: list[str]
) -> None:
    assert found(workspace, where) == names


def test_the_list__by_number_and_choices(workspace: Workspace, runs: dict[str, int]) -> None:
    assert found(workspace, run_list.find_by(f"run {runs['biased']}")) == ["biased"]
    choices = run_list.list_choices(workspace)
    assert choices.tags == {"50 %_off": 2, "Base line": 2}
    assert choices.architectures == {"forge_cnn": 2, "mobilenet_v2": 1, "resnet18": 1}
    assert (choices.num_runs, choices.num_live) == (4, 0)
    with pytest.raises(InvalidInput, match="no state 'gone'"):
        run_list.read_page(workspace, RunFilter(states=("gone",)))


def test_accuracy__of_no_fair_sample_is_shown_as_everywhere(
    workspace: Workspace, runs: dict[str, int]
) -> None:
    rows = {row.name: row for row in run_list.read_page(workspace, RunFilter()).rows}
    best = shown_accuracies.best_of(rows["biased"])
    assert best is not None
    assert (best.value, best.interval) == (0.75, (0.5, 0.9))
    assert "12 of 60 images were chosen" in best.note
    assert rows["biased"].accuracies == {"val": {**PLAIN, "sampled": SAMPLED}}
    plain = shown_accuracies.best_of(rows["plain"])
    assert plain is not None
    assert (plain.value, plain.interval, plain.note) == (0.7, None, "")
    both = [records.get_run(workspace, runs[name]) for name in ("biased", "plain")]
    assert in_use.find(workspace, both).run_id == runs["biased"]  # 0.75, though 0.6 as measured


def test_accuracy__of_a_run_that_goes_on_is_marked_before_it_is_measured(
    workspace: Workspace, runs: dict[str, int]
) -> None:
    sample = {"num_images": 60, "num_chosen": 12, "is_weighted": False}
    with workspace.database.write() as uow:
        uow.runs.update_fields(
            runs["biased"],
            status=RunStatus.RUNNING,
            best_val_accuracy=0.8,  # a better network than the one that was measured
            val_sample=sample,
        )
    best = shown_accuracies.best_of(records.get_run(workspace, runs["biased"]))
    assert best is not None
    assert (best.value, best.interval) == (0.8, None)
    assert best.note.startswith("Biased: 12 of 60 images")


def test_tags__are_one_word_whatever_their_case_and_can_be_taken_away(
    workspace: Workspace, runs: dict[str, int]
) -> None:
    ids = [runs["biased"], runs["plain"]]
    marks.change_tags(workspace, ids, add=["base LINE ", "new"], remove=["50 %_OFF"])
    assert marks.get_marks(workspace, runs["biased"]).tags == ("Base line", "new")
    assert marks.get_marks(workspace, runs["plain"]).tags == ("Base line", "new")
    with pytest.raises(NotFound):
        marks.change_tags(workspace, [runs["biased"], 99], add=["never"])
    assert "never" not in run_list.list_choices(workspace).tags


@pytest.mark.parametrize("tag", ["", "  ", "two\nlines", "x" * 65, "nul\0"])
def test_tags__that_are_none_are_refused(
    workspace: Workspace, runs: dict[str, int], tag: str
) -> None:
    with pytest.raises(InvalidInput):
        marks.change_tags(workspace, [runs["plain"]], add=[tag])
