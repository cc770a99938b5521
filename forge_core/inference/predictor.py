"""A loaded checkpoint that answers for images."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference import decisions
from forge_core.inference.prediction import ClassProbability, Prediction
from forge_core.models import chunking, devices, precision
from forge_core.models.checkpoints import checkpoint, golden
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint, Policy
from forge_core.models.checkpoints.decision_rule import DECISIONS
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.devices import DeviceKind

BATCH_SIZE = 32
PROVEN_KINDS: tuple[DeviceKind, ...] = ("cuda", "cpu")
"""What "auto" may be here: on Apple's GPU nobody has replayed golden predictions yet."""


@dataclass(frozen=True)
class Prepared:
    """An image on its way into a batch."""

    inputs: Tensor
    """(C, H, W) float32, as the network takes it."""
    width: int
    height: int
    seconds: float


class Predictor:
    """Answers for images with the network of one checkpoint, in float32 on every device.

    Several threads may use it; they take turns.

    Args:
        loaded: A checkpoint; its network is moved to the device.
        device: "auto", "cpu", "cuda:0" or a torch device.
    """

    def __init__(self, loaded: LoadedCheckpoint, device: str | torch.device = "auto") -> None:
        self.device = _device(device)
        self.loaded = loaded
        self._model = loaded.model.to(self.device).eval()
        decider = decisions.module_of(loaded)
        self._decider = decider.eval() if decider else None

    @classmethod
    def load(
        cls, path: Path, device: str | torch.device = "auto", *, policy: Policy = "refuse"
    ) -> "Predictor":
        """Load a checkpoint; its golden predictions are replayed on the chosen device.

        Raises:
            NotFound: There is no such file.
            CheckpointRejected: The file is not ours, is damaged, or predicts otherwise here.
            InvalidInput: The device does not exist.
        """
        chosen = _device(device)
        return cls(checkpoint.load_checkpoint(path, chosen, policy=policy), chosen)

    @property
    def card(self) -> ModelCard:
        """The card of the checkpoint."""
        return self.loaded.card

    def logits(self, images: Sequence[Image.Image]) -> Tensor:
        """Logits of RGB images, upright as `imaging.decode` gives them.

        Args:
            images: N images of any sizes; 0 are allowed.

        Returns:
            (N, K) float32 on the CPU, in the order of the images and of the card's classes.
        """
        batches = [
            self._forward([self.card.eval_transform(image) for image in images[start:stop]])
            for start, stop in _batches(len(images))
        ]
        return torch.cat(batches) if batches else torch.empty(0, self.card.num_classes)

    def predict(
        self, data: bytes, top_k: int = 5, limits: DecodeLimits = decode.DEFAULT_LIMITS
    ) -> Prediction:
        """Class probabilities of one image file.

        Raises:
            ImageRejected: The bytes are not an image that can be read.
            InvalidInput: `top_k` is less than 1.
        """
        (answer,) = self.predict_many([data], top_k, limits)
        if isinstance(answer, ImageRejected):
            raise answer
        return answer

    def predict_many(
        self,
        files: Sequence[bytes],
        top_k: int = 5,
        limits: DecodeLimits = decode.DEFAULT_LIMITS,
    ) -> list[Prediction | ImageRejected]:
        """Class probabilities of many image files; a bad one does not disturb the others.

        At most `BATCH_SIZE` images are in memory at a time, and only one of them unreduced.

        Args:
            files: Bytes of image files.
            top_k: How many classes to name; all if there are fewer.
            limits: What is refused before it is decoded.

        Returns:
            For each file, in order, its prediction or why it was rejected.

        Raises:
            InvalidInput: `top_k` is less than 1.
        """
        if top_k < 1:
            raise InvalidInput(f"Cannot name {top_k} classes.", next_step="Ask for at least 1.")
        answers: list[Prediction | ImageRejected] = []
        for start, stop in _batches(len(files)):
            prepared = [self.prepare(data, limits) for data in files[start:stop]]
            answers += self.answer_all(prepared, top_k)
        return answers

    def prepare(self, data: bytes, limits: DecodeLimits) -> Prepared | ImageRejected:
        """Decode a file and make of it what the network takes. Several threads may do it at once.

        Returns:
            The image on its way into `answer` or `logits_of`, or why it was rejected.
        """
        started = time.perf_counter()
        try:
            window = self.card.eval_transform.grey_window
            decoded = decode.decode_image(data, limits=limits.with_window(window))
        except ImageRejected as error:
            return error
        inputs = self.card.eval_transform(decoded.image)
        seconds = time.perf_counter() - started
        return Prepared(inputs, decoded.width, decoded.height, seconds)

    def logits_of(self, prepared: Sequence[Prepared]) -> Tensor:
        """Logits (N, K) float32 on the CPU of N images in one forward pass; N is at least 1."""
        return self._forward([entry.inputs for entry in prepared])

    def answer_all(
        self, prepared: Sequence[Prepared | ImageRejected], top_k: int
    ) -> list[Prediction | ImageRejected]:
        """`answer` for those that could be read; the others stay what they are, in order."""
        readable = [entry for entry in prepared if isinstance(entry, Prepared)]
        found = iter(self.answer(readable, top_k))
        return [next(found) if isinstance(entry, Prepared) else entry for entry in prepared]

    def answer(self, prepared: Sequence[Prepared], top_k: int) -> list[Prediction]:
        """Predictions of N images in one forward pass, in their order; N may be 0."""
        return self.answer_with_features(prepared, top_k)[0]

    def answer_with_features(
        self, prepared: Sequence[Prepared], top_k: int
    ) -> tuple[list[Prediction], Tensor]:
        """As `answer`, with what the backbone made of the images, (N, F) float32 on the CPU."""
        if not prepared:
            return [], torch.empty(0, 0)
        started = time.perf_counter()
        features, logits = self.features_and_logits(
            torch.stack([entry.inputs for entry in prepared])
        )
        probabilities, distances, codes = self._judge(features, logits)
        best = probabilities.topk(min(top_k, self.card.num_classes), dim=1)
        share = (time.perf_counter() - started) / len(prepared)
        answers = [
            Prediction(
                [
                    ClassProbability(self.card.class_names[place], value)
                    for place, value in zip(places, values, strict=True)
                ],
                latency_ms=(entry.seconds + share) * 1_000,
                width=entry.width,
                height=entry.height,
                decision=None if code is None else DECISIONS[code],
                distance=distance,
            )
            for entry, values, places, distance, code in zip(
                prepared, best.values.tolist(), best.indices.tolist(), distances, codes, strict=True
            )
        ]
        return answers, features

    def replay(self) -> GoldenReport:
        """Predict the checkpoint's golden images again, on this device, as at its load.

        Raises:
            ImageRejected: A file of them cannot be read any more.
        """
        return golden.replay(
            self._model,
            self.loaded.golden_predictions,
            self.card.eval_transform,
            tolerance=self.card.golden_tolerance,
        )

    def _judge(
        self, features: Tensor, logits: Tensor
    ) -> tuple[Tensor, Sequence[float | None], Sequence[int | None]]:
        """Probabilities (N, K), distances and codes of decisions of features (N, F) and logits.

        The latter are None where the card's rule does not tell them.
        """
        nothing = [None] * len(logits)
        if self._decider is None:
            return (logits / self.card.temperature).softmax(dim=1), nothing, nothing
        with torch.inference_mode():
            probabilities, distances, codes = self._decider(features, logits)
        known = distances.tolist() if self._decider.tells_unfamiliar else nothing
        return probabilities, known, codes.tolist()

    def _forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Logits (N, K) float32 on the CPU of N network inputs (C, H, W)."""
        return self.logits_of_inputs(torch.stack(list(inputs)))

    def logits_of_inputs(self, inputs: Tensor) -> Tensor:
        """Logits (N, K) float32 on the CPU of normalised network inputs (N, C, H, W)."""
        return self.features_and_logits(inputs)[1]

    def features_and_logits(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """What backbone (N, F) and head (N, K) make of normalised network inputs (N, C, H, W).

        Returns:
            Both float32 on the CPU.
        """
        batch = inputs.to(self.device)
        with torch.inference_mode(), precision.full_float32():
            at_once = chunking.images_at_once(self.device.type, batch.shape[-1])
            features, logits = [], []
            for chunk in torch.split(batch, at_once):
                found = self._model.backbone(chunk)
                features.append(found.float().cpu())
                logits.append(self._model.head(found).float().cpu())
            return torch.cat(features), torch.cat(logits)


def _device(wanted: str | torch.device) -> torch.device:
    return torch.device(devices.choose_id(str(wanted), PROVEN_KINDS))


def _batches(count: int) -> list[tuple[int, int]]:
    return [(start, start + BATCH_SIZE) for start in range(0, count, BATCH_SIZE)]
