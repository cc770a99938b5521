"""A traced network that computes in whole numbers of 8 bits, by onnxruntime's static quantisation.

Legend: B images, C channels.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import quantization
from onnxruntime.quantization import QuantType, shape_inference

from forge_core.errors import InvalidInput
from forge_core.exports import network_graph

NUM_CALIBRATION = 128
"""So many images tell the range of each value in the network."""
_CALCULATING = ("Gemm", "MatMul")


class _Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
    """Batches of inputs, one after the other."""

    def __init__(self, batches: Iterable[NDArray[np.float32]]) -> None:
        self._batches: Iterator[NDArray[np.float32]] = iter(batches)

    def get_next(self) -> dict[str, Any] | None:
        """The next batch by the name of the input, or None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {network_graph.INPUTS: batch}


def quantise(network: onnx.ModelProto, batches: Iterable[NDArray[np.float32]]) -> onnx.ModelProto:
    """The network with weights and values of 8 bits; its inputs and outputs stay as they are.

    The last layer and what decides stay in floating point: logits of 256 levels would tie. Weights
    have 7 bits, so that no processor overflows where another does not: without it, those without
    instructions for whole numbers answer otherwise.

    Args:
        network: From `network_graph.trace`; it is not changed.
        batches: Normalised inputs (B, C, crop, crop) of images such as will come.

    Raises:
        InvalidInput: onnxruntime cannot quantise the network.
    """
    with tempfile.TemporaryDirectory() as name:
        given, prepared, written = (Path(name) / f"{step}.onnx" for step in ("a", "b", "c"))
        onnx.save(network, given)  # given as it is, onnxruntime would take its weights out of it
        try:
            shape_inference.quant_pre_process(str(given), str(prepared), skip_symbolic_shape=True)
            quantization.quantize_static(
                str(prepared),
                str(written),
                _Calibration(batches),
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_quantize=_backbone_nodes(onnx.load(prepared).graph),
            )
        except Exception as error:  # it raises whatever the part that failed raised
            raise InvalidInput(
                "onnxruntime cannot put this network into 8 bits.",
                next_step="Export it without --int8.",
                detail=f"{type(error).__name__}: {error}"[:2000],
            ) from error
        quantised = onnx.load(written)
    used = {node.domain for node in quantised.graph.node}
    kept = [opset for opset in quantised.opset_import if opset.domain in used]
    del quantised.opset_import[:]
    quantised.opset_import.extend(kept)
    return quantised


def _backbone_nodes(graph: onnx.GraphProto) -> list[str]:
    """Names of the nodes that the last layer's inputs come from."""
    makers = {output: node for node in graph.node for output in node.output}
    last = makers[network_graph.LOGITS]
    while last.op_type not in _CALCULATING:  # a bias that is added, or another name
        last = next(makers[name] for name in last.input if name in makers)
    found: dict[str, None] = {}
    open_ = list(last.input)
    while open_:
        node = makers.get(open_.pop())
        if node is not None and node.name not in found:
            found[node.name] = None
            open_ += node.input
    return list(found)
