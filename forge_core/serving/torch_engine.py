"""Answers computed by PyTorch, from a `.safetensors` checkpoint of a run."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from forge_core.errors import ImageRejected
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor, Prepared
from forge_core.models.checkpoints import model_card
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.serving.engines import EmbeddedPrediction, Engine, ServedModel

LARGEST_HALF = float(np.finfo(np.float16).max)


class TorchEngine:
    """A predictor as the service's engine."""

    def __init__(self, predictor: Predictor, file_name: str) -> None:
        self._predictor = predictor
        loaded = predictor.loaded
        self._served = ServedModel(
            file_name=file_name,
            sha256=loaded.sha256,
            card=json.loads(loaded.card.to_json()),
            golden=loaded.golden,
            note=loaded.note,
            versions=model_card.library_versions(str(predictor.device)),
        )

    @property
    def served(self) -> ServedModel:
        """What is answered with."""
        return self._served

    def prepare(self, data: bytes, limits: DecodeLimits) -> Prepared | ImageRejected:
        """Decode one file and make of it what the network takes."""
        return self._predictor.prepare(data, limits)

    def answer(self, prepared: Sequence[Prepared], top_k: int) -> list[Prediction]:
        """Predictions of N images in one forward pass, in their order, with embeddings."""
        answers, features = self._predictor.answer_with_features(prepared, top_k)
        halves = features.clamp(-LARGEST_HALF, LARGEST_HALF).numpy().astype(np.float16)
        return [
            EmbeddedPrediction(**vars(answer), embedding=row)
            for answer, row in zip(answers, halves, strict=True)
        ]

    def replay(self) -> GoldenReport:
        """Predict the golden images again, on the same device."""
        return self._predictor.replay()


def load(path: Path, device: str = "auto") -> Engine:
    """The checkpoint on the device, its golden predictions replayed there.

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: The file is not ours, is damaged, or predicts otherwise here.
        InvalidInput: The device does not exist.
    """
    return TorchEngine(Predictor.load(path, device), path.name)
