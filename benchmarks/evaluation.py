"""Does an evaluation keep up with the predictor? Is a matrix of 1,000 classes drawn in a second?

    python -m benchmarks.evaluation FOLDER [--images 10000] [--side 128] [--rounds 3]

FOLDER holds photos in folders by class. They are repeated until there are enough, each time with
bytes of its own, and lie in val. The network is not trained: its weights do not change its speed.

In turns, so many rounds of each: the predictor answers for all of the files in batches of 32
(read, hash, decode, transform, forward), and the same checkpoint is evaluated on them, with the
answers kept.
Then the page's parts of a confusion matrix of 1,000 classes are made from 50,000 answers. Prints
JSON with the load.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from db.enums import CheckpointKind, RunStatus, Split
from db.records import AssetFilter
from db.run_records import CheckpointFile
from forge_core.catalog.editing import label_edits
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.revisions import history
from forge_core.evaluation import answers as columns
from forge_core.evaluation import summary
from forge_core.imaging import hashing
from forge_core.inference.predictor import Predictor
from forge_core.models import architectures
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction
from forge_core.people.actor import Actor
from forge_core.predictions import evaluation, image_batches
from forge_core.runs import records
from forge_core.runs.files import checkpoints, folders
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace, open_workspace
from pages.components.evaluation import confusion_chart, confusion_view

ACTOR = Actor("benchmark")
MATRIX_ROUNDS = 3
CLASSES = 1_000
ANSWERS = 50_000


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--architecture", default="mobilenet_v2")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        workspace = build(Path(scratch), asked.folder, asked.images)
        run_id = add_run(workspace, asked.architecture, asked.side)
        rates = measure_rates(workspace, run_id, asked.rounds)
        workspace.database.dispose()
    found = {
        "images": asked.images,
        "architecture": asked.architecture,
        "side": asked.side,
        "rates": rates,
        "ratio": round(rates["predictor"]["processor_ms"] / rates["evaluation"]["processor_ms"], 3),
        "matrix_seconds": measure_matrix(),
        "threads": torch.get_num_threads(),
        "load": [round(each, 1) for each in os.getloadavg()],
    }
    print(json.dumps(found, indent=2))


def build(scratch: Path, photos: Path, number: int) -> Workspace:
    """A workspace with so many photos in val."""
    sources = sorted(path for path in photos.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    random.Random(0).shuffle(sources)
    for place in range(number):
        source = sources[place % len(sources)]
        target = scratch / "photos" / source.parent.name / f"{place}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        # Behind the end of a JPEG anything may stand: other bytes, the same pixels.
        target.write_bytes(source.read_bytes() + place.to_bytes(4, "big"))
    workspace = open_workspace(
        Settings(_env_file=None, workspace=scratch / "workspace", user=ACTOR.name)
    )
    plan = import_plan.prepare(workspace, scratch / "photos")
    run_import.run_import(workspace, plan, actor=ACTOR)
    label_edits.set_split_matching(workspace, AssetFilter(), Split.VAL, actor=ACTOR)
    return workspace


def add_run(workspace: Workspace, architecture: str, side: int) -> int:
    """A finished run whose checkpoint holds an untrained network."""
    with workspace.database.write() as uow:
        labels = uow.labels.list_all()
        config = TrainConfig(architecture=architecture, input_size=side)
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED,
            author=ACTOR.name,
            config=config.to_dict(),
            revision_id=history.latest_revision_id(workspace),
            class_names=[label.name for label in labels],
            label_ids=[label.label_id for label in labels],
        )
    run = records.get_run(workspace, run_id)
    name = folders.claim(workspace, run)
    folder = workspace.runs.working_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model = construction.assemble(architecture, len(labels), input_size=side)
    card = ModelCard(
        architecture=architecture,
        class_names=tuple(label.name for label in labels),
        label_ids=tuple(label.label_id for label in labels),
        eval_transform=architectures.default_eval_transform(architecture, side),
        run_id=run_id,
    )
    path = folder / "best.safetensors"
    checkpoint.save_checkpoint(path, model, card)
    workspace.runs.publish(name, [path.name])
    with workspace.database.write() as uow:
        uow.checkpoints.add(
            CheckpointFile(
                run_id=run_id,
                kind=CheckpointKind.BEST,
                file_path=f"{name}/{path.name}",
                content_hash=hashing.content_hash(path.read_bytes()),
                size_bytes=path.stat().st_size,
                epoch=1,
                val_accuracy=0.0,
            )
        )
    return int(run_id)


def measure_rates(workspace: Workspace, run_id: int, rounds: int) -> dict[str, dict[str, float]]:
    """Of both ways images a second, and milliseconds of processor time an image; medians.

    Beside others' work only the processor time can be compared. Loading the checkpoint, which
    replays its golden predictions, is told apart: it costs the same for 1 image and for 10,000.
    """
    now = history.latest_revision_id(workspace)
    path = checkpoints.checkpoint_path(workspace, run_id)
    began = time.process_time()
    predictor = Predictor.load(path, "cpu")
    loading = time.process_time() - began
    assets = list(history.as_of(workspace, now, split=Split.VAL))
    transform = predictor.card.eval_transform

    def predict() -> None:
        batches = image_batches.in_batches(assets)
        for batch in image_batches.read_batches(workspace, batches, transform):
            predictor.logits_of_inputs(torch.stack([each for _, each in batch.usable]))

    def evaluate() -> None:
        evaluation.evaluate_and_keep(workspace, run_id, Split.VAL, device="cpu", actor=ACTOR)

    ways = {"predictor": predict, "evaluation": evaluate}
    walls: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began, began_processor = time.perf_counter(), time.process_time()
            way()
            walls[name].append(len(assets) / (time.perf_counter() - began))
            fixed = loading if name == "evaluation" else 0.0
            spent = time.process_time() - began_processor - fixed
            processor[name].append(1_000 * spent / len(assets))
    return {
        name: {
            "images_a_second": round(statistics.median(walls[name]), 1),
            "processor_ms": round(statistics.median(processor[name]), 2),
        }
        for name in ways
    } | {"loading": {"processor_seconds": round(loading, 2)}}


def measure_matrix() -> dict[str, float]:
    """Seconds of each part that the page makes of 1,000 classes, best of three."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, CLASSES, ANSWERS)
    predicted = np.where(rng.random(ANSWERS) < 0.7, true, rng.integers(0, CLASSES, ANSWERS))
    label_ids = list(range(1, CLASSES + 1))
    found = columns.Answers(
        asset_ids=[uuid.UUID(int=place) for place in range(ANSWERS)],
        label_ids=true + 1,
        predicted_ids=predicted + 1,
        confidence=rng.random(ANSWERS),
        label_rank=np.where(true == predicted, 1, 2),
        label_probability=rng.random(ANSWERS),
        is_trained=np.zeros(ANSWERS, np.bool_),
    )
    names = [f"class {number}" for number in label_ids]
    best: dict[str, float] = {}
    for _ in range(MATRIX_ROUNDS):
        for name, seconds in _time_parts(found, label_ids, names):
            best[name] = min(best.get(name, seconds), seconds)
    best["drawn"] = best["counted"] + best["block"] + best["overview"] + best["pairs"]
    return {name: round(seconds, 3) for name, seconds in best.items()}


def _time_parts(
    found: columns.Answers, label_ids: list[int], names: list[str]
) -> Iterator[tuple[str, float]]:
    began = time.perf_counter()
    counts = columns.count_confusion(found, label_ids)
    yield "counted", time.perf_counter() - began
    began = time.perf_counter()
    places = confusion_view.choose_places(counts, [])
    matrix = confusion_view.make_matrix(counts, names, places, "counts")
    confusion_chart.make_figure(matrix).to_json()
    yield "block", time.perf_counter() - began
    began = time.perf_counter()
    confusion_view.draw_overview(counts)
    yield "overview", time.perf_counter() - began
    began = time.perf_counter()
    columns.list_pairs(counts, confusion_view.MOST_PAIRS)
    yield "pairs", time.perf_counter() - began
    began = time.perf_counter()
    summary.summarise(found, label_ids)
    yield "summary", time.perf_counter() - began


if __name__ == "__main__":
    main()
