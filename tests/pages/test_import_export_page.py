"""Import & export in each state a person can meet."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from db.clock import utc_now
from db.enums import EndRequest, JobStatus
from forge_core.catalog.editing import class_merges, classes
from forge_core.catalog.listing import asset_list
from forge_core.jobs import processes, queue, supervision
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components.importing import chooser
from tests import arrange, ending
from tests.pages.visiting import links, press, primary, visit, words

pytestmark = pytest.mark.process

PAGE = "data/import_export.py"
PATH = "Path on the server"


@pytest.fixture
def workspace(sqlite_workspace: Workspace) -> Iterator[Workspace]:
    """Jobs run for real here; their supervisor ends with the test."""
    yield sqlite_workspace
    ending.end_jobs(sqlite_workspace)


def look_at(path: Path) -> AppTest:
    app = visit(PAGE, **{"from": PATH})
    app.text_input(key="path").input(str(path))
    return press(app, "Look")


def run_import(workspace: Workspace, path: Path) -> AppTest:
    app = look_at(path)
    primary(app).click()
    app.run()
    job = queue.list_latest_jobs(workspace)[0]
    assert queue.wait_until_finished(workspace, job.job_id, timeout_seconds=60).status == (
        JobStatus.SUCCEEDED
    )
    return app.run()


def test_paths__can_be_typed_only_below_the_import_roots(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    inside = arrange.draw_folder(tmp_path / "open" / "drawn")
    outside = arrange.draw_folder(tmp_path / "closed")
    monkeypatch.setenv("FORGE_IMPORT_ROOTS", str(tmp_path / "open"))
    assert "Only what lies below" in words(visit(PAGE, **{"from": PATH}))
    refused = look_at(outside)
    assert "may not be read from a page" in refused.error[0].value
    assert primary(refused).disabled
    assert not look_at(inside).error


@pytest.mark.parametrize("is_limited", [True, False])
def test_links__are_not_followed_out_of_the_import_roots(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_limited: bool
):
    inside = arrange.draw_folder(tmp_path / "open" / "drawn")
    (inside / "more").symlink_to(arrange.draw_folder(tmp_path / "closed"))
    if is_limited:
        monkeypatch.setenv("FORGE_IMPORT_ROOTS", str(tmp_path / "open"))
    app = look_at(inside)
    assert any("link" in box.value for box in app.warning)
    assert any("may not be read from here" in box.value for box in app.warning) == is_limited
    offered = [group.options for group in app.button_group]
    assert (["yes", "no"] in offered) != is_limited


def test_paths__cannot_be_typed_where_the_app_answers_to_a_network(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chooser, "_is_loopback", lambda: False)
    app = visit(PAGE)
    assert PATH not in app.segmented_control(key="from").options
    assert "FORGE_IMPORT_ROOTS" in words(app)


@pytest.mark.parametrize(
    ("address", "is_loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("", False)],
)
def test_loopback__is_what_only_this_machine_reaches(
    address: str, is_loopback: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(chooser.st, "get_option", lambda _: address)
    assert chooser._is_loopback() is is_loopback


def test_empty__says_what_can_be_read_and_waits_for_images(workspace: Workspace):
    app = visit(PAGE)
    assert "A folder for each class, train, val and test folders with classes" in words(app)
    assert primary(app).label == "Import images"
    assert primary(app).disabled
    assert app.get("bidi_component")
    assert not app.exception


def test_look__shows_what_was_found_before_anything_is_written(workspace: Workspace, drawn: Path):
    app = look_at(drawn)
    assert "12 images · 3 classes · 9 train · 3 val" in words(app)
    assert primary(app).label == "Import 12 images"
    table = app.dataframe[0].value
    assert list(table["Class"]) == ["circle", "square", "stripe"]
    assert list(table["train"]) == [3, 3, 3]
    assert all(table["New"])
    assert left_out(app) == ["Left out: 1 · not an image file"]
    assert asset_list.totals(workspace).images == 0
    assert queue.list_latest_jobs(workspace) == []


def test_look__says_once_what_it_takes_the_folder_for(workspace: Workspace, tmp_path: Path):
    said = words(look_at(arrange.draw_folder(tmp_path / "pictures")))
    assert said.count("A folder per class") == 1


def test_look__says_what_merged_and_retired_classes_become(workspace: Workspace, drawn: Path):
    ids = {
        name: classes.create_class(workspace, name, actor=Actor("tester")).label_id
        for name in ("circle", "square", "disc")
    }
    class_merges.merge_classes(workspace, ids["circle"], ids["disc"], actor=Actor("tester"))
    class_merges.retire_class(workspace, ids["square"], actor=Actor("tester"))
    table = look_at(drawn).dataframe[0].value
    assert list(table["New"]) == [False, False, True]
    assert list(table["Becomes"]) == ["disc", "square, in use again", "stripe"]


def left_out(app: AppTest) -> list[str]:
    """The folded lists of problems."""
    verbs = ("Left out", "Taken in")
    return [group.label for group in app.expander if group.label.startswith(verbs)]


def test_look__says_which_format_it_is_and_why(
    workspace: Workspace, shared_data: Callable[[str], Path]
):
    app = look_at(shared_data("nail_roboflow"))
    said = words(app)
    assert "280 images · 4 classes · 200 train · 40 val · 40 test · 277 groups" in said
    assert "because there is a _classes.csv" in said
    assert "Roboflow classes, test/_classes.csv, train/_classes.csv, valid/_classes.csv." in said


def make_breeds(folder: Path) -> Path:
    """Images in train/ and a table whose columns no name tells."""
    (folder / "train").mkdir(parents=True)
    lines = ["key,what,who"]
    for number in range(6):
        arrange.draw_image("circle", number).save(folder / "train" / f"{number}.png")
        lines.append(f"{number},{'beagle' if number % 2 else 'collie'},owner {number // 2}")
    (folder / "train.csv").write_text("\n".join(lines))
    return folder


def test_read_differently__columns_of_a_table_nobody_knows(workspace: Workspace, tmp_path: Path):
    app = look_at(make_breeds(tmp_path / "breeds"))
    assert app.expander[0].label == "train.csv is not read: say what its columns mean"
    assert app.expander[0].proto.expanded
    press(app, "Read the table so")
    assert app.error[0].value == "Choose the column that names the image files."
    for role, column in {"File name": "key", "Label": "what", "Group": "who"}.items():
        next(box for box in app.selectbox if box.label == role).select(column)
    press(app, "Read the table so")
    assert "6 images · 2 classes · 6 train · 3 groups" in words(app)
    assert "because you chose it" in words(app)
    primary(app).click()
    app.run()
    job = queue.list_latest_jobs(workspace)[0]
    queue.wait_until_finished(workspace, job.job_id, timeout_seconds=60)
    found = {(a.label_name, a.group_key) for a in arrange.list_all(workspace)}
    assert len(found) == 6
    assert ("beagle", "owner 0") in found


def test_read_differently__a_table_that_was_named_itself(workspace: Workspace, tmp_path: Path):
    app = look_at(make_breeds(tmp_path / "breeds") / "train.csv")
    assert "no column is known to hold their label" in app.warning[0].value
    asked = {tuple(group.options): group.label for group in app.button_group}
    assert asked["what", "who"] == "Which column is the label?"
    assert "6 images · 6 train · 6 unlabelled" in words(app)
    assert not app.error


def test_read_differently__another_format_and_back(workspace: Workspace, drawn: Path):
    app = look_at(drawn)
    choose = next(box for box in app.selectbox if box.label == "Format")
    choose.select("folder_per_class").run()
    assert "12 images · 2 classes" in words(app)
    choose = next(box for box in app.selectbox if box.label == "Format")
    choose.select("coco").run()
    assert "cannot be read as COCO annotations" in app.error[0].value
    assert "12 images · 2 classes" in words(app)
    choose = next(box for box in app.selectbox if box.label == "Format")
    choose.select("Find out").run()
    assert "12 images · 3 classes · 9 train · 3 val" in words(app)


def test_finished__images_with_several_labels_are_a_door(
    workspace: Workspace, shared_data: Callable[[str], Path]
):
    app = look_at(shared_data("formats") / "kaggle_dataset" / "image_csv_multi_label")
    assert "A 1 in the columns “dog”, “cat”, “person” marks the label." in words(app)
    assert "Taken in: 3 · several labels, so none" in left_out(app)
    app = run_import(workspace, shared_data("formats") / "kaggle_dataset/image_csv_det")
    door = next(query for name, query in links(app).items() if "several labels or none" in name)
    assert "label=none" in door
    assert "source=image_csv_det" in door


def test_finished__what_is_not_seen_of_files_is_a_door__and_a_window_is_tried_and_chosen(
    workspace: Workspace, tmp_path: Path
):
    (tmp_path / "scans").mkdir()
    greys = np.linspace(0, 4095, 1024).reshape(32, 32).astype(np.uint16)
    Image.fromarray(greys).save(tmp_path / "scans" / "twelve.png")
    pages = [Image.new("L", (32, 32), shade) for shade in (10, 20)]
    pages[0].save(tmp_path / "scans" / "pages.tif", save_all=True, append_images=pages[1:])
    app = look_at(tmp_path / "scans")
    assert "Greys of deep images · as the files say" in [box.label for box in app.expander]
    app = run_import(workspace, tmp_path / "scans")
    queries = [door.proto.query_string for door in app.page_link]
    for fact in ("pages", "few_greys"):
        door = f"source=scans&changed_since=0&file={fact}"
        assert any(query.startswith(door) for query in queries), queries
    assert "Its brightest pixel is 4,095; the file takes 65,535 for white." in words(app)
    app.segmented_control(key="greys:kind").set_value("fixed").run()
    assert (app.number_input[0].value, app.number_input[1].value) == (2048, 4096)
    press(app, "Show all deep images so")
    assert workspace.image_settings.grey_window == "fixed:2048/4096"
    title = "Greys of 1 deep image · black at 0, white at 4096"
    assert title in [box.label for box in app.expander]


def test_look__a_path_that_is_not_there_is_an_error_with_the_next_step(workspace: Workspace):
    app = look_at(Path("/nowhere/photos"))
    assert "There is nothing at /nowhere/photos. Check the path" in words(app)
    assert primary(app).disabled


def test_look__a_folder_without_images_is_an_error(workspace: Workspace, tmp_path: Path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("no picture")
    app = look_at(tmp_path / "texts")
    assert "No image was found in texts." in words(app)


def test_finished__the_report_is_made_of_doors(workspace: Workspace, drawn: Path):
    app = run_import(workspace, drawn)
    said = words(app)
    assert "**Import 12 images from drawn**" in said
    assert "12 images added" in said
    assert "3 new classes: circle, square, stripe" in said
    assert left_out(app) == ["Left out: 1 · not an image file"]
    added = next(query for name, query in links(app).items() if name.startswith("12 images added"))
    assert added == "source=drawn"


def test_finished__the_report_is_still_there_after_a_new_visit(workspace: Workspace, drawn: Path):
    run_import(workspace, drawn)
    assert "12 images added" in words(visit(PAGE))


def test_finished__a_second_import_adds_nothing(workspace: Workspace, drawn: Path):
    run_import(workspace, drawn)
    app = run_import(workspace, drawn)
    assert "Nothing new: every image that can be read is here already." in words(app)
    assert "12 images were here already" in words(app)


def test_finished__undo_takes_the_images_out_again(workspace: Workspace, drawn: Path):
    app = run_import(workspace, drawn)
    press(app, "Undo the import")
    assert asset_list.totals(workspace).images == 0


def test_again__labels_that_differ_are_shown_and_one_choice_decides(
    workspace: Workspace, tmp_path: Path
):
    drawn = arrange.draw_folder(tmp_path / "pictures")
    run_import(workspace, drawn)
    moved = min((drawn / "circle").iterdir())
    moved.rename(drawn / "square" / "moved.png")
    app = look_at(drawn)
    assert "12 images, all here already." in words(app)
    assert "1 label differs; what is there would stay." in words(app)
    assert "label: circle here, square there" in words(app)
    assert primary(app).label == "Check 12 images again"
    choice = next(c for c in app.segmented_control if "something else" in c.label)
    choice.set_value("ask").run()
    assert "would wait for a person" in words(app)
    assert primary(app).label == "Update 12 images"
    primary(app).click()
    app.run()
    job = queue.list_latest_jobs(workspace)[0]
    queue.wait_until_finished(workspace, job.job_id, timeout_seconds=60)
    app.run()
    assert links(app)["Decide what is contested"] == "review=contested"


def running_import(workspace: Workspace, **progress: float) -> int:
    """An import that this very process runs, as the queue would show it."""
    me = processes.identify(os.getpid())
    with workspace.database.write() as uow:
        job = queue.add_in(
            uow, "import", "Import 2,500 images from pets", {}, actor=Actor("tester")
        )
        uow.jobs.update_if(
            job.job_id,
            (JobStatus.QUEUED,),
            status=JobStatus.RUNNING,
            progress=progress or None,
            host=supervision.host_name(),
            pid=me.pid,
            pid_started=me.started,
            started_at=utc_now(),
            heartbeat_at=utc_now(),
        )
    return job.job_id


def test_running__shows_count_rate_and_time_left(workspace: Workspace):
    running_import(
        workspace, fraction=0.4, done=1000, total=2500, images_per_second=250.0, eta_seconds=6.0
    )
    app = visit(PAGE)
    assert "1,000 of 2,500 images · 250 images/s · about 6 s left" in words(app)


def test_running__cancel_is_asked_for_and_shown(workspace: Workspace):
    job_id = running_import(workspace)
    app = visit(PAGE)
    press(app, "Cancel")
    assert queue.get_job(workspace, job_id).end_requested == EndRequest.CANCEL
    assert app.button(key=f"cancel-job-{job_id}").label == "Stopping"


def test_failed__the_reason_and_the_next_step_are_shown(workspace: Workspace):
    job_id = running_import(workspace)
    queue.finish(
        workspace,
        queue.get_job(workspace, job_id),
        JobStatus.FAILED,
        error={"message": "The disk is full.", "next_step": "Free some space.", "detail": "ENOSPC"},
    )
    app = visit(PAGE)
    assert "The disk is full. Free some space." in words(app)
    assert app.code[0].value == "ENOSPC"


def test_cancelled__says_that_nothing_was_added(workspace: Workspace):
    job_id = running_import(workspace)
    queue.finish(workspace, queue.get_job(workspace, job_id), JobStatus.CANCELLED)
    assert "Cancelled: nothing was added." in words(visit(PAGE))


@pytest.mark.parametrize("folder", ["pillow_small_dev", "pngsuite_libpng"])
def test_odd_and_broken_images__each_is_taken_or_named(
    workspace: Workspace, shared_data: Callable[[str], Path], folder: str
):
    app = run_import(workspace, shared_data(f"bad_inputs/{folder}"))
    result = queue.list_latest_jobs(workspace)[0].result or {}
    assert result["added"] > 0
    assert sum(int(group.split()[2]) for group in left_out(app)) == result["num_skipped"]
    assert f"{result['added']:,} images added" in words(app)
    assert not app.exception
    assert not app.error
