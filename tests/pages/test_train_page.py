"""The Train page in each state that a person can meet."""

from dataclasses import asdict
from pathlib import Path

import pytest

from db.enums import JobStatus, RunStatus
from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.catalog.editing import classes, label_edits
from forge_core.jobs import queue, supervision
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import launch, lr_finder, saved_presets
from forge_core.training import options
from forge_core.training.config import TrainConfig
from forge_core.training.diagnostics.lr_range_test import RateCurve, RatePoint
from forge_core.workspace import Workspace
from pages.components.augmentation import state
from pages.components.train import chosen
from pages.components.words import data_time
from tests import arrange, ending
from tests.pages.visiting import figures, labels_of_buttons, press, visit, words

PAGE = "training/train.py"


def config_of_run(workspace: Workspace, run_id: int) -> TrainConfig:
    return TrainConfig.from_dict(dict(records.get_run(workspace, run_id).config))


def test_no_images__says_so_and_offers_the_import(sqlite_workspace: Workspace):
    app = visit(PAGE)
    assert "No images yet. A run learns from labelled images: import some first." in words(app)
    assert labels_of_buttons(app) == ["Import images"]
    assert not app.exception


def test_no_labels__says_what_is_missing_and_cannot_start(
    sqlite_workspace: Workspace, tmp_path: Path
):
    flat = tmp_path / "flat"
    flat.mkdir()
    for seed in range(3):
        arrange.draw_image("circle", seed).save(flat / f"{seed}.png")
    arrange.import_folder(sqlite_workspace, flat)
    app = visit(PAGE)
    assert "None of 3 images has a label." in words(app)
    assert app.button(key="page_frame_action").disabled
    assert "Split and continue" not in labels_of_buttons(app)


def test_no_validation_split__splits_by_class_and_goes_on(
    sqlite_workspace: Workspace, tmp_path: Path
):
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=20, val=0, test=0)
    app = visit(PAGE)
    assert app.warning[0].value == (
        "0 images are in validation, so nothing can be measured. Split 80/10/10 by class now?"
    )
    assert app.button(key="page_frame_action").disabled
    assert not app.selectbox
    app = press(app, "Split and continue")
    assert figures(app)["train"] == "48"
    assert figures(app)["val"] == "6"
    assert figures(app)["test"] == "6"
    assert not app.button(key="page_frame_action").disabled
    assert not app.error


def test_no_training_split__is_offered_the_same(sqlite_workspace: Workspace, tmp_path: Path):
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn", per_class=10)
    app = visit(PAGE)
    assert "0 images are in train, so nothing can be learned." in words(app)
    app = press(app, "Split and continue")
    assert figures(app)["train"] == "24"


def test_one_class__cannot_start(sqlite_workspace: Workspace, tmp_path: Path):
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", ["circle"], train=6, val=2)
    app = visit(PAGE)
    assert "needs at least 2" in words(app)
    assert app.button(key="page_frame_action").disabled


def test_ready__recommends_with_reasons(catalog: Workspace):
    app = visit(PAGE)
    assert app.selectbox(key=chosen.ARCHITECTURE_KEY).value == "forge_cnn"
    said = words(app)
    assert "Recommended. ForgeCNN" in said
    assert "48 images of 24 px, too small for ImageNet weights" in said
    assert f"3 classes, {data_time.describe(catalog, 1)}. Left out: nothing." in said
    assert "GiB free" in app.selectbox(key="train_device").options[0]
    assert "An epoch shows each image once: 16 of each class." in said
    assert "from a few steps measured here" in said
    assert app.get("plotly_chart")
    assert not app.error
    assert not app.exception


@pytest.mark.parametrize("is_wanted", [True, False])
def test_ready__a_process_is_prepared_for_the_run(
    catalog: Workspace, monkeypatch: pytest.MonkeyPatch, is_wanted: bool
):
    monkeypatch.setenv("FORGE_KEEP_SPARE_WORKER", str(is_wanted))
    asked: list[dict[str, object]] = []
    monkeypatch.setattr(
        supervision, "ensure_supervisor", lambda _, **options: asked.append(options)
    )
    visit(PAGE)
    assert bool(asked) == is_wanted
    assert all(options == {"replace": False} for options in asked)


def test_imbalance__is_told_in_words_and_balanced_unless_turned_off(
    sqlite_workspace: Workspace, tmp_path: Path
):
    folder = tmp_path / "drawn"
    arrange.draw_folder(folder, ("square",), splits={"train": 24, "val": 3})
    arrange.draw_folder(folder, ("circle",), splits={"train": 6, "val": 3})
    arrange.import_folder(sqlite_workspace, folder)
    app = visit(PAGE)
    assert "'square' has 4.0 times the images of 'circle' (24 and 6)" in words(app)
    assert app.toggle(key="train_balanced").value is True
    assert "Each class is drawn about 15 times an epoch" in words(app)
    assert "the largest class has 4.0 times the images" in words(app)
    app.toggle(key="train_balanced").set_value(False).run()
    assert "An epoch shows each image once: 6 (circle) to 24 (square) of a class." in words(app)
    press(app, "Start training")
    assert config_of_run(sqlite_workspace, 1).balanced_sampling is False
    ending.end_jobs(sqlite_workspace)


def test_left_out__is_counted(catalog: Workspace):
    assets = arrange.list_all(catalog)
    label_edits.relabel(catalog, [assets[0].asset_id], None, actor=Actor("tester"))
    label_edits.set_split(catalog, [assets[1].asset_id], "held_out", actor=Actor("tester"))
    label_edits.set_split(catalog, [assets[2].asset_id], None, actor=Actor("tester"))
    said = words(visit(PAGE))
    assert (
        f"{data_time.describe(catalog, 4)}. Left out: 1 without a label, "
        "1 not assigned to a split, 1 kept aside."
    ) in said


@pytest.mark.process
def test_start__queues_the_run_as_shown_and_opens_it(catalog: Workspace):
    app = visit(PAGE)
    app.number_input(key="train_forge_cnn_scratch_scratch_epochs").set_value(3)
    app.number_input(key="train_seed").set_value(7)
    app.text_input(key="train_name").set_value("first try")
    app = press(app, "Start training")
    run = records.get_run(catalog, 1)
    config = config_of_run(catalog, 1)
    assert (run.name, run.author, run.revision_id) == ("first try", "tester", 1)
    assert (config.scratch_epochs, config.seed, config.architecture) == (3, 7, "forge_cnn")
    assert config.device == "cpu" or config.device.startswith("cuda")
    assert app.title[0].value == "Run 1 · first try"
    assert app.query_params["run"] in ("1", ["1"])
    launch.cancel_run(catalog, 1)


def test_pretrained__shows_both_stages_and_weights_that_are_not_here(
    catalog: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-weights"))
    app = visit(PAGE)
    app.selectbox(key=chosen.ARCHITECTURE_KEY).select("efficientnet_b2").run()
    said = words(app)
    assert "The ImageNet weights of efficientnet_b2 are not in the local cache" in said
    assert "efficientnet_b2 from scratch (needs far more images)" in said
    key = "train_efficientnet_b2_pretrained"
    assert app.number_input(key=f"{key}_warmup_epochs").value == 5
    assert app.number_input(key=f"{key}_backbone_lr").value == 1e-4
    app.segmented_control(key=f"{key}_recipe_Recommended").select("By the book").run()
    assert app.number_input(key=f"{key}_backbone_lr").value == 1e-5
    assert not app.toggle(key=f"{key}_keep_statistics").value
    app = press(app, "Train from scratch")
    assert app.number_input(key="train_efficientnet_b2_scratch_scratch_epochs").value == 40
    assert "not in the local cache" not in words(app)


@pytest.mark.usefixtures("real_weights")
def test_pretrained__cached_weights_are_offered_instead(catalog: Workspace):
    app = visit(PAGE)
    app.selectbox(key=chosen.ARCHITECTURE_KEY).select("resnet18").run()
    assert "train mobilenet_v2 (cached), or resnet18 from scratch" in words(app)
    app = press(app, "Use MobileNetV2")
    assert app.selectbox(key=chosen.ARCHITECTURE_KEY).value == "mobilenet_v2"
    assert "not in the local cache" not in words(app)
    assert "Estimate the time" in labels_of_buttons(app)


def test_all_layers_at_once__has_one_stage(
    catalog: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-weights"))
    app = visit(PAGE)
    app.selectbox(key=chosen.ARCHITECTURE_KEY).select("resnet18").run()
    app.toggle(key="train_resnet18_all_layers").set_value(True).run()
    names = [box.label for box in app.number_input]
    assert "Epochs of all layers" in names
    assert "Warm-up epochs" not in names
    press(app, "Start training")
    assert config_of_run(catalog, 1).train_all_layers is True
    launch.cancel_run(catalog, 1)


def test_augmentation_page__its_choice_is_preset(catalog: Workspace):
    app = visit(PAGE)
    parameters = AugmentationParameters(rotation_degrees=33)
    app.session_state[state.RUN_KEY] = {
        "preset": "medical",
        "augmentation": parameters.to_dict(),
        "preset_name": "",
    }
    app.run()
    box = next(box for box in app.selectbox if box.label == "Augmentation")
    assert box.options[box.index] == "Medical images, as set on the Augmentation page"
    press(app, "Start training")
    assert config_of_run(catalog, 1).augmentation == parameters
    assert config_of_run(catalog, 1).preset == "medical"
    launch.cancel_run(catalog, 1)


def test_augmentation_page__its_fit_network_and_size_are_taken_once(catalog: Workspace):
    app = visit(PAGE)
    assert app.selectbox(key="train_forge_cnn_scratch_fit").value == "crop"
    app.session_state[state.RUN_KEY] = {
        "preset": "medical",
        "augmentation": PRESETS["medical"].parameters.to_dict(),
        "preset_name": "",
        "fit": "pad",
        "architecture": "forge_cnn_wide",
        "input_size": 48,
    }
    app.run()
    assert app.selectbox(key=chosen.ARCHITECTURE_KEY).value == "forge_cnn_wide"
    assert app.selectbox(key="train_forge_cnn_wide_scratch_fit").value == "pad"
    assert app.number_input(key="train_forge_cnn_wide_input_size").value == 48
    app.selectbox(key=chosen.ARCHITECTURE_KEY).select("forge_cnn").run()
    assert app.selectbox(key="train_forge_cnn_scratch_fit").value == "pad"
    press(app, "Start training")
    config = config_of_run(catalog, 1)
    assert (config.architecture, config.fit) == ("forge_cnn", "pad")
    launch.cancel_run(catalog, 1)


def test_augmentation_page__a_size_that_the_network_cannot_have_is_brought_into_its_range(
    catalog: Workspace,
):
    app = visit(PAGE)
    app.session_state[state.RUN_KEY] = {
        "preset": "medical",
        "augmentation": PRESETS["medical"].parameters.to_dict(),
        "preset_name": "",
        "fit": "crop",
        "architecture": None,
        "input_size": 999_999,
    }
    app.run()
    assert app.number_input(key="train_forge_cnn_input_size").value == 1024
    assert not app.exception


def test_unsafe_preset__is_warned_of_under_the_choice(sqlite_workspace: Workspace, tmp_path: Path):
    arrange.make_catalog(
        sqlite_workspace, tmp_path / "drawn", ["arrow left", "arrow right"], train=10, val=3
    )
    app = visit(PAGE)
    box = next(box for box in app.selectbox if box.label == "Augmentation")
    box.select("Natural photos").run()
    swap = "left and right swap; your classes include 'arrow left'"
    assert any(swap in warning.value for warning in app.warning)
    box = next(box for box in app.selectbox if box.label == "Augmentation")
    box.select("Medical images").run()
    assert not any(swap in warning.value for warning in app.warning)
    app.session_state[state.RUN_KEY] = {
        "preset": "medical",
        "augmentation": AugmentationParameters(rotation_degrees=180).to_dict(),
        "preset_name": "",
    }
    app.run()
    assert any("Rotation up to 180 degrees" in warning.value for warning in app.warning)


def test_own_preset__is_offered_and_the_run_remembers_its_name(catalog: Workspace):
    parameters = AugmentationParameters(rotation_degrees=33)
    saved_presets.save_preset(catalog, "Tilted", parameters, based_on="aerial", actor=Actor("ana"))
    app = visit(PAGE)
    box = next(box for box in app.selectbox if box.label == "Augmentation")
    box.select("Tilted").run()
    assert "Saved by ana, made from Aerial and satellite." in words(app)
    press(app, "Start training")
    config = config_of_run(catalog, 1)
    assert (config.preset, config.augmentation, config.preset_name) == (
        "aerial",
        parameters,
        "Tilted",
    )
    launch.cancel_run(catalog, 1)


def test_numbers_that_do_not_fit__are_told_and_nothing_starts(catalog: Workspace):
    app = visit(PAGE)
    app.number_input(key="train_forge_cnn_scratch_min_lr").set_value(5.0)
    app = press(app, "Start training")
    assert "min_lr is 5, above the learning rate 0.002" in words(app)
    assert not app.exception
    assert records.list_runs(catalog) == []


def test_advanced__is_searched_by_name_and_keeps_what_it_hides(catalog: Workspace):
    app = visit(PAGE)
    prefix = "train_forge_cnn_scratch_"
    app.number_input(key=f"{prefix}mixup_alpha").set_value(0.2)
    app.selectbox(key=f"{prefix}optimizer").select("sgd").run()
    app.text_input(key="train_advanced_search").set_value("decay").run()
    shown = {box.key for box in (*app.number_input, *app.toggle) if box.key}
    assert f"{prefix}weight_decay" in shown
    assert f"{prefix}decay_norm_and_bias" in shown
    assert f"{prefix}mixup_alpha" not in shown
    assert "Pulls weights towards 0, against learning by heart. Default: 0.0001." in words(app)
    app.text_input(key="train_advanced_search").set_value("warp drive").run()
    assert "No option is about warp drive." in words(app)
    press(app, "Start training")
    config = config_of_run(catalog, 1)
    assert (config.mixup_alpha, config.optimizer) == (0.2, "sgd")
    launch.cancel_run(catalog, 1)


def test_advanced__shows_every_option_that_the_stages_use(catalog: Workspace):
    app = visit(PAGE)
    keys = {box.key for box in (*app.number_input, *app.toggle, *app.selectbox)}
    for option in options.OPTIONS:
        name = "train_seed" if option.name == "seed" else f"train_forge_cnn_scratch_{option.name}"
        assert (name in keys) == ("scratch" in option.stages), option.name


def test_a_like_run_before__says_how_long_it_takes(finished_workspace: Workspace):
    app = visit(PAGE)
    app.number_input(key="train_forge_cnn_input_size").set_value(16)
    app.number_input(key="train_forge_cnn_scratch_batch_size").set_value(8).run()
    assert "as fast as run 1" in words(app)
    assert records.get_run(finished_workspace, 1).status == RunStatus.SUCCEEDED


def test_names_with_markup__are_shown_as_they_are(sqlite_workspace: Workspace, tmp_path: Path):
    arrange.make_catalog(sqlite_workspace, tmp_path / "drawn", train=6, val=2)
    label = classes.list_classes(sqlite_workspace)[0]
    classes.rename_class(sqlite_workspace, label.label_id, "**<b>$x$", actor=Actor("tester"))
    app = visit(PAGE)
    assert not app.exception
    raw = "\n".join(element.value for element in (*app.markdown, *app.caption, *app.warning))
    assert "**<b>$x$" in words(app)
    assert "**<b>" not in raw


@pytest.mark.process
def test_learning_rate__is_searched_and_taken_with_one_click(catalog: Workspace):
    config = TrainConfig(
        architecture="forge_cnn",
        input_size=32,
        preset="natural",
        scratch_epochs=30,
        scratch_lr=2e-3,
        label_smoothing=0.1,
        device="cpu",
    )
    app = visit(PAGE)
    app = press(app, "Search")
    job = queue.find_latest_job(catalog, lr_finder.KIND)
    assert job is not None
    assert TrainConfig.from_dict(job.payload["config"]).architecture == config.architecture
    ending.end_jobs(catalog)
    curve = RateCurve(
        stage="scratch",
        field="scratch_lr",
        points=tuple(
            RatePoint(rate=10.0**power, loss=2.0, smoothed_loss=2.0) for power in (-5, -3, -1)
        ),
        suggested=0.0042,
        changes={"scratch_lr": 0.0042},
        current=0.002,
    )
    with catalog.database.write() as uow:
        uow.jobs.update_if(
            job.job_id,
            tuple(JobStatus),
            status=JobStatus.SUCCEEDED,
            result={"curve": asdict(curve)},
            error=None,
        )
    app = visit(PAGE)
    assert "Learning rate: 4.2e-03 suggested, 2.0e-03 now." in words(app).replace("**", "")
    app = press(app, "Use 4.2e-03")
    assert "In use" in labels_of_buttons(app)
    app = press(app, "Start training")
    assert config_of_run(catalog, 1).scratch_lr == 0.0042
    ending.end_jobs(catalog)
