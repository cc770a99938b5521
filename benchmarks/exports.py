"""Does an exported network answer as its checkpoint, in Python and in Node, and how fast?

    python -m benchmarks.exports RUN.safetensors FOLDER ... [--most 300] [--node] [--json FILE]

Exports the checkpoint once, and lets file and checkpoint answer for every image below the folders
that can be decoded, broken ones included (`bad_inputs`): how often the class is the same, for what
share of the images all logits are within 5e-3 of the largest, and the largest difference. Then
single images, one after the other: what an answer of the service's engine takes beside decoding
and the session alone (wanted: at most 1.2 times). `--node` installs onnxruntime-node into a folder
of its own and runs the same file on the same pixels there (wanted: within 1e-5).
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from forge_core.errors import ImageRejected
from forge_core.exports import onnx_export
from forge_core.imaging import decode
from forge_core.inference.onnx_network import IMAGE, LOGITS, OnnxNetwork
from forge_core.inference.predictor import Predictor
from forge_core.serving import onnx_engine

MOST_PIXELS = 20_000_000
TIMED = 60
NODE_PACKAGE = "onnxruntime-node@1.30.0"
NODE_SCRIPT = """
const ort = require("onnxruntime-node");
const { readFileSync } = require("fs");
(async () => {
  const [network, list] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(network);
  const answers = [];
  for (const { file, dims } of JSON.parse(readFileSync(list))) {
    const image = new ort.Tensor("uint8", new Uint8Array(readFileSync(file)), dims);
    const { logits } = await session.run({ image });
    answers.push([...logits.data]);
  }
  console.log(JSON.stringify(answers));
})();
"""


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--most", type=int, default=300, help="Images of a folder.")
    parser.add_argument("--node", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    predictor = Predictor.load(options.checkpoint, "cpu")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "network.onnx"
        begin = time.perf_counter()
        onnx_export.export_onnx(predictor.loaded, path)
        report: dict[str, Any] = {
            "architecture": predictor.card.architecture,
            "export_s": round(time.perf_counter() - begin, 1),
            "load": [round(each, 1) for each in os.getloadavg()],
        }
        network = OnnxNetwork(path)
        files = {folder.name: find_files(folder, options.most) for folder in options.folders}
        report["sets"] = [
            {"set": name} | compare(predictor, network, part) for name, part in files.items()
        ]
        report["single"] = measure(path, network, next(iter(files.values()))[:TIMED])
        if options.node:
            report["node"] = compare_in_node(path, network, next(iter(files.values())), scratch)
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text)


def find_files(folder: Path, most: int) -> list[Path]:
    """Some files of a folder, drawn by chance but always the same."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    random.Random(0).shuffle(found)
    return found[:most]


def compare(predictor: Predictor, network: OnnxNetwork, files: Sequence[Path]) -> dict[str, Any]:
    """Checkpoint and file on the same images."""
    same = near = images = 0
    largest = 0.0
    for path in files:
        image = decoded(path)
        if image is None:
            continue
        theirs = predictor.logits([image])[0].numpy()
        ours = network.run(image).logits
        difference = float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12))
        images += 1
        same += int(ours.argmax() == theirs.argmax())
        near += difference <= 5e-3
        largest = max(largest, difference)
    return {
        "images": images,
        "same_class": round(same / max(images, 1), 5),
        "logits_near": round(near / max(images, 1), 5),
        "largest_difference": largest,
    }


def decoded(path: Path) -> Any:
    """The image, or None where it cannot be read or is very large."""
    try:
        found = decode.decode_image(path.read_bytes()).image
    except (ImageRejected, OSError):
        return None
    return found if found.width * found.height <= MOST_PIXELS else None


def measure(path: Path, network: OnnxNetwork, files: Sequence[Path]) -> dict[str, float]:
    """Milliseconds an image, medians: the engine's answer, and decoding and session alone."""
    engine = onnx_engine.load(path)
    whole, alone = [], []
    for data in [file.read_bytes() for file in files if decoded(file) is not None]:
        begin = time.perf_counter()
        prepared = engine.prepare(data, decode.DEFAULT_LIMITS)
        engine.answer([prepared], 5)
        whole.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        image = decode.decode_image(data).image
        network._session.run([LOGITS], {IMAGE: np.asarray(image)})
        alone.append(time.perf_counter() - begin)
    answer, floor = 1e3 * statistics.median(whole), 1e3 * statistics.median(alone)
    return {
        "answer_ms": round(answer, 1),
        "decode_and_session_ms": round(floor, 1),
        "ratio": round(answer / floor, 3),
    }


def compare_in_node(
    path: Path, network: OnnxNetwork, files: Sequence[Path], scratch: str
) -> dict[str, Any]:
    """The largest difference of logits between Python and Node, as a share of the largest."""
    folder = Path(scratch) / "node"
    folder.mkdir()
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([*install, NODE_PACKAGE], cwd=folder, check=True)
    images = [image for image in map(decoded, files[:50]) if image is not None]
    entries = []
    for number, image in enumerate(images):
        file = folder / f"{number}.raw"
        file.write_bytes(np.asarray(image).tobytes())
        entries.append({"file": str(file), "dims": [image.height, image.width, 3]})
    (folder / "list.json").write_text(json.dumps(entries))
    (folder / "run.cjs").write_text(NODE_SCRIPT)
    ran = subprocess.run(
        ["node", "run.cjs", str(path), "list.json"],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    there = np.array(json.loads(ran.stdout), np.float32)
    here = np.stack([network.run(image).logits for image in images])
    return {
        "images": len(images),
        "largest_difference": float(np.abs(there - here).max() / np.abs(here).max()),
        "same_class": float((there.argmax(1) == here.argmax(1)).mean()),
    }


if __name__ == "__main__":
    main()
