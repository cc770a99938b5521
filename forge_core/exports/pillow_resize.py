"""Pillow's resize as an ONNX graph, equal to the last bit.

Pillow resizes in two passes, width then height, and rounds to bytes after each. Its filter's
coefficients are whole numbers of 2^-22. Here the same numbers are multiplied as matrices: each
coefficient is cut into 14 high and 8 low bits, so that single precision holds every sum exactly. A
band of rows of the result needs only a band of the image, so the matrices stay small.

The graph's own `Resize` would be off by a level in one value of 1,500, and a class whose second is
as likely turns over by that.

Source: Pillow, src/libImaging/Resample.c (precompute_coeffs, normalize_coeffs_8bpc).
"""

import numpy as np
from onnx import helper

from forge_core.exports.graph_nodes import TYPES, GraphNodes

BAND = 64
_PRECISION = 22
_LOW = 256
_SUPPORT = {"bilinear": 1.0, "bicubic": 2.0}
_A = -0.5
"""Of the bicubic filter."""


def resize_first(nodes: GraphNodes, rows: str, side: str, interpolation: str, name: str) -> str:
    """One pass: bytes (H, R) to bytes (side, R).

    Args:
        nodes: Where the pass is added.
        rows: (H, R) uint8.
        side: (1,) int64.
        interpolation: bilinear or bicubic.
        name: Of the pass, for the names in its loop.
    """
    before = nodes.add("Shape", rows, start=0, end=1)
    scale = nodes.add("Div", nodes.cast(before, "double"), nodes.cast(side, "double"))
    stretch = nodes.add("Max", scale, nodes.real([1.0]))
    support = stretch
    if _SUPPORT[interpolation] != 1:
        support = nodes.add("Mul", stretch, nodes.real([_SUPPORT[interpolation]]))
    spread = nodes.add("Mul", scale, nodes.real([float(BAND)]))
    reach = nodes.add("Ceil", nodes.add("Add", spread, nodes.add("Add", support, support)))
    needed = nodes.add("Add", nodes.cast(reach, "int64"), nodes.constant([3]))
    length = nodes.add("Min", needed, before)
    num_bands = nodes.add("Add", side, nodes.constant([BAND - 1]))
    num_bands = nodes.add("Div", num_bands, nodes.constant([BAND]))

    band = GraphNodes(f"{name}.band")
    step, is_on = f"{name}.step", f"{name}.on"
    positions = band.add("Mul", step, band.constant(BAND))
    positions = band.add("Add", positions, band.constant(np.arange(BAND)))
    last = band.add("Sub", side, band.constant([1]))
    positions = band.cast(band.add("Min", positions, last), "double")
    centre = band.add("Mul", band.add("Add", positions, band.real(0.5)), scale)
    low = band.add("Add", band.add("Sub", centre, support), band.real(0.5))
    low = band.add("Max", band.cast(low, "int64"), band.constant([0]))
    high = band.add("Add", band.add("Add", centre, support), band.real(0.5))
    high = band.add("Min", band.cast(high, "int64"), before)
    lowest = band.add("Slice", low, band.constant([0]), band.constant([1]))
    first = band.add("Min", lowest, band.add("Sub", before, length))

    weights = _coefficients(band, first, length, low, high, centre, stretch, interpolation)
    end = band.add("Add", first, length)
    needed_rows = band.add("Slice", rows, first, end, band.constant([0]))
    sums = band.cast(band.add("MatMul", weights, band.cast(needed_rows, "float")), "int32")
    middle, rows_axis = band.constant([BAND]), band.constant([0])
    of_high = band.add("Slice", sums, rows_axis, middle, rows_axis)
    of_low = band.add("Slice", sums, middle, band.constant([2 * BAND]), rows_axis)
    total = band.add("Add", band.add("Mul", of_high, band.whole(_LOW)), of_low)
    total = band.add("Add", total, band.whole(1 << (_PRECISION - 1)))
    # Cut at 0 before the division: it rounds towards 0, where a shift of bits rounds down.
    total = band.add("Max", total, band.whole(0))
    total = band.add("Min", band.add("Div", total, band.whole(1 << _PRECISION)), band.whole(255))
    resized = band.cast(total, "uint8")
    goes_on = band.add("Identity", is_on)
    body = helper.make_graph(
        band.nodes,
        f"{name}.band",
        [
            helper.make_tensor_value_info(step, TYPES["int64"], []),
            helper.make_tensor_value_info(is_on, TYPES["bool"], []),
        ],
        [
            helper.make_tensor_value_info(goes_on, TYPES["bool"], []),
            helper.make_tensor_value_info(resized, TYPES["uint8"], [BAND, None]),
        ],
        band.constants,
    )
    count = nodes.add("Squeeze", num_bands, nodes.constant([0]))
    bands = nodes.add("Loop", count, "", body=body)
    width = nodes.add("Shape", rows, start=1, end=2)
    stacked = nodes.add("Reshape", bands, nodes.joined(nodes.constant([-1]), width))
    return nodes.add("Slice", stacked, nodes.constant([0]), side, nodes.constant([0]))


def _coefficients(
    band: GraphNodes,
    first: str,
    length: str,
    low: str,
    high: str,
    centre: str,
    stretch: str,
    interpolation: str,
) -> str:
    """(2 BAND, length) float32: high bits of the coefficients above their low bits."""
    count = band.add("Squeeze", length, band.constant([0]))
    places = band.add("Range", band.constant(0), count, band.constant(1))
    places = band.add("Unsqueeze", band.add("Add", places, first), band.constant([0]))
    column = band.constant([1])
    tap = band.add("Sub", places, band.add("Unsqueeze", low, column))
    of_column = band.add("Unsqueeze", centre, column)
    distance = band.add("Sub", band.cast(places, "double"), of_column)
    distance = band.add("Add", distance, band.real(0.5))
    inverse = band.add("Div", band.real(1.0), stretch)
    distance = band.add("Abs", band.add("Mul", distance, inverse))
    weights = _FILTERS[interpolation](band, distance)
    num_taps = band.add("Unsqueeze", band.add("Sub", high, low), column)
    is_tap = band.add(
        "And",
        band.add("GreaterOrEqual", tap, band.constant(0)),
        band.add("Less", tap, num_taps),
    )
    weights = band.add("Where", is_tap, weights, band.real(0.0))
    weights = band.add("Div", weights, band.add("ReduceSum", weights, column, keepdims=1))
    scaled = band.add("Mul", weights, band.real(float(1 << _PRECISION)))
    size = band.add("Floor", band.add("Add", band.add("Abs", scaled), band.real(0.5)))
    whole = band.add("Mul", size, band.add("Sign", scaled))
    of_high = band.add("Floor", band.add("Div", whole, band.real(float(_LOW))))
    of_low = band.add("Sub", whole, band.add("Mul", of_high, band.real(float(_LOW))))
    return band.cast(band.joined(of_high, of_low), "float")


def _bilinear(band: GraphNodes, distance: str) -> str:
    return band.add("Max", band.add("Sub", band.real(1.0), distance), band.real(0.0))


def _bicubic(band: GraphNodes, distance: str) -> str:
    """In the order of Pillow's own operations, so that they round alike."""
    near = band.add("Mul", band.real(_A + 2), distance)
    near = band.add("Sub", near, band.real(_A + 3))
    near = band.add("Mul", band.add("Mul", near, distance), distance)
    near = band.add("Add", near, band.real(1.0))
    far = band.add("Mul", band.add("Sub", distance, band.real(5.0)), distance)
    far = band.add("Mul", band.add("Add", far, band.real(8.0)), distance)
    far = band.add("Mul", band.add("Sub", far, band.real(4.0)), band.real(_A))
    is_far = band.add("Less", distance, band.real(2.0))
    is_near = band.add("Less", distance, band.real(1.0))
    return band.add("Where", is_near, near, band.add("Where", is_far, far, band.real(0.0)))


_FILTERS = {"bilinear": _bilinear, "bicubic": _bicubic}
