"""Engines: the same answers as the predictor, and golden predictions on demand."""

from collections.abc import Callable
from pathlib import Path

import torch

from forge_core.errors import ImageRejected
from forge_core.imaging import decode
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.serving import engines, loading, torch_engine

MakePng = Callable[..., bytes]


def test_predict_many__equals_the_predictor_and_keeps_the_order(
    checkpoint_path: Path, make_png: MakePng
) -> None:
    files = [make_png("red"), b"text", make_png("lime", (33, 47)), make_png("blue")]
    answers = engines.predict_many(
        loading.load(checkpoint_path, "cpu"), files, 2, decode.DEFAULT_LIMITS
    )
    expected = Predictor.load(checkpoint_path, "cpu").predict_many(files, 2)
    assert isinstance(answers[1], ImageRejected)
    for found, wanted in zip(answers, expected, strict=True):
        if isinstance(found, Prediction) and isinstance(wanted, Prediction):
            assert found.probabilities == wanted.probabilities
    names = [a.probabilities[0].label_name for a in answers if isinstance(a, Prediction)]
    assert names == ["red", "green", "blue"]


def test_served__says_what_is_answered_with(checkpoint_path: Path) -> None:
    served = loading.load(checkpoint_path, "cpu").served
    assert served.sha256 == checkpoint.load_checkpoint(checkpoint_path).sha256
    assert served.class_names == ["red", "green", "blue"]
    assert served.card["run_id"] == 12
    assert served.golden.passed
    assert served.versions["torch"] == torch.__version__


def test_replay__notices_a_weight_that_changed_after_the_load(checkpoint_path: Path) -> None:
    predictor = Predictor.load(checkpoint_path, "cpu")
    engine = torch_engine.TorchEngine(predictor, checkpoint_path.name)
    assert engine.replay() == engine.served.golden
    with torch.no_grad():
        next(predictor.loaded.model.parameters()).add_(0.1)
    assert not engine.replay().passed
