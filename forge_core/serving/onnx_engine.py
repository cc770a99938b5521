"""Answers computed by onnxruntime, from an `.onnx` file that `forge export` wrote.

Nothing here needs PyTorch. An image is answered while it is prepared: a decoded photo takes 36 MB,
so images that waited for a batch would fill the memory, and a processor gains nothing from batches.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from forge_core.errors import CheckpointRejected, ImageRejected, InvalidInput
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.onnx_network import TOLERANCE, OnnxAnswer, OnnxNetwork
from forge_core.inference.prediction import ClassProbability, Prediction
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.serving.engines import Engine, ServedModel

DEVICES = ("auto", "cpu")


@dataclass(frozen=True)
class Answered:
    """An image that was answered, on its way to the class names."""

    answer: OnnxAnswer
    width: int
    height: int
    seconds: float


class OnnxEngine:
    """An exported network as the service's engine.

    Args:
        network: The open file.
        golden: How its golden predictions came out here.
        file_name: Without its folder.
    """

    def __init__(self, network: OnnxNetwork, golden: GoldenReport, file_name: str) -> None:
        self._network = network
        self._served = ServedModel(
            file_name=file_name,
            sha256=network.sha256,
            card=network.card,
            golden=golden,
            note=network.int8_words,
            versions={name: version(name) for name in ("onnxruntime", "pillow", "numpy")}
            | {"device": "cpu"},
            origin_sha256=network.checkpoint_sha256,
        )

    @property
    def served(self) -> ServedModel:
        """What is answered with."""
        return self._served

    def prepare(self, data: bytes, limits: DecodeLimits) -> Answered | ImageRejected:
        """Decode one file and let the network answer."""
        started = time.perf_counter()
        try:
            decoded = decode.decode_image(
                data, limits=limits.with_window(self._network.grey_window)
            )
        except ImageRejected as error:
            return error
        answer = self._network.run(decoded.image)
        seconds = time.perf_counter() - started
        return Answered(answer, decoded.width, decoded.height, seconds)

    def answer(self, prepared: Sequence[Answered], top_k: int) -> list[Prediction]:
        """Predictions of N images, in their order."""
        return [self._predict(entry, top_k) for entry in prepared]

    def replay(self) -> GoldenReport:
        """Predict the golden images again."""
        return self._network.replay()

    def _predict(self, entry: Answered, top_k: int) -> Prediction:
        probabilities = entry.answer.probabilities
        best = np.argsort(-probabilities, kind="stable")[:top_k]
        return Prediction(
            [
                ClassProbability(self._network.class_names[place], float(probabilities[place]))
                for place in best
            ],
            latency_ms=entry.seconds * 1_000,
            width=entry.width,
            height=entry.height,
            decision=entry.answer.decision,
            distance=entry.answer.distance,
        )


def load(path: Path, device: str = "auto") -> Engine:
    """The file, its golden predictions replayed here.

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: The file is not ours, is damaged, or predicts otherwise here.
        InvalidInput: Another device than the processor is asked for.
    """
    if device not in DEVICES:
        raise InvalidInput(
            f"An ONNX file is served on the processor, not on {device!r}.",
            next_step="Leave --device out, or serve the .safetensors checkpoint.",
        )
    network = OnnxNetwork(path)
    try:
        golden = network.replay()
    except ImageRejected as error:
        raise CheckpointRejected(
            f"The golden images of {path.name} cannot be read here.",
            next_step="Export it again with `forge export`.",
            detail=str(error),
        ) from error
    if not golden.passed:
        raise CheckpointRejected(
            f"{path.name} does not answer here as its checkpoint did: "
            f"{'the same' if golden.argmax_equal else 'other'} classes, logits differ by "
            f"{golden.max_relative_difference:.2g} of the largest (at most {TOLERANCE:g} is "
            "allowed).",
            next_step="Use another version of onnxruntime or Pillow, or export it again.",
        )
    return OnnxEngine(network, golden, path.name)
