"""What `benchmarks.serving` measures beside: FastAPI as most write it, and LitServe.

python -m benchmarks.serving_peers fastapi|litserve CHECKPOINT --port PORT

The same predictor, the same route, one image as the body.
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
    import litserve  # type: ignore[import-not-found]

    class Api(litserve.LitAPI):  # type: ignore[misc]
        def setup(self, device: str) -> None:
            self.predictor = Predictor.load(path, "cpu")

        async def decode_request(self, request: Request) -> bytes:
            return await request.body()

        def batch(self, inputs: list[bytes]) -> list[bytes]:
            return inputs

        def predict(self, inputs: list[bytes]) -> list[Any]:
            return self.predictor.predict_many(inputs)

        def unbatch(self, output: list[Any]) -> list[Any]:
            return output

        def encode_response(self, output: Any) -> dict[str, Any]:
            return {
                "probabilities": [
                    [each.label_name, each.probability] for each in output.probabilities
                ]
            }

    server = litserve.LitServer(Api(max_batch_size=16, batch_timeout=0.005), accelerator="cpu")
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")


if __name__ == "__main__":
    main()
