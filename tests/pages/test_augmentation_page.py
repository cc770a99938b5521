"""Augmentation in each state a person can meet."""

from pathlib import Path

import pytest

from db.records import Asset
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.jobs import queue
from forge_core.predictions import augmentation_check
from forge_core.runs.starting import saved_presets
from forge_core.workspace import Workspace
from pages.components import image_strip
from pages.components.augmentation import state
from tests import arrange
from tests.forge_core.runs.test_records import counted_statements
from tests.pages.visiting import links, press, primary, visit, words

PAGE = "training/augmentation.py"
RUN_KEY = state.RUN_KEY


@pytest.fixture
def assets(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 images of 24 px, 3 classes."""
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    return arrange.list_all(sqlite_workspace)


def pictures(app) -> list[str]:
    """What the pictures beside the strip show, and their addresses, which name their bytes."""
    shown = [image.proto.imgs[0] for image in app.image]
    return [picture.url for picture in shown if "sees" in picture.alt or picture.alt == "Original"]


def test_empty__leads_to_the_import(sqlite_workspace: Workspace):
    app = visit(PAGE)
    assert "No images yet, so there is nothing to augment." in words(app)
    assert [button.label for button in app.button] == ["Import images"]


def test_filled__shows_original_validation_and_training(assets: list[Asset]):
    app = visit(PAGE)
    said = words(app)
    assert "**Original**" in said
    assert "**Validation sees**" in said
    assert "**Training sees**" in said
    assert "24 × 24 px" in said
    assert "Short side to 32 px, centre 32 × 32 px, bilinear" in said
    assert "epoch 12" in said
    assert len(pictures(app)) == 14
    assert app.segmented_control(key="augmentation:preset").value == "natural"
    assert not app.exception


def test_filled__classes_named_like_digits_start_with_the_text_preset(
    sqlite_workspace: Workspace, tmp_path: Path
):
    arrange.import_folder(
        sqlite_workspace, arrange.draw_folder(tmp_path / "digits", ("0", "1", "2"))
    )
    app = visit(PAGE)
    assert app.segmented_control(key="augmentation:preset").value == "text"


def test_link__opens_the_image_preset_numbers_and_seed_that_it_names(assets: list[Asset]):
    app = visit(
        PAGE,
        asset=str(assets[5].asset_id),
        preset="medical",
        seed="3",
        network="resnet18",
        size="64",
        **{"with": "brightness:0.4"},
    )
    assert app.slider(key="augmentation:brightness").value == 0.4
    assert app.slider(key="augmentation:rotation_degrees").value == 10
    assert app.number_input(key="augmentation:seed").value == 3
    assert "Short side to 73 px, centre 64 × 64 px, bilinear" in words(app)
    assert f"{assets[5].label_name} · 24 × 24 px" in words(app)


def test_link__an_image_that_is_gone_is_an_error_and_another_one_is_shown(assets: list[Asset]):
    app = visit(PAGE, asset="00000000-0000-0000-0000-000000000000")
    assert "There is no image 00000000" in app.error[0].value
    assert len(pictures(app)) == 14


def test_link__numbers_that_cannot_be_fall_back_to_the_preset(assets: list[Asset]):
    app = visit(PAGE, preset="medical", **{"with": "brightness:900,nonsense:1,hue:x"})
    assert app.slider(key="augmentation:brightness").value == 0.15
    assert not app.error


def test_slider__redraws_training_only_and_enters_the_address(assets: list[Asset]):
    app = visit(PAGE)
    before = pictures(app)
    app.slider(key="augmentation:rotation_degrees").set_value(90.0)
    app.run()
    after = pictures(app)
    assert after[:2] == before[:2]
    assert set(after[2:]).isdisjoint(before[2:])
    assert app.query_params["with"] == "rotation_degrees:90"
    press(app, "Undo 1 change")
    assert pictures(app) == before


def test_seed__the_same_seed_gives_the_same_variants(assets: list[Asset]):
    first, other = visit(PAGE, seed="1"), visit(PAGE, seed="2")
    assert pictures(first) == pictures(visit(PAGE, seed="1"))
    assert pictures(first)[2:] != pictures(other)[2:]


def test_fit__pad_shows_the_whole_of_a_long_image(assets: list[Asset]):
    app = visit(PAGE)
    app.segmented_control(key="augmentation:fit").select("pad").run()
    assert app.query_params["fit"] == "pad"
    assert "Long side to 32 px, padded to 32 × 32 px, bilinear" in words(app)


def test_preset__sets_every_number(assets: list[Asset]):
    app = visit(PAGE, **{"with": "brightness:0.9"})
    app.segmented_control(key="augmentation:preset").set_value("aerial")
    app.run()
    assert app.slider(key="augmentation:vertical_flip").value == 0.5
    assert app.slider(key="augmentation:rotation_degrees").value == 90
    assert app.slider(key="augmentation:brightness").value == 0.2


def test_warning__flips_and_classes_that_tell_left_from_right(
    sqlite_workspace: Workspace, tmp_path: Path
):
    folder = arrange.draw_folder(tmp_path / "lungs", ("left lung", "right lung"), per_class=2)
    arrange.import_folder(sqlite_workspace, folder)
    app = visit(PAGE, preset="natural")
    assert "left and right swap; your classes include 'left lung'" in app.warning[0].value
    assert not visit(PAGE, preset="medical").warning


def test_strip__is_read_at_once_without_what_was_removed(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    members = image_strip.list_strip(sqlite_workspace, 0)
    with counted_statements(sqlite_workspace) as statements:
        assert image_strip.list_strip(sqlite_workspace, 0) == members
    assert len(members) == 9
    assert len(statements) == 3  # two ask for the newest revision
    gone = members[4].asset_id
    label_edits.remove_assets(sqlite_workspace, [gone], actor=arrange.ACTOR)
    assert gone not in {asset.asset_id for asset in image_strip.list_strip(sqlite_workspace, 0)}


def test_strip__offers_nine_and_others(assets: list[Asset]):
    app = visit(PAGE)
    tiles = [button for button in app.button if (button.key or "").startswith("pick-")]
    assert len(tiles) == 9
    chosen = tiles[4].label
    tiles[4].click()
    app.run()
    assert app.query_params["asset"]
    assert any(chosen.split(",")[0] in line for line in words(app).splitlines())
    press(app, "Others")
    assert "asset" not in app.query_params
    assert app.query_params["strip"] == "1"


def test_use_in_the_next_run__keeps_plain_values_for_the_train_page(assets: list[Asset]):
    app = visit(PAGE, preset="medical", **{"with": "contrast:0.5"})
    primary(app).click()
    app.run()
    kept = app.session_state[RUN_KEY]
    assert kept["preset"] == "medical"
    expected = PRESETS["medical"].parameters.to_dict() | {"contrast": 0.5}
    assert AugmentationParameters.from_dict(kept["augmentation"]).to_dict() == expected
    assert primary(app).label == "Kept for the next run"


def test_use_in_the_next_run__keeps_the_fit_and_what_was_chosen_of_the_network(
    assets: list[Asset],
):
    app = visit(PAGE, fit="pad", network="resnet18", size="96")
    primary(app).click()
    app.run()
    kept = app.session_state[RUN_KEY]
    assert (kept["fit"], kept["architecture"], kept["input_size"]) == ("pad", "resnet18", 96)
    app.query_params["fit"] = "crop"
    app.run()
    assert primary(app).label == "Use in the next run"
    app = visit(PAGE)
    primary(app).click()
    app.run()
    kept = app.session_state[RUN_KEY]
    assert (kept["fit"], kept["architecture"], kept["input_size"]) == ("crop", None, None)


def test_pretrained__says_what_its_warm_up_sees_of_the_pictures(assets: list[Asset]):
    said = "warm-up usually sees two of these"
    assert said in words(visit(PAGE, network="resnet18"))
    assert said not in words(visit(PAGE, network="forge_cnn"))


def test_own_preset__is_saved_chosen_changed_and_removed(
    assets: list[Asset], sqlite_workspace: Workspace
):
    app = visit(PAGE, preset="medical", **{"with": "contrast:0.5"})
    box = next(box for box in app.text_input if box.label == "Keep these numbers as")
    box.set_value("Old *scans*")
    press(app, "Save preset")
    assert app.query_params["preset"] == "Old *scans*"
    assert "with" not in app.query_params
    assert app.segmented_control(key="augmentation:preset").value == "Old *scans*"
    assert "Saved by tester, made from Medical images." in words(app)
    kept = saved_presets.find_preset(sqlite_workspace, "old *scans*")
    assert kept.parameters.to_dict() == PRESETS["medical"].parameters.to_dict() | {"contrast": 0.5}
    primary(app).click()
    app.run()
    assert app.session_state[RUN_KEY]["preset_name"] == "Old *scans*"
    assert app.session_state[RUN_KEY]["preset"] == "medical"

    app = visit(PAGE, preset="Old *scans*", **{"with": "contrast:0.7"})
    press(app, "Save preset")  # under its own name: it takes the new number
    assert saved_presets.find_preset(sqlite_workspace, "Old *scans*").parameters.contrast == 0.7
    press(app, "Remove")
    assert "Old *scans*" not in saved_presets.all_presets(sqlite_workspace)
    assert app.query_params["preset"] == "medical"
    assert app.query_params["with"] == "contrast:0.7"
    assert not app.exception


def test_own_preset__a_name_of_the_product_is_refused(assets: list[Asset]):
    app = visit(PAGE, preset="medical", **{"with": "contrast:0.5"})
    box = next(box for box in app.text_input if box.label == "Keep these numbers as")
    box.set_value("natural")
    press(app, "Save preset")
    assert "'natural' is a preset of the product." in words(app)


def test_coming_back__the_last_choice_is_still_there(assets: list[Asset]):
    app = visit(PAGE, preset="aerial", seed="5")
    app.switch_page("data/balance.py").run()
    app.query_params.clear()
    app.switch_page(PAGE).run()
    assert app.segmented_control(key="augmentation:preset").value == "aerial"
    assert app.number_input(key="augmentation:seed").value == 5


def test_broken_file__says_so_and_leaves_the_strip(
    assets: list[Asset], sqlite_workspace: Workspace
):
    sqlite_workspace.store.write(assets[0].file_path, b"no longer a picture")
    app = visit(PAGE, asset=str(assets[0].asset_id))
    assert len(app.error) == 1
    assert any((button.key or "").startswith("pick-") for button in app.button)


def test_risk__needs_a_trained_run(assets: list[Asset]):
    assert "Train a run first" in words(visit(PAGE))


@pytest.mark.process
def test_risk__asks_a_run_and_says_what_changes_its_answers(finished_workspace: Workspace):
    app = visit(PAGE, preset="natural")
    press(app, "Check")
    parameters = PRESETS["natural"].parameters
    job = augmentation_check.find_job(finished_workspace, 1, parameters)
    assert job is not None
    queue.wait_until_finished(finished_workspace, job.job_id, timeout_seconds=120)
    app = visit(PAGE, preset="natural")
    (table,) = [frame.value for frame in app.dataframe]
    risks = augmentation_check.check_run(finished_workspace, 1, parameters)
    assert table["Answer changes"].tolist() == [100 * risk.share_changed for risk in risks]
    assert table["Augmentation"].tolist()[-1] == "All together"
    assert "validation image" in words(app)
    assert "Check again" in [button.label for button in app.button]
    # Other numbers have not been asked about.
    assert not visit(PAGE, preset="natural", **{"with": "hue:0.2"}).dataframe


@pytest.mark.process
def test_copies__are_counted_and_written_by_a_job(catalog: Workspace):
    app = visit(PAGE, preset="text", size="32")
    app.number_input(key="augmentation:copies_number").set_value(2).run()
    assert app.button(key="augmentation:copies").label == "Write 96 copies"
    press(app, "Write 96 copies")
    (job,) = queue.list_latest_jobs(catalog)
    assert queue.wait_until_finished(catalog, job.job_id, timeout_seconds=120).result["added"] == 96
    app = visit(PAGE)
    assert "Written last: 96 copies of 48 images" in words(app)
    assert links(app)["Augmented copies"] == "augmented=yes"
    assert asset_list.totals(catalog).augmented == 96


def test_copies__nothing_in_train_is_said(assets: list[Asset]):
    app = visit(PAGE)
    assert app.button(key="augmentation:copies").disabled
    assert "0 labelled images in train match" in words(app)
