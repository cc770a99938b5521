"""Nodes of an ONNX graph in the making, so that a graph reads like the arithmetic that it is."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, DTypeLike
from onnx import TensorProto, helper, numpy_helper

TYPES = {
    "uint8": TensorProto.UINT8,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


class GraphNodes:
    """Collects nodes and constants; every method gives the name of what a node computes.

    Args:
        prefix: Begins every name, so that graphs can be joined without two of one name.
    """

    def __init__(self, prefix: str) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._prefix = prefix

    def constant(self, values: ArrayLike, dtype: DTypeLike = np.int64) -> str:
        """A tensor that never changes."""
        name = f"{self._prefix}.constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def real(self, values: ArrayLike) -> str:
        """Numbers in double precision that never change."""
        return self.constant(values, np.float64)

    def whole(self, values: ArrayLike) -> str:
        """Whole numbers of 32 bits that never change."""
        return self.constant(values, np.int32)

    def texts(self, values: list[str]) -> str:
        """A row of texts that never changes."""
        return self.constant(np.asarray(values, dtype=object), object)

    def add(self, operator: str, *inputs: str, named: str = "", **attributes: Any) -> str:
        """What an operator computes of its inputs; `named` where that is an output of the graph."""
        name = named or f"{self._prefix}.{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def cast(self, value: str, to: str) -> str:
        """The same numbers as another type of `TYPES`; fractions are cut off."""
        return self.add("Cast", value, to=TYPES[to])

    def joined(self, *values: str) -> str:
        """Rows as one row."""
        return self.add("Concat", *values, axis=0)

    def halved_to_even(self, value: str) -> str:
        """Half of a whole number, halves to the even neighbour, as Python rounds."""
        halves = self.add("Div", self.cast(value, "double"), self.constant([2.0], np.float64))
        return self.cast(self.add("Round", halves), "int64")
