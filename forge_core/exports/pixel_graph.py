"""The eval transform as an ONNX graph: from the pixels of an image to the inputs of a network.

Pillow resizes in two passes, each rounded to bytes. So does this graph: one `Resize` of bytes for
the width, one for the height. One pass in floating point would be off by a level in one pixel of
six. What is left of a difference is the coefficients of the filter, which runtimes keep in single
precision: in photos about one value in 1,500 is off by one level of 255.
"""

import numpy as np
import onnx
from onnx import helper

from forge_core.augmentation.eval_transform import MAX_ASPECT_RATIO, EvalTransform
from forge_core.exports.graph_nodes import TYPES, GraphNodes

OPSET = 20
INPUTS = "inputs"
IMAGE, IMAGES = "image", "images"
_MODES = {"bilinear": "linear", "bicubic": "cubic"}
_CUBIC = -0.5  # Pillow's; the default of ONNX is -0.75
_GREY = (0.2989, 0.587, 0.114)


def of_any_size(transform: EvalTransform) -> onnx.GraphProto:
    """Image (H, W, 3) uint8 of any size, to inputs (1, C, crop, crop) float32."""
    nodes = GraphNodes("pixels")
    image, height, width = _without_far_ends(nodes)
    new_height, new_width = _resized_sides(nodes, transform, height, width)
    row = nodes.add("Unsqueeze", image, nodes.constant([0]))
    row = _resize(nodes, transform, row, new_width, axis=2)
    row = _resize(nodes, transform, row, new_height, axis=1)
    if transform.aspect == "pad":
        row = _fill_square(nodes, transform, row, new_height, new_width)
    else:
        row = _crop(nodes, transform, row, new_height, new_width)
    _normalise(nodes, transform, row)
    return _graph(nodes, transform, IMAGE, ["height", "width", 3], 1)


def of_batch(transform: EvalTransform) -> onnx.GraphProto:
    """Images (N, crop, crop, 3) uint8, framed already, to inputs (N, C, crop, crop) float32."""
    nodes = GraphNodes("pixels")
    _normalise(nodes, transform, IMAGES)
    return _graph(nodes, transform, IMAGES, ["batch", transform.crop, transform.crop, 3], "batch")


def _graph(
    nodes: GraphNodes,
    transform: EvalTransform,
    name: str,
    shape: list[int | str],
    count: int | str,
) -> onnx.GraphProto:
    made = [count, transform.channels, transform.crop, transform.crop]
    return helper.make_graph(
        nodes.nodes,
        "pixels",
        [helper.make_tensor_value_info(name, TYPES["uint8"], shape)],
        [helper.make_tensor_value_info(INPUTS, TYPES["float"], made)],
        nodes.constants,
    )


def _without_far_ends(nodes: GraphNodes) -> tuple[str, str, str]:
    """The image without what lies beyond the largest aspect ratio, its height and its width."""
    height = nodes.add("Shape", IMAGE, start=0, end=1)
    width = nodes.add("Shape", IMAGE, start=1, end=2)
    ratio, two = nodes.constant([MAX_ASPECT_RATIO]), nodes.constant([2])
    kept_height = nodes.add("Min", height, nodes.add("Mul", width, ratio))
    kept_width = nodes.add("Min", width, nodes.add("Mul", height, ratio))
    top = nodes.add("Div", nodes.add("Sub", height, kept_height), two)
    left = nodes.add("Div", nodes.add("Sub", width, kept_width), two)
    image = nodes.add(
        "Slice",
        IMAGE,
        nodes.joined(top, left),
        nodes.joined(nodes.add("Add", top, kept_height), nodes.add("Add", left, kept_width)),
        nodes.constant([0, 1]),
    )
    return image, kept_height, kept_width


def _resized_sides(
    nodes: GraphNodes, transform: EvalTransform, height: str, width: str
) -> tuple[str, str]:
    """Height and width after the resize."""
    resize = nodes.constant([transform.resize])
    sides = []
    if transform.aspect == "crop":
        shortest = nodes.add("Min", height, width)
        for side in (height, width):
            sides.append(nodes.add("Div", nodes.add("Mul", side, resize), shortest))
        return sides[0], sides[1]
    longest = nodes.cast(nodes.add("Max", height, width), "double")
    for side in (height, width):
        exact = nodes.add("Div", nodes.cast(nodes.add("Mul", side, resize), "double"), longest)
        rounded = nodes.cast(nodes.add("Round", exact), "int64")
        sides.append(nodes.add("Max", rounded, nodes.constant([1])))
    return sides[0], sides[1]


def _resize(nodes: GraphNodes, transform: EvalTransform, row: str, side: str, *, axis: int) -> str:
    """One pass of Pillow's resize, rounded to bytes."""
    return nodes.add(
        "Resize",
        row,
        "",
        "",
        side,
        axes=[axis],
        antialias=1,
        mode=_MODES[transform.interpolation],
        cubic_coeff_a=_CUBIC,
        exclude_outside=1,
        coordinate_transformation_mode="half_pixel",
    )


def _crop(nodes: GraphNodes, transform: EvalTransform, row: str, height: str, width: str) -> str:
    crop = nodes.constant([transform.crop])
    top = nodes.halved_to_even(nodes.add("Sub", height, crop))
    left = nodes.halved_to_even(nodes.add("Sub", width, crop))
    return nodes.add(
        "Slice",
        row,
        nodes.joined(top, left),
        nodes.joined(nodes.add("Add", top, crop), nodes.add("Add", left, crop)),
        nodes.constant([1, 2]),
    )


def _fill_square(
    nodes: GraphNodes, transform: EvalTransform, row: str, height: str, width: str
) -> str:
    """The image in the middle of a square of the mean colour."""
    side, zero, one = nodes.constant([transform.crop]), nodes.constant([0]), nodes.constant([1])
    free_height, free_width = nodes.add("Sub", side, height), nodes.add("Sub", side, width)
    top = nodes.add("Div", free_height, nodes.constant([2]))
    left = nodes.add("Div", free_width, nodes.constant([2]))
    below, right = nodes.add("Sub", free_height, top), nodes.add("Sub", free_width, left)
    pads = nodes.joined(zero, top, left, zero, zero, below, right, zero)
    white = nodes.add(
        "Expand", nodes.constant([[[[1]]]], np.uint8), nodes.joined(one, height, width, one)
    )
    is_image = nodes.cast(nodes.add("Pad", white, pads), "bool")
    colour = transform.square_colour()
    return nodes.add(
        "Where", is_image, nodes.add("Pad", row, pads), nodes.constant([[[colour]]], np.uint8)
    )


def _normalise(nodes: GraphNodes, transform: EvalTransform, row: str) -> None:
    """From bytes (N, H, W, 3) to the inputs (N, C, H, W)."""
    scaled = nodes.cast(nodes.add("Transpose", row, perm=[0, 3, 1, 2]), "float")
    if transform.channels == 1:
        weights = nodes.constant(np.reshape(_GREY, (1, 3, 1, 1)), np.float32)
        grey = nodes.add(
            "ReduceSum", nodes.add("Mul", scaled, weights), nodes.constant([1]), keepdims=1
        )
        scaled = nodes.cast(nodes.cast(grey, "uint8"), "float")
    scaled = nodes.add("Mul", scaled, nodes.constant(1 / 255, np.float32))
    of_channels = (1, transform.channels, 1, 1)
    mean = nodes.constant(np.reshape(transform.mean, of_channels), np.float32)
    std = nodes.constant(np.reshape(transform.std, of_channels), np.float32)
    nodes.add("Div", nodes.add("Sub", scaled, mean), std, named=INPUTS)
