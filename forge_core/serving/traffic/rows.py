"""The lines of the log of traffic: what is written of an answer, and how it is read back.

A part of the log is a file of JSON lines. Before the first answer of a checkpoint comes a line that
describes it, so that each part can be read alone. Arrays are float16 in base64: 3.4 KB a line with
an embedding of 1,280 values. Imports no torch.

Legend: K classes, F features of the backbone.
"""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forge_core.inference.prediction import Prediction
from forge_core.serving.engines import EmbeddedPrediction, ServedModel

VERSION = 1
ENDING = ".jsonl"
DISAGREEMENTS_ENDING = ".shadow"
"""Of the file beside a part that tells what a shadow answered otherwise."""
PICTURES_ENDING = ".pictures"
"""Of the folder beside a part that holds its pictures, named by their hashes."""
Halves = NDArray[np.float16]


@dataclass(frozen=True, kw_only=True)
class LoggedCheckpoint:
    """What a part of the log says of a checkpoint that answered."""

    sha256: str
    """Of the file that answered."""
    class_names: tuple[str, ...]
    """In the order of the probabilities."""
    run_id: int | None
    architecture: str
    origin_sha256: str
    """Of the checkpoint that the file was exported from; empty where it is the checkpoint."""


@dataclass(frozen=True, kw_only=True)
class LoggedAnswer:
    """One answer as it was logged."""

    time: datetime
    """UTC, with its zone."""
    request_id: str
    image_sha256: str
    """Of the image's file, by which the catalog knows it."""
    checkpoint_sha256: str
    label_name: str
    confidence: float
    """Calibrated, 0 to 1."""
    decision: str | None
    distance: float | None
    """To the known images; None where the card's rule does not ask for it."""
    probabilities: Halves
    """(K,) calibrated; of more than 100 classes those beyond the hundredth are 0."""
    embedding: Halves | None
    """(F,) of the layer before the head; None where the engine has none."""
    has_picture: bool


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one checkpoint answered to an image."""

    label_name: str
    probability: float
    """Calibrated, 0 to 1."""
    decision: str | None


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """An image to which a shadow gave another class, or another decision."""

    time: str
    """UTC, ISO 8601."""
    request_id: str
    image_sha256: str
    checkpoint_sha256: str
    answered: Said
    shadow_sha256: str
    shadow: Said


def checkpoint_line(served: ServedModel) -> bytes:
    """The line that describes a checkpoint."""
    run_id = served.card.get("run_id")
    return _line(
        {
            "version": VERSION,
            "checkpoint": served.sha256,
            "class_names": served.class_names,
            "run_id": run_id if isinstance(run_id, int) else None,
            "architecture": str(served.card.get("architecture", "")),
            "origin": served.origin_sha256,
        }
    )


def answer_line(
    time: datetime,
    request_id: str,
    image_sha256: str,
    answered: Prediction,
    served: ServedModel,
    *,
    has_picture: bool,
) -> bytes:
    """The line of an answer."""
    best = answered.probabilities[0]
    likely = {each.label_name: each.probability for each in answered.probabilities}
    row: dict[str, Any] = {
        "time": time.isoformat(timespec="milliseconds"),
        "request_id": request_id,
        "image_sha256": image_sha256,
        "checkpoint": served.sha256,
        "label_name": best.label_name,
        "confidence": round(best.probability, 6),
        "decision": None if answered.decision is None else str(answered.decision),
        "distance": None if answered.distance is None else float(f"{answered.distance:.6g}"),
        "probabilities": _encode([likely.get(name, 0.0) for name in served.class_names]),
    }
    embedding = answered.embedding if isinstance(answered, EmbeddedPrediction) else None
    if embedding is not None and np.isfinite(embedding).all():
        row["embedding"] = _encode(embedding)
    if has_picture:
        row["picture"] = True
    return _line(row)


def read_line(line: bytes) -> LoggedCheckpoint | LoggedAnswer:
    """What a line says.

    Raises:
        ValueError: It is torn, or none of ours.
    """
    try:
        values = json.loads(line)
        if "class_names" in values:
            if values["version"] != VERSION:
                raise ValueError(f"version {values['version']!r}")
            return LoggedCheckpoint(
                sha256=str(values["checkpoint"]),
                class_names=tuple(str(name) for name in values["class_names"]),
                run_id=values["run_id"],
                architecture=str(values["architecture"]),
                origin_sha256=str(values["origin"]),
            )
        return LoggedAnswer(
            time=datetime.fromisoformat(values["time"]),
            request_id=str(values["request_id"]),
            image_sha256=str(values["image_sha256"]),
            checkpoint_sha256=str(values["checkpoint"]),
            label_name=str(values["label_name"]),
            confidence=float(values["confidence"]),
            decision=values["decision"],
            distance=values["distance"],
            probabilities=_decode(values["probabilities"]),
            embedding=_decode(values["embedding"]) if "embedding" in values else None,
            has_picture=bool(values.get("picture", False)),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no line of a log of traffic: {error!r}") from error


def disagreement_line(disagreement: Disagreement) -> bytes:
    """The line of a disagreement, in the file beside a part and in `--shadow-log`."""
    return _line(asdict(disagreement))


def read_disagreement(line: bytes) -> Disagreement:
    """What such a line says.

    Raises:
        ValueError: It is torn, or none of ours.
    """
    try:
        values = json.loads(line)
        return Disagreement(
            time=str(values["time"]),
            request_id=str(values["request_id"]),
            image_sha256=str(values["image_sha256"]),
            checkpoint_sha256=str(values["checkpoint_sha256"]),
            answered=_read_said(values["answered"]),
            shadow_sha256=str(values["shadow_sha256"]),
            shadow=_read_said(values["shadow"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no line of a disagreement: {error!r}") from error


def _read_said(values: Any) -> Said:
    return Said(
        label_name=str(values["label_name"]),
        probability=float(values["probability"]),
        decision=values["decision"],
    )


def _encode(values: Any) -> str:
    return base64.b64encode(np.asarray(values, "<f2").tobytes()).decode()


def _decode(text: str) -> Halves:
    found: Halves = np.frombuffer(base64.b64decode(text, validate=True), "<f2")
    if not np.isfinite(found).all():
        raise ValueError("an array of a log of traffic is not finite")
    return found


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, allow_nan=False).encode() + b"\n"
