"""What the service needs of whatever computes its answers.

Nothing here imports PyTorch or onnxruntime: each is imported by its own engine's file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from forge_core.errors import ImageRejected
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.models.checkpoints.golden_report import GoldenReport

BATCH_SIZE = 32
"""Most images that one forward pass is given."""


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """What a loaded checkpoint says of itself, in plain values that go into JSON as they are."""

    file_name: str
    """Name of the file, without its folder."""
    sha256: str
    """Of the file that is answered with, 64 hexadecimal digits."""
    card: Mapping[str, Any]
    """The card of the checkpoint, as `ModelCard.to_json` writes it; an ONNX file carries the same.
    Its class names are in the order of the logits."""
    golden: GoldenReport
    """How the golden predictions came out when the file was loaded here."""
    note: str = ""
    """What is taken on trust; empty where nothing is."""
    versions: Mapping[str, str]
    """Libraries and device that compute here."""
    origin_sha256: str = ""
    """Of the checkpoint that the file was exported from; empty where it is the checkpoint."""

    @property
    def class_names(self) -> list[str]:
        """Names of the classes in the order of the logits."""
        return list(self.card["class_names"])


@dataclass(frozen=True, eq=False)
class EmbeddedPrediction(Prediction):
    """A prediction with what the network's backbone made of the image, for the log of traffic.

    Legend: F features.
    """

    embedding: NDArray[np.float16] | None = None
    """(F,)."""


class Engine(Protocol):
    """A loaded checkpoint that was proven here.

    `prepare` may be called by several threads at once; `answer` and `replay` by one at a time.
    """

    @property
    def served(self) -> ServedModel:
        """What is answered with."""

    def prepare(self, data: bytes, limits: DecodeLimits) -> Any | ImageRejected:
        """Decode one file, up to what `answer` takes; what that is, only the engine knows.

        Returns:
            The image on its way into `answer`, or why it was rejected. It never raises for what
            the bytes are.
        """

    def answer(self, prepared: Sequence[Any], top_k: int) -> list[Prediction]:
        """Predictions of N images together, in their order.

        Each may be an `EmbeddedPrediction`, where the engine has embeddings.

        Args:
            prepared: What `prepare` gave of N images, at most `BATCH_SIZE`; 0 are allowed.
            top_k: How many classes to name, at least 1; all if there are fewer.
        """

    def replay(self) -> GoldenReport:
        """Predict the golden images again, now, as it was done at the load.

        Raises:
            ImageRejected: A file of them cannot be read any more.
        """


def predict_many(
    engine: Engine, files: Sequence[bytes], top_k: int, limits: DecodeLimits
) -> list[Prediction | ImageRejected]:
    """For each file, in order, its prediction or why it was rejected."""
    answers: list[Prediction | ImageRejected] = []
    for start in range(0, len(files), BATCH_SIZE):
        prepared = [engine.prepare(data, limits) for data in files[start : start + BATCH_SIZE]]
        readable = [entry for entry in prepared if not isinstance(entry, ImageRejected)]
        found = iter(engine.answer(readable, top_k))
        answers += [
            entry if isinstance(entry, ImageRejected) else next(found) for entry in prepared
        ]
    return answers
