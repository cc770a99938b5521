"""A checkpoint as ONNX files: pixels in, probabilities out, refused where they answer otherwise.

Two forms. `pixels` takes one image of any size and does all that the eval transform does; `batch`
takes many that are framed already, for servers that resize themselves. Both carry the card, the
class names and the golden predictions in their metadata, so that any runtime can replay them.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import compose, helper
from PIL import Image

from forge_core.errors import InvalidInput
from forge_core.exports import network_graph, pixel_graph, verification
from forge_core.exports.graph_nodes import TYPES, GraphNodes
from forge_core.exports.verification import Agreement
from forge_core.inference import onnx_network
from forge_core.inference.onnx_network import GoldenFiles
from forge_core.models.checkpoints import golden
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.decision_rule import DECISIONS
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.checkpoints.whole_files import written_whole
from forge_core.progress import SILENT, Progress

MAX_BYTES = 2**31 - 2**20
"""What one file of protocol buffers can hold."""


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What was written, and how near it comes to the checkpoint."""

    size_bytes: int
    """Of the file that takes images of any size."""
    agreement: Agreement
    """On the golden images and those that were given."""
    checkpoint_sha256: str


def export_onnx(
    loaded: LoadedCheckpoint,
    path: Path,
    *,
    images: Iterable[Image.Image] = (),
    batch_path: Path | None = None,
    network: onnx.ModelProto | None = None,
    progress: Progress = SILENT,
) -> ExportReport:
    """Write the file that takes an image of any size; the old file stays where that fails.

    Args:
        loaded: A proven checkpoint with its network on the CPU.
        path: File to write, by custom `*.onnx`; its folder is made.
        images: RGB, upright, to compare the answers on, besides the golden ones; see
            `checked_images`.
        batch_path: Also the form for batches of framed images, to this file.
        network: Its traced network, where it was traced already.
        progress: Told the share of the work.

    Raises:
        CheckpointRejected: A file gives another class for an image, or logits that are off by
            more than `onnx_network.TOLERANCE` of the largest. Nothing was written.
        InvalidInput: The network is too large for a file, or cannot be traced.
        DiskFull: There is no room.
        OSError: It cannot be written.
    """
    if sum(tensor.nbytes for tensor in loaded.model.state_dict().values()) > MAX_BYTES:
        raise InvalidInput(
            f"{loaded.card.architecture} is larger than the 2 GB that one ONNX file can hold.",
            next_step="Train a smaller network.",
        )
    if network is None:
        progress.advance(0, 10, "Tracing the network")
        network = network_graph.trace(loaded)
    progress.check()
    proof = golden_files(loaded)
    with ExitStack() as stack:
        written = stack.enter_context(placed(path))
        write(network, written, loaded, proof, onnx_network.PIXELS_FORM)
        batch_written = None if batch_path is None else stack.enter_context(placed(batch_path))
        if batch_written is not None:
            write(network, batch_written, loaded, proof, onnx_network.BATCH_FORM)
        agreement = verification.verify(
            written, batch_written, loaded, proof, images, progress=progress.within(0.5, 1)
        )
        size_bytes = written.stat().st_size
    return ExportReport(size_bytes=size_bytes, agreement=agreement, checkpoint_sha256=loaded.sha256)


def placed(path: Path) -> AbstractContextManager[Path]:
    """A file to write that then takes the place of this one, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return written_whole(path, place="export")


def write(
    network: onnx.ModelProto,
    path: Path,
    loaded: LoadedCheckpoint,
    proof: GoldenFiles,
    form: str,
    more: Mapping[str, str] = {},
) -> None:
    """Write one form of a traced network.

    Args:
        network: From `network_graph.trace`.
        path: The file.
        loaded: The checkpoint it was traced from.
        proof: The golden predictions that it shall carry.
        form: `PIXELS_FORM` or `BATCH_FORM`.
        more: Further texts for its metadata.
    """
    is_single = form == onnx_network.PIXELS_FORM
    transform = loaded.card.eval_transform
    pixels = pixel_graph.of_any_size(transform) if is_single else pixel_graph.of_batch(transform)
    joined = compose.merge_graphs(
        pixels, network.graph, io_map=[(pixel_graph.INPUTS, network_graph.INPUTS)]
    )
    _answer(joined, loaded.card, is_single=is_single)
    joined.name = "vision_forge"
    model = helper.make_model(
        joined,
        opset_imports=list(network.opset_import),
        ir_version=network.ir_version,
        functions=list(network.functions),
        producer_name="vision-forge",
    )
    helper.set_model_props(
        model,
        {
            onnx_network.FORM_KEY: form,
            onnx_network.CLASSES_KEY: json.dumps(loaded.card.class_names, ensure_ascii=False),
            onnx_network.CARD_KEY: loaded.card.to_json(),
            onnx_network.GOLDEN_KEY: onnx_network.golden_text(proof),
            onnx_network.CHECKPOINT_KEY: loaded.sha256,
            **more,
        },
    )
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _answer(graph: onnx.GraphProto, card: ModelCard, *, is_single: bool) -> None:
    """Give the graph the outputs that are documented, in place of what the network computes.

    Of a single image logits and probabilities come as (K,), all else as (1,).
    """
    nodes = GraphNodes("answer")
    count: int | str = 1 if is_single else "batch"
    of_classes = [card.num_classes] if is_single else [count, card.num_classes]
    outputs = [
        helper.make_tensor_value_info(onnx_network.LOGITS, TYPES["float"], of_classes),
        helper.make_tensor_value_info(onnx_network.PROBABILITIES, TYPES["float"], of_classes),
        helper.make_tensor_value_info(onnx_network.LABEL, TYPES["string"], [count]),
    ]
    for value, name in (
        (network_graph.LOGITS, onnx_network.LOGITS),
        (network_graph.PROBABILITIES, onnx_network.PROBABILITIES),
    ):
        if is_single:
            nodes.add("Squeeze", value, nodes.constant([0]), named=name)
        else:
            nodes.add("Identity", value, named=name)
    best = nodes.add("ArgMax", network_graph.LOGITS, axis=1, keepdims=0)
    nodes.add("Gather", nodes.texts(list(card.class_names)), best, named=onnx_network.LABEL)
    if card.decision_rule is not None:
        words = nodes.texts([str(decision) for decision in DECISIONS])
        nodes.add("Gather", words, network_graph.CODES, named=onnx_network.DECISION)
        nodes.add("Identity", network_graph.DISTANCES, named=onnx_network.DISTANCE)
        outputs += [
            helper.make_tensor_value_info(onnx_network.DECISION, TYPES["string"], [count]),
            helper.make_tensor_value_info(onnx_network.DISTANCE, TYPES["float"], [count]),
        ]
    graph.node.extend(nodes.nodes)
    graph.initializer.extend(nodes.constants)
    del graph.output[:]
    graph.output.extend(outputs)


def golden_files(loaded: LoadedCheckpoint) -> GoldenFiles:
    """The golden predictions as files; drawn anew where an older version kept pixels alone."""
    found = loaded.golden_predictions
    if not found.images:
        found = golden.make_golden(loaded.model, loaded.card.eval_transform)
    return GoldenFiles(found.images, found.logits.numpy())
