"""Logs of traffic, and references, that are drawn instead of answered."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from forge_core.drift.reference import Reference
from forge_core.evaluation.answers import Floats, Whole
from forge_core.imaging import hashing
from forge_core.inference.prediction import ClassProbability
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.serving.engines import EmbeddedPrediction, ServedModel
from forge_core.serving.traffic import parts, rows
from forge_core.serving.traffic.rows import Disagreement, Said

NAMES = ("cat", "dog", "owl")
START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def served(sha256: str = "a" * 64, names: Sequence[str] = NAMES, run_id: int = 1) -> ServedModel:
    card = {"class_names": list(names), "run_id": run_id, "architecture": "forge_cnn"}
    proof = GoldenReport(0.0, argmax_equal=True, passed=True)
    return ServedModel(file_name="x", sha256=sha256, card=card, golden=proof, versions={})


def draw(
    number: int, *, seed: int = 0, away: float = 0.0, sure: float = 4.0
) -> tuple[Floats, Floats, Whole]:
    """Embeddings (N, 8), calibrated probabilities (N, 3) and places of N images.

    `away` moves them where no image of the reference is.
    """
    random = np.random.default_rng(seed)
    logits = random.normal(size=(number, 3)) * sure
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    places = np.array([random.choice(3, p=row) for row in probabilities])
    embeddings = 0.4 * random.normal(size=(number, 8)) + 2 * np.eye(8)[places]
    embeddings[:, 7] += away
    return embeddings, probabilities, places


def reference(number: int = 300, *, seed: int = 1) -> Reference:
    embeddings, probabilities, places = draw(number, seed=seed)
    return Reference(
        checkpoint_sha256="a" * 64,
        run_id=1,
        class_names=NAMES,
        embeddings=embeddings.astype(np.float16),
        probabilities=probabilities,
        places=places,
        train_shares=np.full(3, 1 / 3),
    )


def write(
    folder: Path,
    embeddings: Floats | None,
    probabilities: Floats,
    model: ServedModel | None = None,
    *,
    per_day: int = 100,
    start: datetime = START,
    pictures: Sequence[bytes] = (),
    hashes: Sequence[str] = (),
) -> None:
    """One part of a log, with so many answers a day."""
    model = model or served()
    folder.mkdir(parents=True, exist_ok=True)
    part = parts.new_path(folder)
    lines = [rows.checkpoint_line(model)]
    for row, likely in enumerate(probabilities):
        order = np.argsort(-likely)
        prediction = EmbeddedPrediction(
            [ClassProbability(model.class_names[place], float(likely[place])) for place in order],
            1.0,
            8,
            8,
            embedding=None if embeddings is None else embeddings[row].astype(np.float16),
        )
        moment = start + timedelta(days=row // per_day, seconds=row % per_day)
        sha256 = hashes[row] if hashes else f"{row:064x}"
        lines.append(
            rows.answer_line(
                moment, f"r{row}", sha256, prediction, model, has_picture=bool(pictures)
            )
        )
        if pictures:
            parts.pictures_of(part).mkdir(exist_ok=True)
            (parts.pictures_of(part) / sha256).write_bytes(pictures[row])
    part.write_bytes(b"".join(lines))


def disagree(folder: Path, pictures: Sequence[bytes], *, kept: int | None = None) -> list[str]:
    """What a shadow answered otherwise, with so many pictures kept; returns their hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    part = parts.new_path(folder)
    part.write_bytes(rows.checkpoint_line(served()))
    parts.pictures_of(part).mkdir()
    hashes = [hashing.content_hash(data) for data in pictures]
    lines = b""
    for place, sha256 in enumerate(hashes):
        lines += rows.disagreement_line(
            Disagreement(
                time=START.isoformat(),
                request_id=f"r{place}",
                image_sha256=sha256,
                checkpoint_sha256="a" * 64,
                answered=Said(label_name="cat", probability=0.93, decision="accepted"),
                shadow_sha256="b" * 64,
                shadow=Said(label_name="dog", probability=0.7, decision="not_sure"),
            )
        )
        if kept is None or place < kept:
            (parts.pictures_of(part) / sha256).write_bytes(pictures[place])
    parts.disagreements_of(part).write_bytes(lines + b'{"torn')
    return hashes
