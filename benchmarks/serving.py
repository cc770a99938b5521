"""The service under load, beside plain FastAPI and the offline rate, and every bad input there is.

python -m benchmarks.serving FOLDER [--minutes 10] [--bad FOLDER] [--json FILE]

FOLDER holds photos (imagenette224_dev). The network is MobileNetV2 at 224 px for 10 classes; its
weights do not matter here. Offline is `Predictor.predict_many` of 32 files at a time, in one
process, before and after; throughput is 16 clients that ask again at once, a file a request. The
peer is FastAPI as most write it: one file in, one forward pass, in its thread pool. LitServe
joins in where it is installed. Then requests come at 80 % of the service's own throughput,
evenly, a tenth of them bad files, for the minutes named (one half by default). Servers, clients
and the offline loop share the cores, one server at a time.
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks import serving_client
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


def main() -> None:
    """Measure one after another, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--bad", type=Path, help="folder of bad inputs, all of them")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    paths = sorted(
        path for path in asked.folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")
    )
    photos = [path.read_bytes() for path in paths[:: max(1, len(paths) // 256)][:256]]
    bad_paths = sorted(path for path in asked.bad.rglob("*") if path.is_file()) if asked.bad else []
    bad = [path.read_bytes() for path in bad_paths] or [b"", b"text", photos[0][:500]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mobilenet.safetensors"
        make_checkpoint(path)
        report: dict[str, Any] = {"load_average": os.getloadavg()[0], "minutes": asked.minutes}
        rates = [offline(path, photos)]
        for name in ("fastapi", *(["litserve"] if importlib.util.find_spec("litserve") else [])):
            with server(["-m", "benchmarks.serving_peers", name, str(path)]) as (port, _):
                report[name] = asyncio.run(
                    serving_client.throughput(port, photos, CLIENTS, SECONDS)
                )
        command = ["-m", "forge_core.serving.http", "--checkpoint", str(path)]
        with server([*command, "--device", "cpu"]) as (port, process):
            report["service"] = asyncio.run(
                serving_client.throughput(port, photos, CLIENTS, SECONDS)
            )
            rate = SHARE * report["service"]["requests_per_second"]
            report["sustained"] = sustained(port, process, photos, bad, rate, asked.minutes * 60)
            report["bad_inputs"] = asyncio.run(bad_inputs(port, bad))
            report["rss_mb_after_bad_inputs"] = round(process.memory_info().rss / 1e6)
        rates.append(offline(path, photos))
    report["offline_images_per_second_before_and_after"] = rates
    of_best = report["service"]["requests_per_second"] / max(rates)
    report["of_the_better_offline_rate"] = round(of_best, 3)
    text = json.dumps(report, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text, encoding="utf-8")


def make_checkpoint(path: Path) -> None:
    """A MobileNetV2 of random weights, as a run would save it."""
    torch.manual_seed(0)
    card = ModelCard(
        architecture="mobilenet_v2",
        class_names=tuple(f"class {number}" for number in range(10)),
        label_ids=tuple(range(1, 11)),
        eval_transform=EvalTransform(resize=256, crop=224),
    )
    model = construction.assemble("mobilenet_v2", 10, input_size=224, channels=3)
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
def server(command: list[str]) -> Iterator[tuple[int, psutil.Process]]:
    """A server process on a free port, ended afterwards."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    environment = os.environ | {"FORGE_SERVE_CONNECTIONS": "1024"}
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
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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


if __name__ == "__main__":
    main()
