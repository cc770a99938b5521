"""A network as an ONNX file: it answers as the checkpoint does, or it is not written."""

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from PIL import Image
from starlette.testclient import TestClient

from forge_core.errors import CheckpointRejected, ImageRejected, InvalidInput
from forge_core.exports import checked_images, onnx_export, requests
from forge_core.imaging import decode
from forge_core.inference.onnx_network import OnnxNetwork
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor, Prepared
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.decision_rule import DecisionRule
from forge_core.models.checkpoints.familiarity import ClassMiddles, unit
from forge_core.serving import engines, loading
from forge_core.workspace import Workspace
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.serving import slim


@pytest.fixture
def path(exported: Workspace) -> Path:
    found = requests.find_kept(exported, 1)
    assert found is not None
    return found


def test_job__says_what_was_compared(exported: Workspace, path: Path) -> None:
    job = requests.find_export_job(exported, 1)
    assert job is not None
    assert job.result is not None
    assert (job.status, job.result["num_images"]) == ("succeeded", 204)
    assert 0 < job.result["largest_difference"] < 5e-3
    assert job.result["size_bytes"] == path.stat().st_size


def test_file__answers_as_the_checkpoint_for_images_of_every_size(
    path: Path, loaded: LoadedCheckpoint
) -> None:
    network, predictor = OnnxNetwork(path), Predictor(loaded, "cpu")
    for image in checked_images.drawn("declared", 12):
        answer = network.run(image)
        expected = predictor.logits([image])[0]
        assert np.abs(answer.logits - expected.numpy()).max() < 5e-3 * float(expected.abs().max())
        softened = (expected / loaded.card.temperature).softmax(0).numpy()
        assert np.allclose(answer.probabilities, softened, atol=5e-3)


def test_file__carries_card_classes_and_golden_predictions(
    path: Path, loaded: LoadedCheckpoint
) -> None:
    network = OnnxNetwork(path)
    assert network.class_names == loaded.card.class_names == ("circle", "square", "stripe")
    assert network.card == json.loads(loaded.card.to_json())
    assert network.checkpoint_sha256 == loaded.sha256
    assert network.golden.images == loaded.golden_predictions.images
    assert network.replay().passed


def test_file__names_the_class_and_no_path_of_this_machine(path: Path) -> None:
    session = onnxruntime.InferenceSession(str(path))
    image = np.zeros((5, 9, 3), dtype=np.uint8)
    label, probabilities = session.run(["label", "probabilities"], {"image": image})
    assert label[0] == ("circle", "square", "stripe")[probabilities.argmax()]
    written = path.read_bytes()
    assert b".py" not in written
    assert str(Path(torch.__file__).parents[1]).encode() not in written
    assert onnx.load(path).opset_import[0].version == 20


def test_command__writes_both_forms_and_says_how_near_they_come(
    exported: Workspace, tmp_path: Path
) -> None:
    one, many = tmp_path / "one.onnx", tmp_path / "many.onnx"
    where = ["-w", exported.folder]
    found = forge_json("export", 1, "--onnx", one, "--onnx-batch", many, *where)
    assert found["report"]["agreement"]["num_images"] == 204
    with pytest.raises(CheckpointRejected, match="takes batches"):
        OnnxNetwork(many)
    session = onnxruntime.InferenceSession(str(many))
    answers = session.run(["probabilities"], {"images": np.zeros((3, 16, 16, 3), np.uint8)})
    assert answers[0].shape == (3, 3)
    assert np.allclose(answers[0].sum(1), 1)
    refused = forge("export", 1, "--onnx", one, "--split", "val", *where)
    assert (refused.exit_code, "Leave out what chooses images" in refused.stderr) == (1, True)


def test_file__gives_the_three_answers(loaded: LoadedCheckpoint, tmp_path: Path) -> None:
    torch.manual_seed(0)
    known = ClassMiddles(middles=unit(torch.rand(3, 1568)))
    images = list(checked_images.drawn("declared", 24))
    inputs = torch.stack([loaded.card.eval_transform(image) for image in images])
    features, logits = Predictor(loaded, "cpu").features_and_logits(inputs)
    confidence = (logits / 4).softmax(1).amax(1).sort().values
    distance = known.distances(features).sort().values
    rule = DecisionRule(
        min_confidence=float(confidence[10:12].mean()), max_distance=float(distance[17:19].mean()),
        max_error=0.1, certainty=0.9, num_images=30, num_accepted=20, num_wrong=1,
    )  # fmt: skip
    card = replace(loaded.card, temperature=4.0, decision_rule=rule)
    judging = replace(loaded, card=card, familiarity=known)
    onnx_export.export_onnx(judging, tmp_path / "judging.onnx")
    network, predictor = OnnxNetwork(tmp_path / "judging.onnx"), Predictor(judging, "cpu")
    found = []
    for image, prepared in zip(images, inputs, strict=True):
        answer = network.run(image)
        (expected,) = predictor.answer([Prepared(prepared, *image.size, 0.0)], 1)
        assert answer.decision == expected.decision
        assert answer.distance == pytest.approx(expected.distance, rel=5e-3)
        assert answer.probabilities.max() == pytest.approx(
            expected.probabilities[0].probability, abs=5e-3
        )
        found.append(answer.decision)
    assert {*found} == {"accepted", "not_sure", "unfamiliar"}


def test_file_that_answers_otherwise__is_refused_and_not_written(
    exported: Workspace, loaded: LoadedCheckpoint, tmp_path: Path
) -> None:
    target = tmp_path / "kept.onnx"
    target.write_bytes(b"the file of before")
    last = loaded.model.head[-1]
    last.bias.data += torch.tensor([0.0, 0.0, 1.0])  # the traced graph has the bias of before
    with pytest.raises(CheckpointRejected, match=r"answers otherwise than its checkpoint"):
        onnx_export.export_onnx(loaded, target)
    assert target.read_bytes() == b"the file of before"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.onnx"]


def test_open__other_files_are_refused_in_words(path: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no protocol buffer")
    with pytest.raises(CheckpointRejected, match="not an ONNX file"):
        OnnxNetwork(broken)
    strange = onnx.load(path)
    del strange.metadata_props[:]
    onnx.save(strange, broken)
    with pytest.raises(CheckpointRejected, match="without a Vision Forge card"):
        OnnxNetwork(broken)


def test_engine__answers_files_as_the_predictor_does(
    path: Path, loaded: LoadedCheckpoint, make_png: Callable[..., bytes]
) -> None:
    files = [make_png("red", (70, 41)), b"no image", make_png("blue", (9, 200))]
    engine = loading.load(path)
    found = engines.predict_many(engine, files, 2, decode.DEFAULT_LIMITS)
    expected = Predictor(loaded, "cpu").predict_many(files, 2)
    assert isinstance(found[1], ImageRejected)
    for answer, wanted in zip(found[::2], expected[::2], strict=True):
        assert isinstance(answer, Prediction)
        assert isinstance(wanted, Prediction)
        assert (answer.width, answer.height) == (wanted.width, wanted.height)
        names = [each.label_name for each in wanted.probabilities]
        assert [each.label_name for each in answer.probabilities] == names
        assert answer.probabilities[0].probability == pytest.approx(
            wanted.probabilities[0].probability, abs=5e-3
        )
    assert engine.served.class_names == ["circle", "square", "stripe"]
    assert engine.served.golden.passed
    assert engine.replay() == engine.served.golden
    with pytest.raises(InvalidInput, match="on the processor"):
        loading.load(path, "cuda:0")


def test_engine__a_file_that_answers_otherwise_here_is_refused(path: Path, tmp_path: Path) -> None:
    changed = onnx.load(path)
    bias = next(each for each in changed.graph.initializer if each.name.endswith("head.3.bias"))
    values = numpy_helper.to_array(bias) + np.array([0, 0, 0.5], np.float32)
    bias.CopyFrom(numpy_helper.from_array(values, bias.name))
    onnx.save(changed, tmp_path / "changed.onnx")
    with pytest.raises(CheckpointRejected, match="does not answer here as its checkpoint did"):
        loading.load(tmp_path / "changed.onnx")


def test_serving_a_file__needs_the_extra_serve_alone(
    path: Path, make_png: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = OnnxNetwork(path).run(Image.open(BytesIO(make_png("red"))).convert("RGB"))
    with slim.only_serve_installed():
        with pytest.raises(ImportError):
            importlib.import_module("torch")
        http = importlib.import_module("forge_core.serving.http")
        start = importlib.import_module("forge_core.cli.start")
        asked: list[Any] = []
        with monkeypatch.context() as patch:
            patch.setattr(http, "run", lambda source, **options: asked.append((source(), options)))
            patch.setattr(sys, "argv", ["forge", "serve", str(path), "--port", "81"])
            start.main()
        ((named, options),) = asked
        assert (named, options["port"]) == (path, 81)
        service = http.Service(lambda: path, http.loading.load, options["options"])
        with TestClient(http.create_app(service)) as client:
            assert client.get("/ready").status_code == 200
            answer = client.post("/predict", files={"file": ("a.png", make_png("red"))})
        assert {*service.model.engine.served.versions} == {
            "onnxruntime", "pillow", "numpy", "device",
        }  # fmt: skip
        assert slim.undeclared_imports() == set()
        assert not [name for name in sys.modules if name.startswith("forge_core.catalog")]
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()["predictions"]
    assert found["probabilities"][0]["probability"] == pytest.approx(
        float(expected.probabilities.max()), abs=1e-5
    )
    assert sys.modules["torch"] is torch
