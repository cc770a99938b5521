"""Which engine answers for which file; its libraries are imported when such a file is loaded."""

from pathlib import Path

from forge_core.errors import CheckpointRejected
from forge_core.serving.engines import Engine

ONNX_SUFFIX = ".onnx"


def load(path: Path, device: str = "auto") -> Engine:
    """Load a checkpoint and replay its golden predictions here.

    Args:
        path: A `.safetensors` file that a run saved, or an `.onnx` file that was exported from one.
        device: "auto", "cpu" or "cuda:0".

    Raises:
        NotFound: There is no such file.
        CheckpointRejected: The file is not ours, is damaged, or predicts otherwise here.
        InvalidInput: The device does not exist.
    """
    if path.suffix.lower() == ONNX_SUFFIX:
        return _load_onnx(path, device)
    try:
        from forge_core.serving import torch_engine
    except ImportError as error:
        raise CheckpointRejected(
            f"{path.name} needs PyTorch, which is not installed here.",
            next_step="Install torch and torchvision, or serve an .onnx file exported from it.",
            detail=str(error),
        ) from error
    return torch_engine.load(path, device)


def _load_onnx(path: Path, device: str) -> Engine:
    try:
        import onnxruntime  # noqa: F401 - its engine imports it when it opens the file
    except ImportError as error:
        raise CheckpointRejected(
            f"{path.name} needs onnxruntime, which is not installed here.",
            next_step="Install onnxruntime.",
            detail=str(error),
        ) from error
    from forge_core.serving import onnx_engine

    return onnx_engine.load(path, device)
