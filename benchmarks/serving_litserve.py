"""LitServe as a peer of `benchmarks.serving`; its worker is a process that imports this module."""

from pathlib import Path
from typing import Any

import litserve
from fastapi import Request

from forge_core.inference.predictor import Predictor


class Api(litserve.LitAPI):
    """The same predictor behind LitServe's own batching; files come in the form field `file`."""

    def __init__(self, path: Path) -> None:
        super().__init__(max_batch_size=16, batch_timeout=0.005)
        self._path = path

    def setup(self, _: str) -> None:
        """Load the network, in the worker."""
        self._predictor = Predictor.load(self._path, "cpu")

    def decode_request(self, request: Request) -> bytes:
        """The bytes of the file, of the form that it is given instead of the request."""
        data: bytes = request["file"].file.read()  # type: ignore[index]
        return data

    def batch(self, inputs: list[bytes]) -> list[bytes]:
        """As they are."""
        return inputs

    def predict(self, inputs: list[bytes]) -> list[Any]:
        """One forward pass for all that wait."""
        return self._predictor.predict_many(inputs)

    def unbatch(self, output: list[Any]) -> list[Any]:
        """As they are."""
        return output

    def encode_response(self, output: Any) -> dict[str, Any]:
        """All probabilities, as the other peers answer."""
        return {
            "probabilities": [[each.label_name, each.probability] for each in output.probabilities]
        }


def serve(path: Path, port: int) -> None:
    """Serve until it is ended."""
    server = litserve.LitServer(Api(path), accelerator="cpu")
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")
