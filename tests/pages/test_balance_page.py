"""Class balance in each state a person can meet."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.records import Asset
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import balance
from forge_core.catalog.revisions import history
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.predictions.labelling import label_learning_curve
from forge_core.workspace import Workspace
from pages.components import balance_chart
from pages.components.balance import learning_curve_panel
from pages.components.words import data_time, text
from tests import arrange
from tests.pages.visiting import links, press, primary, query_of, visit, words

PAGE = "data/balance.py"


@pytest.fixture
def unsplit(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """30 images of 3 classes in no split."""
    folder = arrange.draw_folder(tmp_path / "drawn", per_class=10)
    arrange.import_folder(sqlite_workspace, folder)
    return arrange.list_all(sqlite_workspace)


@pytest.fixture
def divided(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """42 images of 3 classes: 10 train, 3 val, 1 test each."""
    return arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=10, val=3, test=1)


def bars(app: AppTest) -> list[dict]:
    """The traces of the chart that hold images, with their names."""
    [chart] = app.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    return [trace for trace in figure["data"] if trace.get("customdata")]


def counts(workspace: Workspace) -> dict[str, tuple[int, int, int]]:
    rows = balance.class_balance(workspace).rows
    return {row.label_name: (row.train, row.val, row.test) for row in rows}


def test_empty__leads_to_the_import(sqlite_workspace: Workspace):
    app = visit(PAGE)
    assert "No images yet, so there is nothing to count." in words(app)
    assert [button.label for button in app.button] == ["Import images", "Create class"]
    assert not app.exception


def test_empty__a_class_can_be_created_before_its_images(sqlite_workspace: Workspace):
    app = visit(PAGE)
    app.text_input(key="class:new_name").input("wolf")
    press(app, "Create class")
    assert [label.name for label in classes.list_classes(sqlite_workspace)] == ["wolf"]
    assert "Class 'wolf' is created." in words(app)


def test_unlabelled__there_is_nothing_to_split_and_the_warning_is_a_door(
    sqlite_workspace: Workspace, tmp_path: Path
):
    folder = tmp_path / "loose"
    folder.mkdir()
    for seed in range(3):
        arrange.draw_image("circle", seed).save(folder / f"{seed}.png")
    arrange.import_folder(sqlite_workspace, folder)
    app = visit(PAGE)
    assert "3 images have no label: nothing is learned from them." in words(app)
    assert links(app)["See them"] == "label=none"
    assert "No image has a label yet" in app.info[0].value
    assert primary(app).disabled


def test_filled__bars_are_classes_stacked_by_split(
    divided: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    assert {trace["name"]: trace["x"] for trace in bars(app)} == {
        "train": [10, 10, 10],
        "val": [3, 3, 3],
        "test": [1, 1, 1],
    }
    circle = arrange.class_id(sqlite_workspace, "circle")
    assert bars(app)[0]["customdata"][0][:2] == [str(circle), "train"]
    table = app.dataframe[0].value
    assert list(table["Images"]) == [14, 14, 14]
    assert list(table["Imbalance"]) == [1.0, 1.0, 1.0]
    assert round(table["Share"].sum()) == 100
    assert {metric.label: metric.value for metric in app.metric} == {
        "Images": "42",
        "Classes": "3",
        "Unlabelled": "0",
        "Imbalance in train": "1.0 : 1",
    }


def test_filled__a_bar_has_the_colour_of_its_class(
    divided: list[Asset], sqlite_workspace: Workspace
):
    colors = {label.name: label.color for label in classes.list_classes(sqlite_workspace)}
    outline = bars(visit(PAGE))[0]["marker"]["line"]["color"]
    assert outline == [colors[name] for name in ("circle", "square", "stripe")]


def test_filled__warnings_in_words_lead_to_their_images(
    divided: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    assert "val has 3 images of 'circle': its accuracy can only be 0, 33, 67, 100 %." in words(app)
    circle = arrange.class_id(sqlite_workspace, "circle")
    doors = [query_of(link) for link in app.page_link]
    assert f"label={circle}&split=val" in doors
    assert f"label={circle}&split=test" in doors


def test_filled__order_by_images_puts_the_largest_first(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    arrange.relabel_one(sqlite_workspace, unsplit[0], "square")
    app = visit(PAGE, order="By images")
    assert list(app.dataframe[0].value["Class"]) == ["square", "stripe", "circle"]


def test_split__the_preview_says_what_would_happen_and_changes_nothing(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    table = app.table[0].value
    assert list(table["Now"]) == ["0", "0", "0", "30"]
    assert list(table["After"]) == ["24", "3", "3", "0"]
    assert "30 images move. Smallest: 1 of 'circle' in test." in words(app)
    assert primary(app).label == "Split 30 images"
    assert history.latest_revision_id(sqlite_workspace) == 1


def test_split__is_applied_as_shown_and_undone(unsplit: list[Asset], sqlite_workspace: Workspace):
    app = visit(PAGE, split_train="60", split_val="20", split_test="20", split_seed="7")
    primary(app).click()
    app.run()
    assert counts(sqlite_workspace) == dict.fromkeys(("circle", "square", "stripe"), (6, 2, 2))
    assert "30 images are split 60/20/20 by class." in words(app)
    assert "Divided so already: nothing would move." in words(app)
    assert primary(app).disabled
    press(app, "Undo")
    assert counts(sqlite_workspace) == dict.fromkeys(("circle", "square", "stripe"), (0, 0, 0))
    assert primary(app).label == "Split 30 images"


def test_split__only_images_without_one_leaves_the_others(
    divided: list[Asset], sqlite_workspace: Workspace
):
    moved = [asset for asset in divided if asset.split_type == "train"][:10]
    label_edits.set_split(
        sqlite_workspace, [asset.asset_id for asset in moved], None, actor=Actor("tester")
    )
    app = visit(PAGE)
    assert app.checkbox(key="split_only_new").value
    assert primary(app).label == "Split 10 images"
    app.checkbox(key="split_only_new").uncheck()
    app.run()
    assert primary(app).label != "Split 10 images"


def test_split__what_is_split_already_is_not_split_again_unasked(divided: list[Asset]):
    app = visit(PAGE)
    assert "Every labelled image is in a split." in words(app)
    assert primary(app).disabled


def test_split__parts_that_are_all_zero_are_refused(unsplit: list[Asset]):
    app = visit(PAGE, split_train="0", split_val="0", split_test="0")
    assert "Cannot split 0/0/0. Give parts of 0 or more, such as 80/10/10." in app.error[0].value
    assert primary(app).disabled


def test_rename__follows_on_every_image_and_can_be_undone(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    app.selectbox(key="class:chosen").set_value(arrange.class_id(sqlite_workspace, "circle"))
    app.text_input(key="class:rename_to").input("disc")
    press(app, "Rename")
    assert "'circle' is now called 'disc'." in words(app)
    assert "disc" in list(app.dataframe[0].value["Class"])
    press(app, "Undo")
    assert "circle" in list(app.dataframe[0].value["Class"])


def test_rename__to_a_class_that_exists_is_refused(unsplit: list[Asset]):
    app = visit(PAGE)
    app.text_input(key="class:rename_to").input("square")
    press(app, "Rename")
    assert "cannot be renamed to 'square': that class exists." in words(app)


def test_merge__says_what_becomes_of_the_images_and_is_undone(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    app.selectbox(key="class:chosen").set_value(arrange.class_id(sqlite_workspace, "circle"))
    app.pills(key="class:action").set_value("Merge")
    app.run()
    app.selectbox(key="class:merge_into").set_value(arrange.class_id(sqlite_workspace, "square"))
    app.run()
    assert (
        "'circle' has 10 images (10 not assigned): all become 'square', which then has 20"
        in words(app)
    )
    press(app, "Merge classes")
    assert "'circle' is merged into 'square'." in words(app)
    assert list(app.dataframe[0].value["Class"]) == ["square", "stripe"]
    assert "1 retired class" in [expander.label for expander in app.expander]
    press(app, "Undo")
    assert list(app.dataframe[0].value["Class"]) == ["circle", "square", "stripe"]


def test_retire__asks_for_the_labels_first_and_can_be_brought_back(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    app.pills(key="class:action").set_value("Retire")
    app.run()
    assert app.button(key="class:retire").disabled
    circle = arrange.class_id(sqlite_workspace, "circle")
    app.checkbox(key=f"class:unlabel:{circle}").check()
    app.run()
    press(app, "Retire class")
    assert "'circle' is retired." in words(app)
    assert balance.class_balance(sqlite_workspace).unlabelled.total == 10
    press(app, "Bring back")
    assert "'circle' is in use again." in words(app)
    assert {row.label_name for row in balance.class_balance(sqlite_workspace).rows} == {
        "circle",
        "square",
        "stripe",
    }


def test_look__colour_key_and_description_are_saved(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE)
    app.pills(key="class:action").set_value("Look")
    app.run()
    circle = arrange.class_id(sqlite_workspace, "circle")
    app.color_picker(key=f"class:color:{circle}").set_value("#112233")
    app.selectbox(key=f"class:key:{circle}").set_value("w")
    app.text_area(key=f"class:description:{circle}").input("round things")
    press(app, "Save")
    assert "The look of 'circle' is changed." in words(app)
    changed = classes.get_class(sqlite_workspace, "circle")
    assert (changed.color, changed.hotkey, changed.description) == (
        "#112233",
        "w",
        "round things",
    )


def test_split__by_numbers_of_images(unsplit: list[Asset], sqlite_workspace: Workspace):
    app = visit(PAGE, split_unit="Images", split_val_images="6", split_test_images="3")
    assert list(app.table[0].value["After"]) == ["21", "6", "3", "0"]
    primary(app).click()
    app.run()
    assert "30 images are split rest/6/3 by class." in words(app)
    assert counts(sqlite_workspace)["circle"] == (7, 2, 1)


def test_split__more_images_than_there_are_is_refused(unsplit: list[Asset]):
    app = visit(PAGE, split_unit="Images", split_val_images="60")
    assert "160 images were asked for, 30 can be divided." in words(app)
    assert primary(app).disabled


def test_split__groups_by_path_stay_whole_and_what_is_uneven_is_said(
    unsplit: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE, split_together="Path", split_path=r"(circle|square|stripe)_")
    assert "3 groups are kept whole, the largest of 10." in words(app)
    assert "train gets 33.3 % instead of 80.0 %: groups are kept whole" in words(app)
    primary(app).click()
    app.run()
    assert sorted(counts(sqlite_workspace).values()) == [(0, 0, 10), (0, 10, 0), (10, 0, 0)]


def test_split__a_wrong_path_expression_is_said(unsplit: list[Asset]):
    app = visit(PAGE, split_together="Path", split_path="(")
    assert "is not a regular expression" in words(app)
    assert primary(app).disabled


def test_leaks__images_of_one_group_in_two_splits_are_counted(
    divided: list[Asset], sqlite_workspace: Workspace
):
    with sqlite_workspace.database.write() as uow:
        ids = [divided[0].asset_id, divided[-1].asset_id]
        arrange.set_columns(uow, ids, group_key="patient 7")
    assert divided[0].split_type != divided[-1].split_type
    label_edits.set_split(sqlite_workspace, [divided[1].asset_id], None, actor=Actor("tester"))
    assert "share 1 group of 2 images: the same group key." in words(visit(PAGE))


def test_names_of_classes_are_shown_as_they_are(sqlite_workspace: Workspace, tmp_path: Path):
    arrange.import_folder(
        sqlite_workspace, arrange.draw_folder(tmp_path / "odd", ("*bold*", "$x$"), per_class=2)
    )
    app = visit(PAGE)
    assert any(r"'\$x\$'" in line.value for line in (*app.markdown, *app.caption))
    assert list(app.dataframe[0].value["Class"]) == ["$x$", "*bold*"]


def test_chart__no_split_and_held_out_have_patterns_and_markup_is_escaped():
    row = balance.BalanceRow(
        label_id=1, label_name="<b>x", color="#0072B2", train=1, val=0, test=0, held_out=2, none=3
    )
    figure = balance_chart.draw([row])
    parts = {trace.name: trace for trace in figure.data if trace.customdata is not None}
    assert set(parts) == {"train", "kept aside", "not assigned"}
    assert parts["not assigned"].marker.pattern.shape == "/"
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;x",)


@pytest.mark.process
@pytest.mark.usefixtures("real_weights")
def test_outlook__says_what_more_labels_would_bring(catalog: Workspace):
    app = visit(PAGE)
    app.button(key="outlook_draw").click().run()
    job = label_learning_curve.find_job(catalog)
    assert job is not None
    done = queue.wait_until_finished(catalog, job.job_id, timeout_seconds=240)
    assert done.status == "succeeded", done.error
    app = visit(PAGE)
    said = words(app)
    curve = label_learning_curve.read_result(done)
    assert learning_curve_panel.describe(curve.overall) in said
    assert "on features of mobilenet_v2" in said
    (table,) = [frame.value for frame in app.dataframe if "Gain, points" in frame.value]
    assert table["Class"].tolist() == [entry.name for entry in curve.classes]
    assert app.button(key="outlook_draw").label == "Draw it again"
    drawn = history.latest_revision_id(catalog)
    assert "Data of " in said
    told = data_time.describe(catalog, drawn)
    assert f"{text.capital(told)}, " in said
    moved = arrange.list_all(catalog)[0].asset_id
    label_edits.set_split(catalog, [moved], "held_out", actor=Actor("tester"))
    now = data_time.describe(catalog, drawn + 1)
    assert f"{text.capital(told)}; the catalog has {now}, " in words(visit(PAGE))


def test_outlook__without_weights_says_what_to_do(
    catalog: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "none"))
    app = visit(PAGE)
    app.button(key="outlook_draw").click().run()
    assert "none are here" in words(app)
