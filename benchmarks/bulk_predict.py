"""Does a pass over many files keep up with the decoder and the network alone?

python -m benchmarks.bulk_predict [--folder FOLDER] [--images 512]

MobileNetV2 at 224 px on photos of `imagenette224_dev`: first the files are only read and decoded,
by as many threads as in a pass, then the network is only asked, in the batches of a pass; a pass
into a table does both at once and writes. Said in images a second, and in processor time, which
other work on the machine disturbs less; the alone ones are taken before and after, and the better
counts.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from forge_core.errors import ImageRejected
from forge_core.imaging.decode import DEFAULT_LIMITS
from forge_core.inference.predictor import Predictor, Prepared
from forge_core.models import allocator, architectures
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction
from forge_core.predictions.bulk import passes, sources
from forge_core.predictions.bulk.sources import FilesSource

DATA = Path(__file__).parents[2] / "shared" / "data"
NUM_CLASSES = 10
TOP_K = 5


def main() -> None:
    """Print both as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DATA / "imagenette224_dev")
    parser.add_argument("--images", type=int, default=512)
    options = parser.parse_args()
    os.environ.setdefault("TORCH_HOME", str(DATA / "torch_home"))
    allocator.keep_freed_memory()
    found = sources.open_source([options.folder]).files()
    paths = [options.folder / file.name for file in islice(found, options.images)]
    source = FilesSource(paths)
    with tempfile.TemporaryDirectory() as folder:
        predictor = make_predictor(Path(folder) / "best.safetensors")
        run_pass(predictor, FilesSource(paths[: passes.WINDOW]), Path(folder) / "warm.csv")
        alone = [measure_alone(predictor, source)]
        whole = measure(lambda: run_pass(predictor, source, Path(folder) / "out.parquet"))
        alone.append(measure_alone(predictor, source))
    seconds = min(each["seconds"] for each in alone)
    processor = min(each["processor_seconds"] for each in alone)
    print(
        json.dumps(
            {
                "images": source.count(),
                "load": os.getloadavg()[0],
                "threads": torch.get_num_threads(),
                "alone": alone,
                "pass": whole,
                "images_per_second": source.count() / whole["seconds"],
                "ratio": seconds / whole["seconds"],
                "ratio_of_processor_time": processor / whole["processor_seconds"],
            },
            indent=2,
        )
    )


def make_predictor(path: Path) -> Predictor:
    """MobileNetV2 with its ImageNet weights and a head that knows nothing."""
    torch.manual_seed(0)
    transform = architectures.default_eval_transform("mobilenet_v2", None, "crop")
    model = construction.build_model(
        "mobilenet_v2", NUM_CLASSES, pretrained=True, input_size=transform.crop
    )
    card = ModelCard(
        architecture="mobilenet_v2",
        class_names=tuple(f"class {number}" for number in range(NUM_CLASSES)),
        label_ids=tuple(range(1, NUM_CLASSES + 1)),
        eval_transform=transform,
    )
    checkpoint.save_checkpoint(path, model, card)
    return Predictor.load(path, "cpu")


def run_pass(predictor: Predictor, source: FilesSource, out: Path) -> None:
    """The product's own pass."""
    passes.predict_all(predictor, source, out, top_k=TOP_K, limits=DEFAULT_LIMITS, anew=True)


def measure_alone(predictor: Predictor, source: FilesSource) -> dict[str, float]:
    """Reading and decoding, then the network, each with the machine for itself."""
    prepared: list[Prepared] = []

    def decode() -> None:
        def load(file: sources.SourceFile) -> Prepared | ImageRejected:
            return predictor.prepare(file.read(DEFAULT_LIMITS.max_bytes), DEFAULT_LIMITS)

        with ThreadPoolExecutor(min(passes.MOST_READERS, os.cpu_count() or 1)) as readers:
            made = readers.map(load, source.files())
            prepared.extend(each for each in made if isinstance(each, Prepared))

    def ask() -> None:
        for start in range(0, len(prepared), passes.WINDOW):
            predictor.answer(prepared[start : start + passes.WINDOW], TOP_K)

    decoded, asked = measure(decode), measure(ask)
    return {name: decoded[name] + asked[name] for name in decoded} | {
        "decode_seconds": decoded["seconds"],
        "network_seconds": asked["seconds"],
    }


def measure(work: Callable[[], Any]) -> dict[str, float]:
    """Seconds by the clock and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor_seconds": processor}


if __name__ == "__main__":
    main()
