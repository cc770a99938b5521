"""What `benchmarks.serving` measures beside: FastAPI as most write it, and LitServe.

python -m benchmarks.serving_peers fastapi|litserve CHECKPOINT --port PORT

The same predictor, the same route, one image as the body; for LitServe in a form, as it reads no
other bytes.
"""

import argparse
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

from forge_core.inference.predictor import Predictor


def main() -> None:
    """Serve until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["fastapi", "litserve"])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    start = serve_fastapi if asked.kind == "fastapi" else serve_litserve
    start(asked.checkpoint, asked.port)


def serve_fastapi(path: Path, port: int) -> None:
    """One forward pass a request, in the thread pool."""
    predictor = Predictor.load(path, "cpu")
    app = FastAPI()

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, Any]:
        found = await run_in_threadpool(predictor.predict, await request.body())
        return {
            "probabilities": [[each.label_name, each.probability] for each in found.probabilities]
        }

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", loop="uvloop")


def serve_litserve(path: Path, port: int) -> None:
    """Its own batching, in a process of its own."""
    from benchmarks import serving_litserve  # only where it is installed

    serving_litserve.serve(path, port)


if __name__ == "__main__":
    main()
