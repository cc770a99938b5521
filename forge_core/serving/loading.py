"""Which engine answers for which file; its libraries are imported when such a file is loaded."""

from pathlib import Path

from forge_core.errors import CheckpointRejected
from forge_core.serving.engines import Engine


def load(path: Path, device: str = "auto") -> Engine:
    """Load a checkpoint and replay its golden predictions here.

    Args:
        path: A `.safetensors` file that a run saved.
        device: "auto", "cpu" or "cuda:0".

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: The file is not ours, is damaged, or predicts otherwise here.
        InvalidInput: The device does not exist.
    """
    try:
        from forge_core.serving import torch_engine
    except ImportError as error:
        raise CheckpointRejected(
            f"{path.name} needs PyTorch, which is not installed here.",
            next_step="Install torch and torchvision.",
            detail=str(error),
        ) from error
    return torch_engine.load(path, device)
