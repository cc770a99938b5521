"""A trained network as an ONNX graph, by PyTorch's own exporter."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import onnx
import torch
from torch import Tensor, nn

from forge_core.errors import InvalidInput
from forge_core.exports.pixel_graph import OPSET
from forge_core.inference import decisions
from forge_core.inference.decisions import DecisionModule
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.networks.classifier import ImageClassifier

INPUTS, LOGITS, PROBABILITIES = "network.inputs", "network.logits", "network.probabilities"
DISTANCES, CODES = "network.distances", "network.codes"
MAX_BATCH = 4096


class AnswerModule(nn.Module):
    """Logits and probabilities; distances and codes of decisions where the card has a rule."""

    def __init__(
        self, model: ImageClassifier, temperature: float, decider: DecisionModule | None
    ) -> None:
        super().__init__()
        self.model = model
        self.temperature = temperature
        self.decider = decider

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Answers to normalised inputs (N, C, H, W)."""
        features = self.model.backbone(inputs)
        logits = self.model.head(features)
        if self.decider is None:
            return logits, (logits / self.temperature).softmax(dim=1)
        return logits, *self.decider(features, logits)


def answer_module(loaded: LoadedCheckpoint) -> AnswerModule:
    """A copy of the checkpoint's network with what decides, in eval mode and without gradients."""
    decider = decisions.module_of(loaded)
    module = AnswerModule(copy.deepcopy(loaded.model), loaded.card.temperature, decider).eval()
    return module.requires_grad_(False)


def example_inputs(loaded: LoadedCheckpoint) -> Tensor:
    """(2, C, crop, crop): one image alone would be taken for a batch that is always of one."""
    transform = loaded.card.eval_transform
    return torch.zeros(2, transform.channels, transform.crop, transform.crop)


def trace(loaded: LoadedCheckpoint) -> onnx.ModelProto:
    """Inputs (N, C, crop, crop) to logits and probabilities (N, K), N from 1 to `MAX_BATCH`.

    Where the card has a decision rule also distances (N,) and codes of decisions (N,) int64. Takes
    10 to 30 s of a processor. The graph names no file of this machine.

    Args:
        loaded: Its network is on the CPU, and stays as it is.

    Raises:
        InvalidInput: The exporter cannot trace the network.
    """
    card = loaded.card
    traced = answer_module(loaded)
    names = [LOGITS, PROBABILITIES, *([] if traced.decider is None else [DISTANCES, CODES])]
    batch = torch.export.Dim("batch", min=1, max=MAX_BATCH)
    try:
        with torch.no_grad(), _quiet():
            program = torch.onnx.export(
                traced,
                (example_inputs(loaded),),
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes={"inputs": {0: batch}},
                input_names=[INPUTS],
                output_names=names,
                external_data=False,
                verbose=False,
            )
    except Exception as error:  # the exporter raises whatever the part that failed raised
        raise InvalidInput(
            f"PyTorch cannot export a {card.architecture} to ONNX.",
            next_step="Train another architecture, or serve the checkpoint itself.",
            detail=f"{type(error).__name__}: {error}"[:2000],
        ) from error
    assert program is not None, "given with dynamo=True"
    proto: onnx.ModelProto = program.model_proto
    _forget_origin(proto)
    return proto


def _forget_origin(proto: onnx.ModelProto) -> None:
    """Take out what the exporter notes of the machine: lines of source files, with their paths."""
    graphs = [proto.graph]
    for function in proto.functions:
        del function.metadata_props[:]
        graphs.append(function)
    while graphs:
        graph = graphs.pop()
        for node in graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
            graphs += [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    del proto.graph.metadata_props[:]
    for value in [*proto.graph.value_info, *proto.graph.input, *proto.graph.output]:
        del value.metadata_props[:]
    for tensor in proto.graph.initializer:
        del tensor.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter's advice is to its programmers."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
