"""One window of greys everywhere: gallery, pack, checkpoint, Predict, service and scoring."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from forge_core.catalog.importing import import_plan, reader_processes, run_import
from forge_core.imaging import decode, hashing, thumbnails
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.runs import records
from forge_core.runs.starting import launch
from forge_core.training.inputs.image_sets import TrainingImage
from forge_core.training.pixels.pack import PixelPack, folder_name
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.handlers.running import make_config, run_here, train_job
from tests.forge_core.models.checkpoints.altered import EVAL, make_card, make_model

WINDOW = "fixed:2048/4096"
DEEP = replace(EVAL, grey_window=WINDOW)


def png(values: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def twelve_bits() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 4096, (24, 30)).astype(np.uint16)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "deep.safetensors"
    checkpoint.save_checkpoint(path, make_model(), make_card(eval_transform=DEEP))
    return path


def with_window(workspace: Workspace) -> Workspace:
    settings = workspace.settings.model_copy(update={"grey_window": WINDOW})
    return replace(workspace, settings=settings)


def test_pack_predict_and_training_see_the_same_pixels(
    saved: Path, tmp_path: Path, twelve_bits: np.ndarray
) -> None:
    data = png(twelve_bits)
    image = TrainingImage(hashing.content_hash(data), "scan.png", 0)
    predictor = Predictor.load(saved, "cpu")
    shown = decode.decode_image(data, limits=DecodeLimits().with_window(WINDOW)).image
    pack = PixelPack(tmp_path / "pack", predictor.card.eval_transform)
    packed = pack.pixels(image, lambda source: data)
    assert torch.equal(packed, EVAL.resize_image(shown))
    pack.close()
    prepared = predictor.prepare(data, DecodeLimits())
    torch.testing.assert_close(predictor.logits_of([prepared]), predictor.logits([shown]))  # type: ignore[list-item]
    plain = decode.decode_image(data).image
    assert np.asarray(plain).max() <= 16
    assert np.asarray(shown).max() > 250


def test_checkpoint__keeps_its_window_and_proves_it(saved: Path) -> None:
    card = checkpoint.read_card(saved)
    assert card.eval_transform.grey_window == WINDOW
    files = [load_file(saved)[f"golden.image.{place}"].numpy().tobytes() for place in range(4)]
    assert [decode.decode_image(data).source_mode for data in files] == [
        "I;16",
        "I;16",
        "RGB",
        "RGB",
    ]
    assert checkpoint.load_checkpoint(saved).golden.pixels_equal


def test_predictor__its_own_window_beats_that_of_the_settings(
    saved: Path, twelve_bits: np.ndarray
) -> None:
    predictor = Predictor.load(saved, "cpu")
    data = png(twelve_bits)
    answers = [
        predictor.predict(data, limits=DecodeLimits().with_window(text)).probabilities
        for text in ("declared", "percentile:1-99")
    ]
    assert answers[0] == answers[1]


def test_pack__another_window_is_another_pack() -> None:
    names = {
        folder_name(replace(EVAL, grey_window=text)) for text in ("", WINDOW, "percentile:1-99")
    }
    assert len(names) == 3
    assert folder_name(EVAL) in names


def test_run__takes_the_window_of_the_settings_and_keeps_it(
    sqlite_workspace: Workspace, tmp_path: Path, no_supervisor: None
) -> None:
    make_catalog(sqlite_workspace, tmp_path / "drawn", train=4, val=2, test=1)
    windowed = with_window(sqlite_workspace)
    run = launch.start_run(windowed, make_config(scratch_epochs=1), actor=ACTOR)
    assert run.config["grey_window"] == WINDOW
    job = train_job(sqlite_workspace, run.run_id)
    assert run_here(sqlite_workspace, job.job_id) == 0  # whatever its settings say now
    path = sqlite_workspace.runs.local_copy(f"run-{run.run_id}/best.safetensors", "")
    assert checkpoint.read_card(path).eval_transform.grey_window == WINDOW
    again = launch.repeat_run(sqlite_workspace, run.run_id, actor=ACTOR)
    assert again.config["grey_window"] == WINDOW
    usual = launch.start_run(sqlite_workspace, make_config(), actor=ACTOR)
    assert records.get_run(sqlite_workspace, usual.run_id).config["grey_window"] == ""


@pytest.mark.parametrize("min_files", [1, 10_000])  # read by processes, and by threads
def test_import__with_a_window_the_thumbnails_show_it_and_nothing_is_nearly_black(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    twelve_bits: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    min_files: int,
) -> None:
    monkeypatch.setattr(reader_processes, "MIN_FILES", min_files)
    (tmp_path / "scans").mkdir()
    data = png(twelve_bits)
    (tmp_path / "scans" / "a.png").write_bytes(data)
    windowed = with_window(sqlite_workspace)
    plan = import_plan.prepare(windowed, tmp_path / "scans")
    report = run_import.run_import(windowed, plan, actor=ACTOR)
    assert [problem.reason for problem in report.skipped] == []
    limits = DecodeLimits.from_settings(windowed.settings)
    key = hashing.content_hash(data)
    kept = thumbnails.cache_of(windowed.cache_folder, limits.window).find(key)
    assert kept is not None
    assert np.asarray(Image.open(BytesIO(kept))).max() > 200
    plain = thumbnails.cache_of(windowed.cache_folder, DecodeLimits().window)
    assert plain.find(key) is None
    assert np.asarray(Image.open(BytesIO(plain.get(key, lambda: data)))).max() < 40
