"""The service under load, beside plain FastAPI and the offline rate, and every bad input there is.

python -m benchmarks.serving FOLDER [--minutes 10] [--bad FOLDER] [--json FILE]
python -m benchmarks.serving FOLDER --parts swaps half_open [--requests 10000] [--half-open 1500]

FOLDER holds photos (imagenette224_dev). The network is MobileNetV2 at 224 px for 10 classes; its
weights do not matter here. Offline is `Predictor.predict_many` of 32 files at a time, in one
process, before and after; throughput is 16 clients that ask again at once, a file a request. The
peer is FastAPI as most write it: one file in, one forward pass, in its thread pool. LitServe
joins in where it is installed (`pip install litserve`). Then requests come at 80 % of the service's
own throughput, evenly, a tenth of them bad files, for the minutes named (one half by default).
Servers, clients and the offline loop share the cores, one server at a time.

The part `swaps` sends requests without a pause while the checkpoint in use is changed again and
again, to a ForgeCNN of 64 px, since it asks what is dropped and not how fast it is. `half_open`
begins uploads that it never ends, far more than the service takes at a time, and looks at what
others get meanwhile.
"""

import argparse
import asyncio
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks import serving_client, serving_trials
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import ImageRejected
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction

CLIENTS = 16
SECONDS = 12.0
BATCH = 32
START_SECONDS = 180.0
SHARE = 0.8
BAD_SHARE = 10
"""Every tenth request is a bad file."""
MANY_CONNECTIONS = {"FORGE_SERVE_CONNECTIONS": "1024"}


def main() -> None:
    """Measure one after another, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--bad", type=Path, help="folder of bad inputs, all of them")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["load"])
    parser.add_argument("--requests", type=int, default=10_000, help="of swaps")
    parser.add_argument("--swaps", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=600.0, help="of swaps at most")
    parser.add_argument("--half-open", type=int, default=1_500, help="uploads that never end")
    asked = parser.parse_args()
    paths = sorted(
        path for path in asked.folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")
    )
    photos = [path.read_bytes() for path in paths[:: max(1, len(paths) // 256)][:256]]
    bad_paths = sorted(path for path in asked.bad.rglob("*") if path.is_file()) if asked.bad else []
    bad = [path.read_bytes() for path in bad_paths] or [b"", b"text", photos[0][:500]]
    report: dict[str, Any] = {"load_average": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.parts:
            report[name] = PARTS[name](Path(folder), photos, bad, asked)
    text = json.dumps(report, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")


def load(
    folder: Path, photos: list[bytes], bad: list[bytes], asked: argparse.Namespace
) -> dict[str, Any]:
    """Throughput beside the peers, and a long time at 80 % of it."""
    report: dict[str, Any] = {"minutes": asked.minutes}
    path = folder / "mobilenet.safetensors"
    make_checkpoint(path)
    rates = [offline(path, photos)]
    for name in ("fastapi", *(["litserve"] if importlib.util.find_spec("litserve") else [])):
        with server(["-m", "benchmarks.serving_peers", name, str(path)]) as (port, _):
            report[name] = asyncio.run(
                serving_client.throughput(
                    port, photos, CLIENTS, SECONDS, as_form=name == "litserve"
                )
            )
    command = ["-m", "forge_core.serving.http", "--checkpoint", str(path)]
    with server([*command, "--device", "cpu"]) as (port, process):
        report["service"] = asyncio.run(serving_client.throughput(port, photos, CLIENTS, SECONDS))
        rate = SHARE * report["service"]["requests_per_second"]
        report["sustained"] = sustained(port, process, photos, bad, rate, asked.minutes * 60)
        report["bad_inputs"] = asyncio.run(bad_inputs(port, bad))
        report["rss_mb_after_bad_inputs"] = round(process.memory_info().rss / 1e6)
    rates.append(offline(path, photos))
    report["offline_images_per_second_before_and_after"] = rates
    of_best = report["service"]["requests_per_second"] / max(rates)
    report["of_the_better_offline_rate"] = round(of_best, 3)
    return report


def swaps(
    folder: Path, photos: list[bytes], _: list[bytes], asked: argparse.Namespace
) -> dict[str, Any]:
    """What becomes of requests while the checkpoint in use changes."""
    made = [folder / f"small{seed}.safetensors" for seed in range(2)]
    for seed, path in enumerate(made):
        make_checkpoint(path, "forge_cnn", 64, seed)
    link = folder / "link.safetensors"
    link.symlink_to(made[0])
    command = ["-m", "forge_core.serving.http", "--checkpoint", str(link), "--device", "cpu"]
    with server(command) as (port, process):
        return asyncio.run(
            serving_trials.swaps(
                port,
                process,
                photos,
                link,
                made,
                number=asked.requests,
                num_swaps=asked.swaps,
                most_seconds=asked.seconds,
            )
        )


def half_open(
    folder: Path, photos: list[bytes], _: list[bytes], asked: argparse.Namespace
) -> dict[str, Any]:
    """What uploads that never end do to others, with the limits that a service has by default."""
    path = folder / "small.safetensors"
    make_checkpoint(path, "forge_cnn", 64)
    command = ["-m", "forge_core.serving.http", "--checkpoint", str(path), "--device", "cpu"]
    with server(command, {}) as (port, process):
        return asyncio.run(serving_trials.half_open(port, process, photos[0], asked.half_open))


def make_checkpoint(
    path: Path, architecture: str = "mobilenet_v2", size: int = 224, seed: int = 0
) -> None:
    """A network of random weights, as a run would save it."""
    torch.manual_seed(seed)
    card = ModelCard(
        architecture=architecture,
        class_names=tuple(f"class {number}" for number in range(10)),
        label_ids=tuple(range(1, 11)),
        eval_transform=EvalTransform(resize=size * 8 // 7, crop=size),
    )
    model = construction.assemble(architecture, 10, input_size=size, channels=3)
    checkpoint.save_checkpoint(path, model, card)


def offline(path: Path, photos: list[bytes]) -> float:
    """Images a second of the predictor alone, 32 at a time."""
    predictor = Predictor.load(path, "cpu")
    predictor.predict_many(photos[:BATCH])
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        start = count % len(photos)
        answers = predictor.predict_many(photos[start : start + BATCH])
        assert not any(isinstance(answer, ImageRejected) for answer in answers)
        count += len(answers)
    return round(count / (time.perf_counter() - started), 2)


@contextmanager
def server(
    command: list[str], options: Mapping[str, str] = MANY_CONNECTIONS
) -> Iterator[tuple[int, psutil.Process]]:
    """A server process on a free port, ended afterwards with all that it started."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environment = os.environ | options
    process = subprocess.Popen(
        [sys.executable, *command, "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        yield port, psutil.Process(process.pid)
    finally:
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for child in started:  # LitServe's workers outlive it, and would slow the next
            with suppress(psutil.NoSuchProcess):
                child.kill()


def sustained(
    port: int,
    process: psutil.Process,
    photos: list[bytes],
    bad: list[bytes],
    rate: float,
    seconds: float,
) -> dict[str, Any]:
    """Good and bad files at a fixed rate, and the memory of the server in its course."""
    memory: list[int] = []
    files = [
        (bad[place // BAD_SHARE % len(bad)], False)
        if place % BAD_SHARE == BAD_SHARE - 1
        else (photos[place % len(photos)], True)
        for place in range(int(rate * seconds))
    ]
    found = asyncio.run(
        serving_client.at_rate(port, files, rate, lambda: memory.append(process.memory_info().rss))
    )
    half = memory[len(memory) // 2 :]
    return {
        **found,
        "rate_per_second": round(rate, 2),
        "rss_mb_first_half_most": round(max(memory[: len(memory) // 2]) / 1e6),
        "rss_mb_second_half_most": round(max(half) / 1e6),
    }


async def bad_inputs(port: int, bad: list[bytes]) -> dict[str, int]:
    """How many of all bad files got which status."""
    counts: Counter[str] = Counter()
    for data in bad:
        status, _ = await serving_client.ask_once(port, data)
        counts[str(status)] += 1
    return dict(counts)


PARTS = {"load": load, "swaps": swaps, "half_open": half_open}

if __name__ == "__main__":
    main()
