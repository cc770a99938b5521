"""A trained network as a program of `torch.export`, for whoever stays with PyTorch."""

from io import BytesIO
from pathlib import Path

import torch
from torch import nn

from forge_core.errors import CheckpointRejected, InvalidInput
from forge_core.exports import network_graph
from forge_core.inference import onnx_network
from forge_core.models import precision
from forge_core.models.checkpoints import golden
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.whole_files import written_whole


def export_program(loaded: LoadedCheckpoint, path: Path) -> float:
    """Write a `.pt2` file; the old file stays where that fails.

    It takes normalised inputs (N, C, crop, crop) and gives logits and probabilities (N, K), and
    where the card has a decision rule also distances (N,) and codes of decisions (N,).
    `torch.export.load(path).module()` runs it.

    Args:
        loaded: A proven checkpoint with its network on the CPU.
        path: File to write; its folder is made.

    Returns:
        The largest difference of a golden logit, as a share of the largest.

    Raises:
        CheckpointRejected: It answers the golden images otherwise than the checkpoint.
        InvalidInput: The network cannot be traced.
        OSError: It cannot be written.
    """
    card = loaded.card
    batch = torch.export.Dim("batch", min=1, max=network_graph.MAX_BATCH)
    try:
        program = torch.export.export(
            network_graph.answer_module(loaded),
            (network_graph.example_inputs(loaded),),
            dynamic_shapes={"inputs": {0: batch}},
        )
    except Exception as error:  # it raises whatever the part that failed raised
        raise InvalidInput(
            f"PyTorch cannot trace a {card.architecture}.",
            next_step="Use the checkpoint itself.",
            detail=f"{type(error).__name__}: {error}"[:2000],
        ) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path, place="export") as written:
        buffer = BytesIO()
        torch.export.save(program, buffer)
        written.write_bytes(buffer.getvalue())
        difference = _verify(torch.export.load(buffer).module(), loaded)
    return difference


def _verify(module: nn.Module, loaded: LoadedCheckpoint) -> float:
    kept, transform = loaded.golden_predictions, loaded.card.eval_transform
    pixels = kept.pixels if kept.pixels is not None else golden.read_pixels(kept.images, transform)
    with torch.inference_mode(), precision.full_float32():
        logits = module(transform.finish(pixels))[0]
    report = onnx_network.compare(logits.numpy(), kept.logits.numpy())
    if not report.passed:
        raise CheckpointRejected(
            "The exported program answers otherwise than its checkpoint, so it was not kept: "
            f"logits differ by {report.max_relative_difference:.2g} of the largest.",
            next_step="Use the checkpoint itself.",
        )
    return report.max_relative_difference
