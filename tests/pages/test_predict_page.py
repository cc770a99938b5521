"""The Predict page in each state that a person can meet."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from forge_core import file_hashes
from forge_core.catalog.revisions import history
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import ClassProbability
from forge_core.inference.predictor import Predictor
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from pages.components.predict import answer_views, answers, probability_bars
from pages.components.predict.answers import NamedFile
from tests import arrange
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


def bars(app: AppTest) -> str:
    return next(
        block.proto.body for block in app.get("html") if 'class="forge-bars"' in block.proto.body
    )


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


def test_nothing_dropped__the_newest_run_is_ready(finished_workspace: Workspace):
    app = visit(PAGE)
    (chosen,) = app.selectbox[0].options
    assert chosen.startswith("Run 1 · ForgeCNN, from scratch · ")
    assert app.segmented_control(key="predict_kind").value == "best"
    assert labels_of_buttons(app) == []
    assert not app.error


def test_one_picture__bars_latency_and_size(finished_workspace: Workspace):
    image = arrange.draw_image("stripe", 901)
    app = drop(visit(PAGE), ("one.png", png(image)))
    predictor = Predictor.load(checkpoints.checkpoint_path(finished_workspace, 1), "cpu")
    expected = predictor.predict(png(image))
    best = expected.probabilities[0]
    assert f"{100 * best.probability:.1f} %" in bars(app)
    assert bars(app).count('class="track"') == 3
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
    assert [button.proto.label for button in app.get("download_button")] == ["Download as CSV"]
    assert not app.exception


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
    assert (rows[0]["is_sure"], rows[0]["width"], rows[0]["problem"]) == ("true", "24", "")
    assert rows[1]["label_name"] == ""
    assert rows[1]["problem"]


def test_correction__adds_the_picture_with_its_label(finished_workspace: Workspace):
    before = len(arrange.list_all(finished_workspace))
    app = drop(visit(PAGE), ("mine.png", png(arrange.draw_image("square", 777))))
    assert app.button(key="predict_correct_add").disabled
    app.selectbox(key="predict_correct_label").select("square").run()
    app.button(key="predict_correct_add").click()
    app.run()
    assert "Added to train as square: the next run learns from it." in words(app)
    assets = arrange.list_all(finished_workspace)
    assert len(assets) == before + 1
    assert (assets[-1].label_name, assets[-1].split_type) == ("square", "train")
    assert history.list_revisions(finished_workspace)[0].author == "tester"


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


def test_bars__names_are_text_and_colours_are_the_classes():
    made = probability_bars.make_html(
        [ClassProbability("<img src=x>", 0.75), ClassProbability("cat", 0.25)], {"cat": "#123456"}
    )
    assert "<img" not in made
    assert "&lt;img src=x&gt;" in made
    assert "width:75.00%" in made
    assert "background:#123456" in made


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
