"""The eval transform as an ONNX graph: from the pixels of an image to the inputs of a network.

Its pixels are those of Pillow to the last bit; see `pillow_resize`. One resize in floating point
would be off by a level in one value of six.
"""

import numpy as np
import onnx
from onnx import helper

from forge_core.augmentation.eval_transform import MAX_ASPECT_RATIO, EvalTransform
from forge_core.exports import pillow_resize
from forge_core.exports.graph_nodes import TYPES, GraphNodes

OPSET = 20
INPUTS = "inputs"
IMAGE, IMAGES = "image", "images"
_SWAPPED = [1, 0, 2]
_GREY = (0.2989, 0.587, 0.114)


def of_any_size(transform: EvalTransform) -> onnx.GraphProto:
    """Image (H, W, 3) uint8 of any size, to inputs (1, C, crop, crop) float32."""
    nodes = GraphNodes("pixels")
    image, height, width = _without_far_ends(nodes)
    new_height, new_width = _resized_sides(nodes, transform, height, width)
    row = _resize(nodes, transform, image, (height, width), (new_height, new_width))
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


def _resize(
    nodes: GraphNodes,
    transform: EvalTransform,
    image: str,
    before: tuple[str, str],
    after: tuple[str, str],
) -> str:
    """Image (H, W, 3) to (1, H, W, 3) of another height and width.

    Width first, as Pillow does it; of images that are twice as high as wide, and shrink, it resizes
    the height first. Those are turned over before, and back after.
    """
    all_rest, three = nodes.constant([-1]), nodes.constant([3])
    is_high = nodes.add(
        "GreaterOrEqual", before[0], nodes.add("Mul", before[1], nodes.constant([2]))
    )
    shrinks = nodes.add("Less", after[0], before[0])
    is_high = nodes.add("Squeeze", nodes.add("And", is_high, shrinks), nodes.constant([0]))
    image = _turned_over(nodes, image, is_high)
    num_rows, num_columns, new_rows, new_columns = (
        nodes.add("Where", is_high, other, own)
        for own, other in ((*before,), before[::-1], (*after,), after[::-1])
    )
    mode = transform.interpolation
    across = nodes.add("Transpose", image, perm=_SWAPPED)
    across = nodes.add("Reshape", across, nodes.joined(num_columns, all_rest))
    across = pillow_resize.resize_first(nodes, across, new_columns, mode, "across")
    across = nodes.add("Reshape", across, nodes.joined(new_columns, num_rows, three))
    down = nodes.add("Transpose", across, perm=_SWAPPED)
    down = nodes.add("Reshape", down, nodes.joined(num_rows, all_rest))
    down = pillow_resize.resize_first(nodes, down, new_rows, mode, "down")
    resized = nodes.add("Reshape", down, nodes.joined(new_rows, new_columns, three))
    return nodes.add("Unsqueeze", _turned_over(nodes, resized, is_high), nodes.constant([0]))


def _turned_over(nodes: GraphNodes, image: str, is_turned: str) -> str:
    """Rows and columns of (H, W, 3) exchanged where that is true."""
    branches = {}
    for branch in ("then_branch", "else_branch"):
        own = GraphNodes(f"{image}.{branch}")
        if branch == "then_branch":
            result = own.add("Transpose", image, perm=_SWAPPED)
        else:
            result = own.add("Identity", image)
        output = helper.make_tensor_value_info(result, TYPES["uint8"], [None, None, 3])
        branches[branch] = helper.make_graph(own.nodes, branch, [], [output])
    return nodes.add("If", is_turned, **branches)


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
