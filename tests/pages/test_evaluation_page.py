"""The page Evaluation: each of its states, and every number against the gallery's count."""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from db.enums import JobStatus, Split
from db.models import VisionAsset
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list, filter_fields, saved_views
from forge_core.catalog.quality import image_issues
from forge_core.catalog.revisions import history
from forge_core.evaluation import answers as answer_columns
from forge_core.evaluation import calibration
from forge_core.jobs import queue, supervision
from forge_core.people.actor import Actor
from forge_core.predictions import evaluation, standings
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components.evaluation import (
    certainty_view,
    class_view,
    confusion_chart,
    confusion_view,
    flips_view,
    model_view,
    slices_view,
)
from pages.components.evaluation import shown as shown_room
from pages.components.evaluation.shown import ShownEvaluation
from tests.arrange import ACTOR
from tests.pages.visiting import figures, links, primary, visit, words

PAGE = "models/evaluation.py"
RUN = 1
OTHER_HASH = "c" * 64


@pytest.fixture(autouse=True)
def no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)


def evaluate(workspace: Workspace, split: str = "val", kind: str = "best") -> int:
    now = history.latest_revision_id(workspace)
    number, _ = evaluation.evaluate_and_keep(
        workspace, RUN, split, kind, "cpu", actor=ACTOR, revision_id=now
    )
    return number


def ids_in(workspace: Workspace, split: str) -> list:
    where = filter_fields.read({"split": split})
    return [asset.asset_id for asset in asset_list.list_assets(workspace, where).assets]


def count(workspace: Workspace, query: Mapping[str, str]) -> int:
    """How many images the gallery shows for an address."""
    known = {name: value for name, value in query.items() if name in filter_fields.FIELDS}
    return asset_list.count_assets(workspace, filter_fields.read(known))


def doors_of(app: AppTest) -> dict[str, tuple[int, dict[str, str]]]:
    """The doors that say a number: the number, and where they lead."""
    found = {}
    for said, query in links(app).items():
        number = re.search(r": ([\d,]+)$", said)
        if number and "evaluation=" in query:
            pairs = dict(part.split("=", 1) for part in query.split("&"))
            found[f"{said} {query}"] = int(number[1].replace(",", "")), pairs
    return found


def check_doors(workspace: Workspace, app: AppTest) -> int:
    """Every number that is a door is the count of the gallery; returns how many there were."""
    assert not app.exception
    assert not app.error
    found = doors_of(app)
    for said, (number, query) in found.items():
        assert count(workspace, query) == number, said
    return len(found)


def test_no_run__says_what_the_page_is_for(catalog: Workspace) -> None:
    app = visit(PAGE)
    assert "No model yet." in words(app)
    assert not app.exception


def test_not_evaluated_yet__one_button_evaluates_what_is_missing(
    finished_workspace: Workspace,
) -> None:
    app = visit(PAGE, split="val")
    assert "12 labelled images in val." in words(app)
    assert list(app.dataframe[0].value["State"]) == ["not evaluated"]
    assert primary(app).label == "Evaluate the missing one"
    primary(app).click().run()
    (job,) = queue.list_active_jobs(finished_workspace)
    assert (job.kind, job.payload["split"]) == ("evaluate", "val")
    assert "Evaluate run 1 on val" in words(app)
    assert list(app.dataframe[0].value["State"]) == ["being evaluated"]
    assert [button.key for button in app.button if button.key == "page_frame_action"] == []


def test_an_empty_split__says_where_to_go(finished_workspace: Workspace) -> None:
    app = visit(PAGE, split="held_out")
    assert "0 labelled images are in kept aside" in words(app)
    assert not app.exception
    assert "Split images" in [button.label for button in app.button]


def test_the_test_split_of_a_finished_run__is_ranked_at_once(
    finished_workspace: Workspace,
) -> None:
    app = visit(PAGE)
    assert "on the same 12 images of test" in words(app)
    assert list(app.dataframe[0].value["State"]) == ["best"]


def test_a_job_that_failed__is_told_with_its_next_step(finished_workspace: Workspace) -> None:
    field = standings.find_field(finished_workspace, "val")
    (job,) = standings.evaluate_missing(finished_workspace, field, actor=Actor("tester"))
    with finished_workspace.database.write() as uow:
        uow.jobs.update_if(
            job.job_id,
            [JobStatus.QUEUED],
            status=JobStatus.FAILED,
            error={"message": "The GPU is gone.", "next_step": "Evaluate on the processor."},
        )
    app = visit(PAGE, split="val")
    assert "Run 1 could not be evaluated: The GPU is gone. Evaluate on the processor." in words(app)
    assert list(app.dataframe[0].value["State"]) == ["failed"]
    assert primary(app).label == "Evaluate the missing one"


def test_a_checkpoint_that_is_gone__is_told_and_not_offered(
    finished_workspace: Workspace,
) -> None:
    checkpoints.checkpoint_path(finished_workspace, RUN).unlink()
    app = visit(PAGE, split="val")
    assert list(app.dataframe[0].value["State"]) == ["its file is gone"]
    assert [button for button in app.button if button.key == "page_frame_action"] == []


def test_labels_changed_since__it_is_of_its_revision_and_can_be_evaluated_again(
    finished_workspace: Workspace,
) -> None:
    number = evaluate(finished_workspace)
    revision_id = history.latest_revision_id(finished_workspace)
    label_edits.relabel(finished_workspace, ids_in(finished_workspace, "val")[:2], 1, actor=ACTOR)
    app = visit(PAGE, evaluation=number)
    assert list(app.dataframe[0].value["State"]) == [f"of revision {revision_id}"]
    assert f"Of revision {revision_id}: images or labels of val are others" in words(app)
    assert primary(app).label == "Evaluate the missing one"
    assert check_doors(finished_workspace, app) == 3


def test_another_revision_is_chosen__the_split_is_what_it_was_then(
    finished_workspace: Workspace,
) -> None:
    evaluate(finished_workspace)
    revision_id = history.latest_revision_id(finished_workspace)
    label_edits.relabel(finished_workspace, ids_in(finished_workspace, "val")[:2], 1, actor=ACTOR)
    app = visit(PAGE, split="val")
    assert list(app.dataframe[0].value["State"]) == [f"of revision {revision_id}"]
    app.number_input[0].set_value(revision_id).run()
    assert app.query_params["revision"] == str(revision_id)
    assert list(app.dataframe[0].value["State"]) == ["best"]


def test_images_removed_since__are_counted_nowhere(finished_workspace: Workspace) -> None:
    number = evaluate(finished_workspace)
    label_edits.remove_assets(
        finished_workspace, ids_in(finished_workspace, "val")[:2], actor=ACTOR
    )
    app = visit(PAGE, evaluation=number)
    assert "2 images of 12 were removed from the catalog since" in words(app)
    assert "Images: 10" in words(app)
    assert check_doors(finished_workspace, app) == 3


def test_classes_that_the_network_does_not_know__are_named(finished_workspace: Workspace) -> None:
    new = classes.create_class(finished_workspace, "new_class", actor=ACTOR)
    moved = ids_in(finished_workspace, "val")[:2]
    label_edits.relabel(finished_workspace, moved, new.label_id, actor=ACTOR)
    app = visit(PAGE, evaluation=evaluate(finished_workspace))
    assert "2 images of classes that it does not know (new_class 2)" in words(app)


def test_trained_on__is_warned_of_with_a_door(finished_workspace: Workspace) -> None:
    moved = ids_in(finished_workspace, "train")[:4]
    label_edits.set_split(finished_workspace, moved, "test", actor=ACTOR)
    number = evaluate(finished_workspace, "test")
    app = visit(PAGE, evaluation=number)
    assert "It was trained on 4 of these images" in words(app)
    assert "4 images are left out: one of the models was trained on them." in words(app)
    assert check_doors(finished_workspace, app) == 4


@pytest.mark.parametrize("view", list(model_view.VIEWS))
def test_each_view__every_number_is_the_count_of_the_gallery(
    finished_workspace: Workspace, view: str
) -> None:
    number = evaluate(finished_workspace)
    evaluate(finished_workspace, kind="last")
    app = visit(PAGE, evaluation=number, look=view, last="yes")
    assert figures(app)["Accuracy"].endswith("%")
    control = next(each for each in app.segmented_control if each.label == "What to look at")
    assert control.value == view
    assert check_doors(finished_workspace, app) >= 3


@pytest.fixture
def shown(finished_workspace: Workspace) -> ShownEvaluation:
    return shown_room.load(finished_workspace, evaluate(finished_workspace, "train"))


def test_the_tables_and_charts__every_number_is_the_count_of_the_gallery(
    finished_workspace: Workspace, shown: ShownEvaluation
) -> None:
    assert shown.summary is not None
    for each in shown.summary.classes:
        for column in ("Images", "Found", "Missed", "Taken for it", "Wrongly"):
            query = class_view.door(shown, each, column)
            assert count(finished_workspace, query) == class_view.count(each, column)
    found = calibration.calibrate(shown.answers.confidence, shown.answers.is_right)
    for place, each in enumerate(found.bins):
        numbers = (each.num_images, each.num_right, each.num_images - each.num_right)
        for outcome, number in enumerate(numbers):
            query = certainty_view.bin_door(shown, place, outcome)
            assert count(finished_workspace, query) == number
    parts, slices = slices_view.find(finished_workspace, shown)
    assert {each.kind for each in slices} == {"class"}
    assert parts.num_unmeasured == len(shown.answers)
    make_parts(finished_workspace, shown)
    parts, slices = slices_view.find(finished_workspace, shown)
    kinds = {each.kind for each in slices}
    assert kinds == {"class", "brightness", "sharpness", "group", "view “circles”"}
    assert sum(part.counted.of for part in slices if part.kind == "brightness") == 48
    for part in slices:
        number = part.counted.of
        query = slices_view.door(shown, parts, part, only_wrong=False)
        assert count(finished_workspace, query) == number
        query = slices_view.door(shown, parts, part, only_wrong=True)
        assert count(finished_workspace, query) == number - part.counted.count


def make_parts(workspace: Workspace, shown: ShownEvaluation) -> None:
    """Measure the pictures, put them into two groups, and save views."""
    image_issues.measure_images(workspace)
    half = list(shown.answers.asset_ids)[:20]
    with workspace.database.write() as uow:
        for group, ids in (("night", half), ("day", list(shown.answers.asset_ids)[20:])):
            uow.session.execute(
                update(VisionAsset).where(VisionAsset.asset_id.in_(ids)).values(group_key=group)
            )
    saved_views.save_view(workspace, "circles", {"text": "circle", "sort": "path"}, actor=ACTOR)
    saved_views.save_view(workspace, "doubted", {"disagrees": "yes", "run": "1"}, actor=ACTOR)


def add_another(workspace: Workspace, number: int, split: Split) -> tuple[int, list]:
    """Another network that is wrong at the first three images, and right at the rest; the rows."""
    with workspace.database.write() as uow:
        rows = uow.evaluations.list_answers(number)
        kept = uow.evaluations.find(number)
        assert kept is not None
        (last,) = (each for each in uow.checkpoints.list_of_run(RUN) if each.kind == "last")
        uow.checkpoints.add(replace(last, content_hash=OTHER_HASH))
        other = uow.evaluations.add(
            run_id=RUN,
            checkpoint_hash=OTHER_HASH,
            split=split,
            revision_id=kept.revision_id,
            num_images=len(rows),
            accuracy=0.75,
            report=kept.report,
            author="tester",
            data_digest=kept.data_digest,
        )
        others = [
            row._replace(predicted_id=row.label_id if place > 2 else 1 + row.label_id % 3)
            for place, row in enumerate(rows)
        ]
        uow.evaluations.add_answers(other, others)
    return other, rows


def test_flips__both_ways_lead_to_their_images(finished_workspace: Workspace) -> None:
    number = evaluate(finished_workspace)
    other, rows = add_another(finished_workspace, number, Split.VAL)
    app = visit(PAGE, evaluation=number, look="against", against=other, last="yes")
    assert check_doors(finished_workspace, app) >= 4
    right = [row.label_id == row.predicted_id for row in rows]
    said = words(app)
    assert f"Right here, wrong there: {sum(right[:3])}" in said
    assert f"Wrong here, right there: {len(right[3:]) - sum(right[3:])}" in said


def test_hard_images_in_the_split__shares_and_differences_are_without_them_and_counts_with_them(
    finished_workspace: Workspace,
) -> None:
    hard = ids_in(finished_workspace, "val")[:5]
    label_edits.set_split(
        finished_workspace, hard, "test", found_by="by hand", allow_chosen=True, actor=ACTOR
    )
    number = evaluate(finished_workspace, "test")
    another, _ = add_another(finished_workspace, number, Split.TEST)
    shown = shown_room.load(finished_workspace, number)
    assert shown.weights is not None
    is_fair = shown.weights > 0
    assert (int(is_fair.sum()), len(is_fair)) == (12, 17)
    ids, names = shown.kept.label_ids, shown.kept.report.class_names
    answers = replace(shown.answers, predicted_ids=np.where(is_fair, shown.answers.label_ids, 1))
    counts = answer_columns.count_confusion(answers, ids)
    sums = answer_columns.weigh_confusion(answers, ids, shown.weights)
    matrix = confusion_view.make_matrix(counts, names, range(3), confusion_chart.ROWS, sums)
    assert np.array_equal(matrix.shares(), np.eye(3))  # the fair ones are all right
    only = confusion_view.make_matrix(counts, names, range(3), confusion_chart.ROWS)
    assert not np.array_equal(only.shares(), np.eye(3))
    other = replace(shown, answers=replace(answers, predicted_ids=answers.label_ids % 3 + 1))
    flips = flips_view.compare(replace(shown, answers=answers), other)
    assert flips is not None
    assert flips.weighted is not None
    assert flips.weighted.difference == pytest.approx(1.0)
    assert flips.counted.difference < 1.0
    app = visit(PAGE, evaluation=number)
    assert "shares and colours are without the 5 images that were chosen" in words(app)
    assert "each counted alike" not in words(app)
    app = visit(PAGE, evaluation=number, look="against", against=another, last="yes")
    assert "The difference is without the 5 images" in words(app)
    assert check_doors(finished_workspace, app) >= 4


def test_the_block_of_many_classes__is_what_is_confused_most_or_what_is_chosen() -> None:
    counts = np.diag(np.full(100, 10))
    counts[70, 71], counts[3, 4] = 9, 5
    chosen = confusion_view.choose_places(counts, [])
    assert len(chosen) == confusion_view.BLOCK
    assert set(chosen[:4]) == {70, 71, 3, 4}
    assert confusion_view.choose_places(counts, [70]) == [70, 71]
    assert answer_columns.list_pairs(counts, 9) == [(70, 71, 9), (3, 4, 5)]
    names = [f"class {place:03d}" for place in range(100)]
    assert confusion_view.sort_places(counts, names, "name", [71, 3]) == [3, 71]
    matrix = confusion_view.make_matrix(counts, names, [71, 70], confusion_chart.COLUMNS)
    assert matrix.column_totals.tolist() == [19, 10]
    assert matrix.shares()[1, 0] == pytest.approx(9 / 19)
    figure = confusion_chart.make_figure(matrix)
    assert [note.text for note in figure.layout.annotations] == ["53 %", "47 %", "100 %"]
    assert confusion_view.draw_overview(counts).size == (100, 100)


def test_another_view_is_chosen__the_address_holds_it(finished_workspace: Workspace) -> None:
    app = visit(PAGE, evaluation=evaluate(finished_workspace))
    control = next(each for each in app.segmented_control if each.label == "What to look at")
    control.set_value("certainty").run()
    assert app.query_params["look"] == "certainty"
    assert "Answer only when sure" in words(app)
    assert not app.exception


def test_another_split_is_chosen__the_address_forgets_the_model(
    finished_workspace: Workspace,
) -> None:
    app = visit(PAGE, evaluation=evaluate(finished_workspace), split="val")
    control = next(each for each in app.segmented_control if each.label == "Split")
    control.set_value("train").run()
    assert app.query_params["split"] == "train"
    assert "evaluation" not in app.query_params


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"evaluation": "99"}, "There is no evaluation 99"),
        ({"evaluation": "x"}, "The address names the evaluation 'x'"),
        ({"split": "odd"}, "There is no split 'odd' to evaluate on"),
        ({"revision": "999"}, "There is no revision 999"),
    ],
)
def test_addresses_of_nothing__are_told(
    finished_workspace: Workspace, query: dict[str, str], said: str
) -> None:
    app = visit(PAGE, **query)
    assert said in words(app)
    assert not app.exception


def test_back_from_a_door__the_page_is_where_it_was(finished_workspace: Workspace) -> None:
    number = evaluate(finished_workspace)
    app = visit(PAGE, evaluation=number, split="val", look="classes")
    app.query_params["outcome"] = "wrong"
    app.query_params["evaluation"] = str(number)
    app.run()
    assert "outcome" not in app.query_params
    assert app.query_params["look"] == "classes"
