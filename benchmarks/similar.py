"""How long it takes to find the images most like one among a million embeddings.

python -m benchmarks.similar [--images 1000000] [--values 128]

Vectors around 2,000 centres, as embeddings of classes are; 20 questions for the 100 nearest each,
one at a time. The peer in the same run is NumPy's product of the float32 matrix with argpartition.
"""

import argparse
import json
import os
import time
from collections.abc import Callable

import numpy as np

from forge_core.predictions.embeddings.similarity_index import SimilarityIndex

CENTRES, QUESTIONS, NUMBER = 2_000, 20, 100


def main() -> None:
    """Print milliseconds of a question, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--values", type=int, default=128)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    centres = random.standard_normal((CENTRES, options.values), np.float32)
    values = centres[random.integers(0, CENTRES, options.images)].astype(np.float16)
    for start in range(0, options.images, 100_000):
        part = values[start : start + 100_000]
        part += (0.7 * random.standard_normal(part.shape, np.float32)).astype(np.float16)
    began = time.perf_counter()
    index = SimilarityIndex(values)
    build_seconds = time.perf_counter() - began
    asked = values[:: max(1, options.images // QUESTIONS)][:QUESTIONS].astype(np.float32)
    ours = measure(lambda vector: index.search(vector, NUMBER)[0], asked)
    whole = values.astype(np.float32)
    whole /= np.linalg.norm(whole, axis=1, keepdims=True)

    def by_numpy(vector: np.ndarray) -> np.ndarray:
        likeness = whole @ (vector / np.linalg.norm(vector))
        found = np.argpartition(-likeness, NUMBER)[:NUMBER]
        return found[np.argsort(-likeness[found])]

    peer = measure(by_numpy, asked)
    shared = [
        len(set(mine.tolist()) & set(theirs.tolist())) / NUMBER
        for mine, theirs in zip(ours[1], peer[1], strict=True)
    ]
    print(
        json.dumps(
            {
                "images": options.images,
                "values": options.values,
                "build_seconds": round(build_seconds, 2),
                "milliseconds": ours[0],
                "numpy_milliseconds": peer[0],
                "recall": round(float(np.mean(shared)), 4),
                "wanted_milliseconds": 200,
                "load": os.getloadavg()[0],
            },
            indent=2,
        )
    )


def measure(
    search: Callable[[np.ndarray], np.ndarray], asked: np.ndarray
) -> tuple[dict[str, float], list[np.ndarray]]:
    """Milliseconds of a question, median and least, and what was found."""
    search(asked[0])
    seconds, found = [], []
    for vector in asked:
        began = time.perf_counter()
        found.append(search(vector))
        seconds.append(time.perf_counter() - began)
    return {
        "median": round(1000 * float(np.median(seconds)), 1),
        "least": round(1000 * min(seconds), 1),
    }, found


if __name__ == "__main__":
    main()
