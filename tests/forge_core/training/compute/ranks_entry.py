"""What each process of a test trains: `torchrun ... -m` this module, with a folder.

Its case.json says what; the first process writes what came of it to found.json. A single
process needs no start of its own: `train` does the same here.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

from torch import Tensor, nn
from torch.nn import functional

from forge_core.training.compute import compute_plan, ranks
from tests.forge_core.training.arrange import Listener, make_config, run_fit


def train(folder: Path, case: dict[str, Any]) -> tuple[dict[str, Any], Listener]:
    """The case in this process or, under torchrun, in all of them; what came of it."""
    listener = Listener()
    if case.get("stop_after"):
        listener.stop_when = lambda told: told.asked > case["stop_after"]
    layers = plain_layers() if case.get("plain") else nullcontext()
    with compute_plan.threads(1), layers, ranks.init_process_group() as joined:
        result = run_fit(
            folder / "run",
            make_config(**case["config"]),
            listener=listener,
            resume=case.get("resume", False),
            save_seconds=0.0,
            ranks=joined,
        )
    found = {
        "losses": [entry.train_loss for entry in result.history],
        "accuracies": [entry.train_accuracy for entry in result.history],
        "val_losses": [entry.val_loss for entry in result.history],
        "stopped": result.stopped,
        "messages": listener.messages,
        "steps": [list(each) for each in listener.progress],
    }
    return found, listener


@contextmanager
def plain_layers() -> Iterator[None]:
    """Batch normalisation by running statistics and no dropout: what differs between processes."""

    def normalise(self: nn.BatchNorm2d, inputs: Tensor) -> Tensor:
        mean, var = self.running_mean, self.running_var
        return functional.batch_norm(inputs, mean, var, self.weight, self.bias, False)

    with (
        mock.patch.object(nn.BatchNorm2d, "forward", normalise),
        mock.patch.object(nn.Dropout, "forward", lambda self, inputs: inputs),
    ):
        yield


if __name__ == "__main__":
    root = Path(sys.argv[1])
    found, listener = train(root, json.loads((root / "case.json").read_text()))
    if int(os.environ["RANK"]) == 0:
        (root / "found.json").write_text(json.dumps(found))
    else:
        assert listener.messages == listener.progress == listener.epochs == []
