"""One file, one answer: training's validation, evaluate, predict, the page and the service."""

import json
from functools import partial

import pytest
import torch
from starlette.testclient import TestClient
from typer.testing import CliRunner

from forge_core.cli.main import app as commands
from forge_core.imaging import decode
from forge_core.inference.predictor import Predictor
from forge_core.predictions import evaluation
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import launch
from forge_core.serving import http, loading
from forge_core.serving.options import ServiceOptions
from forge_core.serving.service import Service
from forge_core.training.inputs.image_sets import TrainingImage
from forge_core.training.pixels import kept
from forge_core.training.pixels.pack import PixelPack
from forge_core.workspace import Workspace
from pages.components.predict import answers
from pages.components.predict.answers import NamedFile

RUN = 1


@pytest.fixture
def predictor(finished_workspace: Workspace) -> Predictor:
    return Predictor.load(checkpoints.checkpoint_path(finished_workspace, RUN, "best"), "cpu")


def test_validation_pixels_give_the_logits_of_the_original_files(
    finished_workspace: Workspace, predictor: Predictor
) -> None:
    """What validation sees (the pack, then `finish`) against what Predict sees (the file)."""
    transform = predictor.card.eval_transform
    pack = PixelPack(
        finished_workspace.cache_folder / kept.FOLDER, transform, budget_bytes=0, limits=None
    )
    found = launch.run_assets(finished_workspace, RUN, "val")
    read = finished_workspace.store.read
    batch = torch.stack(
        [
            transform.finish(pack.pixels(TrainingImage(a.content_hash, a.file_path, 0), read))
            for a in found
        ]
    )
    with torch.inference_mode():
        from_pack = predictor.loaded.model(batch)
    images = [decode.decode_image(read(asset.file_path)).image for asset in found]
    from_files = predictor.logits(images)
    assert len(found) == 12
    assert torch.allclose(from_pack, from_files, atol=1e-5)
    assert torch.equal(from_pack.argmax(1), from_files.argmax(1))


def test_evaluate_repeats_what_the_run_measured(finished_workspace: Workspace) -> None:
    kept = evaluation.find_report(finished_workspace, RUN, "val")
    assert kept is not None
    again = evaluation.measure_run(finished_workspace, RUN, split="val").report
    assert again.loss == pytest.approx(kept.loss, abs=1e-5)
    assert again.confusion == kept.confusion
    best = records.get_run(finished_workspace, RUN).best_epoch
    rows = {row.epoch: row for row in records.run_progress(finished_workspace, RUN).epochs}
    assert best is not None
    assert again.loss == pytest.approx(rows[best].val_loss, abs=1e-5)
    assert again.accuracy == rows[best].val_accuracy


def test_command_page_and_service_answer_alike(
    finished_workspace: Workspace, predictor: Predictor
) -> None:
    asset = launch.run_assets(finished_workspace, RUN, "val")[5]
    data = finished_workspace.store.read(asset.file_path)
    path = finished_workspace.store.local_path(asset.file_path)
    logits = predictor.logits([decode.decode_image(data).image])[0]
    probabilities = torch.softmax(logits, 0).tolist()
    expected = dict(zip(predictor.card.class_names, probabilities, strict=True))

    (answer,) = answers.answer_files(
        predictor, [NamedFile("x.png", lambda: data)], decode.DEFAULT_LIMITS, top_k=5
    )
    assert answer.prediction is not None
    page = {c.label_name: c.probability for c in answer.prediction.probabilities}

    printed = CliRunner().invoke(commands, ["predict", str(RUN), str(path), "--json"])
    assert printed.exit_code == 0, printed.output
    command = probabilities_in(json.loads(printed.stdout))

    checkpoint = checkpoints.checkpoint_path(finished_workspace, RUN, "best")
    loader = partial(loading.load, device="cpu")
    service_ = Service(lambda: checkpoint, loader, ServiceOptions())
    with TestClient(http.create_app(service_)) as client:
        response = client.post("/predict", files={"file": ("x.png", data)})
    assert response.status_code == 200
    service = probabilities_in(response.json())

    for given in (page, command, service):
        assert given == pytest.approx(expected, abs=1e-6)


def probabilities_in(document: object) -> dict[str, float]:
    """Every pair of a class and its probability in a JSON document, wherever it stands."""
    if isinstance(document, dict):
        if "probability" in document and "label_name" in document:
            return {document["label_name"]: document["probability"]}
        document = list(document.values())
    found: dict[str, float] = {}
    for value in document if isinstance(document, list) else []:
        found |= probabilities_in(value)
    return found
