"""One of the processes of a test: `torchrun ... -m tests.forge_core.training.ranks_entry FOLDER`.

FOLDER/case.json says what to train; the first process writes what came of it to FOLDER/found.json.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from forge_core.training import ranks
from forge_core.training.results import FitResult
from tests.forge_core.training.arrange import Listener, make_config, run_fit


def train(folder: Path, case: dict[str, Any]) -> tuple[FitResult, Listener]:
    """The case in this process or, under torchrun, in all of them."""
    torch.set_num_threads(1)
    if case.get("plain"):
        _make_plain()
    listener = Listener()
    if case.get("stop_after"):
        listener.stop_when = lambda told: told.asked > case["stop_after"]
    with ranks.joined() as joined:
        result = run_fit(
            folder / "run",
            make_config(**case["config"]),
            listener=listener,
            resume=case.get("resume", False),
            save_seconds=0.0,
            ranks=joined,
        )
    return result, listener


def _make_plain() -> None:
    """Batch normalisation by running statistics and no dropout: what differs between processes."""

    def normalise(self: nn.BatchNorm2d, inputs: Tensor) -> Tensor:
        mean, var = self.running_mean, self.running_var
        return functional.batch_norm(inputs, mean, var, self.weight, self.bias, False)

    nn.BatchNorm2d.forward = normalise  # type: ignore[method-assign]
    nn.Dropout.forward = lambda self, inputs: inputs  # type: ignore[method-assign]


if __name__ == "__main__":
    root = Path(sys.argv[1])
    rank = int(os.environ.get("RANK", "0"))
    result, listener = train(root, json.loads((root / "case.json").read_text()))
    if rank == 0:
        found = {
            "losses": [entry.train_loss for entry in result.history],
            "accuracies": [entry.train_accuracy for entry in result.history],
            "val_losses": [entry.val_loss for entry in result.history],
            "stopped": result.stopped,
            "messages": listener.messages,
            "steps": [list(each) for each in listener.progress],
        }
        (root / "found.json").write_text(json.dumps(found))
    else:
        assert listener.messages == listener.progress == listener.epochs == []
