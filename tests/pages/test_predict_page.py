"""The Predict page in each state that a person can meet."""

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from db.enums import RegistryAction
from forge_core import file_hashes
from forge_core.catalog.revisions import history
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import ClassProbability
from forge_core.inference.predictor import Predictor
from forge_core.jobs import queue
from forge_core.models.checkpoints.decision_rule import Decision
from forge_core.predictions.calibration import deciding, recording
from forge_core.registry import entries
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components.predict import answer_views, answers, beside, probability_bars, verdicts
from pages.components.predict.answers import NamedFile
from pages.components.words import text
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.models.checkpoints import altered
from tests.pages.visiting import labels_of_buttons, press, visit, words

PAGE = "models/predict.py"
BATCH = 40


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def drop(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Drop files as from the desktop."""
    box = app.get("file_uploader")[0]
    box.set_value([(name, data, "application/octet-stream") for name, data in files])
    return app.run()


def bars(app: AppTest) -> list[str]:
    return [b.label for b in app.button if (b.key or "").startswith("predict_bar_")]


@pytest.fixture
def predictor(finished_workspace: Workspace) -> Predictor:
    return Predictor.load(checkpoints.checkpoint_path(finished_workspace, 1), "cpu")


def test_no_run_and_no_images__leads_to_the_import(sqlite_workspace: Workspace):
    app = visit(PAGE)
    assert "No network yet. Import images, then train a run: it answers here." in words(app)
    assert labels_of_buttons(app) == ["Import images"]


def test_no_run__leads_to_train(catalog: Workspace):
    app = visit(PAGE)
    assert "Train a run first; its best weights answer here." in words(app)
    app = press(app, "Train a run first")
    assert app.title[0].value == "Train"


def test_nothing_dropped__the_checkpoint_in_use_is_ready(finished_workspace: Workspace):
    app = visit(PAGE)
    (chosen,) = app.selectbox[0].options
    assert chosen.startswith("Run 1 · ForgeCNN, from scratch · ")
    assert app.segmented_control(key="predict_kind").value == "best"
    assert labels_of_buttons(app) == []
    assert "Run 1, best weights: the only run" in words(app)
    assert not app.error


def test_one_picture__bars_latency_and_size(finished_workspace: Workspace):
    image = arrange.draw_image("stripe", 901)
    app = drop(visit(PAGE), ("one.png", png(image)))
    predictor = Predictor.load(checkpoints.checkpoint_path(finished_workspace, 1), "cpu")
    expected = predictor.predict(png(image))
    best = expected.probabilities[0]
    assert bars(app)[0] == f"**{best.label_name} · {text.probability(best.probability)}**"
    assert len(bars(app)) == 3
    assert "24 × 24 px" in words(app)
    assert " ms · " in words(app)
    app.number_input(key="predict_threshold").set_value(0).run()
    assert app.header[0].value == best.label_name
    assert not app.exception


def test_an_older_checkpoint__answers_with_a_note(finished_workspace: Workspace):
    path = checkpoints.checkpoint_path(finished_workspace, 1)
    altered.make_old(path)
    with finished_workspace.database.write() as uow:
        for found in uow.checkpoints.list_of_run(1):
            if found.kind == "best":
                uow.checkpoints.add(replace(found, content_hash=file_hashes.hash_file(path)))
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("stripe", 903))))
    assert "best.safetensors was saved by an older version" in words(app)
    assert bars(app)


def test_below_the_threshold__it_is_not_sure(finished_workspace: Workspace):
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("stripe", 902))))
    app.number_input(key="predict_threshold").set_value(100).run()
    assert app.header[0].value == "Not sure"
    assert "below the 100 % that counts as sure" in words(app)


def test_right__names_the_class_where_the_answer_names_none(finished_workspace: Workspace):
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("stripe", 904))))
    best = bars(app)[0].strip("*").split(" · ")[0]
    app.number_input(key="predict_threshold").set_value(0).run()
    assert app.button(key="predict_right").label == "Right"
    app.number_input(key="predict_threshold").set_value(100).run()
    assert app.header[0].value == "Not sure"
    assert app.button(key="predict_right").label == f"It is {best}"


def test_nearest__are_offered_before_a_network_has_looked_at_the_images(
    finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("forge_core.jobs.supervision.ensure_supervisor", lambda *_, **__: None)
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("stripe", 905))))
    app = press(app, "Show nearest training images")
    assert "A network looks at all images" in words(app)
    job = queue.find_latest_job(finished_workspace, "embed")
    assert job is not None
    assert job.author == "tester"


def test_bad_picture__is_told_by_name(finished_workspace: Workspace):
    app = drop(visit(PAGE), ("*torn*.png", png(arrange.draw_image("circle", 1))[:80]))
    (problem,) = [box.value for box in app.error]
    assert problem.startswith("**\\*torn\\*.png**")
    assert not app.exception
    assert "Predict others" in labels_of_buttons(app)


def test_many_pictures__a_table_and_a_bad_one_apart(finished_workspace: Workspace):
    good = [
        (f"{name}.png", png(arrange.draw_image(name, 950 + place)))
        for place, name in enumerate(arrange.CLASSES)
    ]
    app = drop(visit(PAGE), *good, ("broken.jpg", b"\xff\xd8\xff no picture"))
    said = words(app)
    assert "4 files · 3 predicted" in said
    assert "1 not read" in said
    assert "broken.jpg" in said
    table = app.dataframe[0].value
    assert list(table["File"]) == ["circle.png", "square.png", "stripe.png"]
    assert all(uri.startswith("data:image/png;base64,") for uri in table["Picture"])
    assert set(table["Class"]) <= set(arrange.CLASSES)
    downloads = [button.proto.label for button in app.get("download_button")]
    assert downloads == ["Download as CSV", "Download as Parquet"]
    assert not app.exception

    assert not bars(app)
    app = press(app, "Go through them")
    assert "1 of 3" in words(app)
    assert app.button(key="predict_previous").disabled
    app = app.button(key="predict_right").click().run()
    assert "1 of 3 · 1 judged" in words(app)
    said = list(app.dataframe[0].value["You said"])
    assert said == [app.dataframe[0].value["Class"][0], "", ""]
    app = press(press(app, "Next"), "Next")
    assert "3 of 3 · 1 judged" in words(app)
    assert app.button(key="predict_next").disabled
    assert app.button(key="predict_train_further").label == "Train run 1 further"
    assert len(bars(app)) == 3


def test_predict_others__empties_the_page(finished_workspace: Workspace):
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("circle", 3))))
    app = press(app, "Predict others")
    assert not app.header
    assert labels_of_buttons(app) == []


def test_csv__has_a_row_a_file(predictor: Predictor):
    files = [
        NamedFile("a.png", lambda: png(arrange.draw_image("circle", 5))),
        NamedFile("b.txt", lambda: b"text"),
    ]
    found = answers.answer_files(predictor, files, DecodeLimits(), top_k=5)
    rows = list(csv.DictReader(io.StringIO(answer_views.to_csv(found, 0.0).decode())))
    assert [row["file"] for row in rows] == ["a.png", "b.txt"]
    assert rows[0]["label_name"] in arrange.CLASSES
    assert (rows[0]["decision"], rows[0]["width"], rows[0]["problem"]) == ("accepted", "24", "")
    assert rows[1]["label_name"] == ""
    assert rows[1]["problem"]
    table = pd.read_parquet(io.BytesIO(answer_views.to_parquet(found, 0.0)))
    assert table["decision"].fillna("none").tolist() == ["accepted", "none"]
    assert table["probability"][0] == pytest.approx(float(rows[0]["probability"]), abs=1e-6)


def test_correction__adds_the_picture_with_its_label_and_undo_takes_it_back(
    finished_workspace: Workspace,
):
    before = len(arrange.list_all(finished_workspace))
    app = drop(visit(PAGE), ("mine.png", png(arrange.draw_image("square", 777))))
    (wrong,) = [box for box in app.selectbox if box.label == "Wrong, it is"]
    first = bars(app)[0].strip("*").split(" · ")[0]
    others = [label.strip("*").split(" · ")[0] for label in bars(app)[1:]]
    assert wrong.options == others  # in order of probability, and not what was said
    wrong.select(others[1]).run()
    assert f"Added to train as {others[1]}: the next run learns from it." in words(app)
    assets = arrange.list_all(finished_workspace)
    assert len(assets) == before + 1
    assert (assets[-1].label_name, assets[-1].split_type) == (others[1], "train")
    assert history.list_revisions(finished_workspace)[0].author == "tester"
    app = press(app, "Undo")
    assert len(arrange.list_all(finished_workspace)) == before
    assert "taken into the catalog here" not in words(app)
    app = app.button(key="predict_right").click().run()
    assert f"Added to train as {first}" in words(app)
    assert "1 picture taken into the catalog here." in words(app)
    assert app.button(key="predict_train_further").label == "Train run 1 further"
    assert not app.exception


def test_zip__its_images_are_answered_and_a_broken_one_is_told(finished_workspace: Workspace):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/a.png", png(arrange.draw_image("circle", 5)))
        archive.writestr("in/torn.png", b"no picture")
        archive.writestr("in/notes.txt", b"text")
    app = drop(visit(PAGE), ("all.zip", packed.getvalue()))
    assert "2 files · 1 predicted" in words(app)
    assert list(app.dataframe[0].value["File"]) == ["in/a.png"]
    assert "in/torn.png" in words(app)
    app = drop(visit(PAGE), ("none.zip", b"no zip"))
    assert "none.zip is no zip that can be read" in words(app)
    assert not app.exception


def test_beside__says_where_two_checkpoints_differ(predictor: Predictor):
    files = [NamedFile(name, lambda: png(arrange.draw_image("circle", 5))) for name in "ab"]
    own = answers.answer_files(predictor, files, DecodeLimits(), top_k=3)
    found = own[1].prediction
    assert found is not None
    turned = replace(own[1], prediction=replace(found, probabilities=found.probabilities[::-1]))
    assert beside.count_different(own, [own[0], turned]) == 1


def test_clicked_bar__is_the_answer(finished_workspace: Workspace):
    app = drop(visit(PAGE), ("mine.png", png(arrange.draw_image("square", 778))))
    second = bars(app)[1]
    app = press(app, second)
    assert f"Added to train as {second.split(' · ')[0]}" in words(app)


def test_calibrated_checkpoint__gives_three_answers_and_no_slider(
    finished_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("forge_core.evaluation.calibration.MIN_IMAGES", 9)
    found = deciding.calibrate(finished_workspace, 1, max_error=0.3, device="cpu")
    recording.record(finished_workspace, 1, found)
    noise = Image.effect_noise((24, 24), 120).convert("RGB")
    app = drop(visit(PAGE), ("noise.png", png(noise)))
    assert "Run 1, calibrated: the only run" in words(app)
    assert not app.number_input
    predictor = Predictor.load(checkpoints.checkpoint_path(finished_workspace, 1, "calibrated"))
    answer = predictor.predict(png(noise))
    assert answer.decision is not None
    if answer.decision is not Decision.ACCEPTED:
        assert app.header[0].value == verdicts.WORDS[answer.decision]
    app = drop(visit(PAGE), ("a.png", png(noise)), ("b.png", png(arrange.draw_image("circle", 1))))
    assert verdicts.WORDS[answer.decision] in list(app.dataframe[0].value["Answer"])
    assert not app.exception


def test_in_use__an_alias_goes_before_the_best(finished_workspace: Workspace):
    last = checkpoints.find_checkpoint(finished_workspace, 1, "last")
    entries.append(
        finished_workspace,
        "phone",
        RegistryAction.PROMOTE,
        last,
        expected=None,
        actor=ACTOR,
    )
    app = visit(PAGE)
    assert app.segmented_control(key="predict_kind").value == "last"
    assert "Run 1, last weights: in use as phone" in words(app)


def test_address__names_the_run_and_the_epoch(finished_workspace: Workspace):
    app = visit(PAGE, run=1, kind="last")
    assert app.segmented_control(key="predict_kind").value == "last"
    assert not app.error


@pytest.mark.parametrize("asked", ["7", "abc", "-1", "9" * 30])
def test_address__of_no_run_is_told(finished_workspace: Workspace, asked: str):
    app = visit(PAGE, run=asked)
    assert "There is no checkpoint of run" in words(app)
    assert not app.exception


def test_damaged_checkpoint__asked_found_next_step(finished_workspace: Workspace):
    path = checkpoints.checkpoint_path(finished_workspace, 1)
    path.write_bytes(path.read_bytes()[:-1000])
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("circle", 3))))
    assert "The best checkpoint of run 1, run-1/best.safetensors, is cut off" in words(app)
    assert "Put the run's own file back" in words(app)
    assert not app.exception


def test_checkpoint_whose_weights_were_altered__is_refused(finished_workspace: Workspace):
    path = checkpoints.checkpoint_path(finished_workspace, 1)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2  # inside the weights; header and golden predictions stay
    data[middle : middle + 4000] = bytes(4000)
    path.write_bytes(bytes(data))
    with finished_workspace.database.write() as uow:  # as whoever can write both could
        best, _ = uow.checkpoints.list_of_run(1)
        uow.checkpoints.add(replace(best, content_hash=file_hashes.hash_file(path)))
    app = drop(visit(PAGE), ("one.png", png(arrange.draw_image("circle", 3))))
    assert "The weights in best.safetensors are not what was saved" in words(app)
    assert "Get the file from its run again" in words(app)


def test_bars__are_as_wide_as_the_class_is_likely_in_its_colour():
    made = probability_bars.make_style(
        [ClassProbability("a", 0.75), ClassProbability("b", 0.25)],
        {"a": "#123456", "b": "red; } </style><script>"},
    )
    assert "color-mix(in srgb, #123456 38%, transparent) 75.00%" in made
    assert "script" not in made


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["pillow_small_dev", "pngsuite_libpng"])
def test_bad_inputs__each_gives_a_prediction_or_a_sentence(
    predictor: Predictor, shared_data, folder: str
):
    paths = sorted(
        path for path in shared_data(f"bad_inputs/{folder}").rglob("*") if path.is_file()
    )
    assert paths
    files = [NamedFile(path.name, path.read_bytes) for path in paths]
    found = answers.answer_files(predictor, files, DecodeLimits(), top_k=5)
    assert [answer.name for answer in found] == [path.name for path in paths]
    for answer in found:
        if answer.prediction is None:
            assert answer.problem.endswith(".")
            assert "Traceback" not in answer.problem
        else:
            total = sum(entry.probability for entry in answer.prediction.probabilities)
            assert total == pytest.approx(1.0, abs=1e-4)
            assert answer.thumbnail.startswith("data:image/")
    assert any(answer.prediction for answer in found)


@pytest.mark.parametrize("folder", ["pillow_small_dev", "pngsuite_libpng"])
def test_bad_inputs__a_batch_through_the_page(
    finished_workspace: Workspace, shared_data, folder: str
):
    paths = [
        path for path in sorted(shared_data(f"bad_inputs/{folder}").rglob("*")) if path.is_file()
    ]
    step = max(1, len(paths) // BATCH)
    chosen: list[Path] = paths[::step][:BATCH]
    app = drop(visit(PAGE), *((path.name, path.read_bytes()) for path in chosen))
    assert not app.exception
    assert f"{len(chosen)} files · " in words(app)
    assert "Traceback" not in words(app)
    assert not any("not foreseen" in box.value for box in app.error)
