"""The eval transform in the graph is the eval transform, to the last bit of every byte."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper
from PIL import Image

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.exports import pixel_graph
from tests.arrange import draw_image

SIZES = [(1, 1), (1, 40), (40, 1), (3, 300), (600, 31), (48, 48), (47, 200), (300, 401)]


@pytest.mark.parametrize(
    "transform",
    [
        EvalTransform(resize=56, crop=48),
        EvalTransform(resize=55, crop=48, interpolation="bicubic"),
        EvalTransform(resize=48, crop=48, aspect="pad"),
        EvalTransform(resize=33, crop=32, channels=1, mean=(0.4,), std=(0.3,)),
        EvalTransform(resize=32, crop=32, channels=1, mean=(0.4,), std=(0.3,), aspect="pad"),
    ],
    ids=["crop", "bicubic", "pad", "grey", "grey pad"],
)
def test_inputs__are_those_of_pillow(transform: EvalTransform) -> None:
    model = helper.make_model(
        pixel_graph.of_any_size(transform),
        opset_imports=[helper.make_opsetid("", pixel_graph.OPSET)],
        ir_version=10,
    )
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for size in SIZES:
        image = draw_image("circle", 1, 64).resize(size, Image.Resampling.BICUBIC)
        expected = transform(image).numpy()[None]
        (found,) = session.run([pixel_graph.INPUTS], {pixel_graph.IMAGE: np.asarray(image)})
        assert found.shape == expected.shape
        levels = np.abs(found - expected) * 255 * np.reshape(transform.std, (1, -1, 1, 1))
        # Grey is cut down to bytes from a sum that may be a hair below a whole number.
        assert (levels > 1e-3).mean() <= (0.01 if transform.channels == 1 else 0), size
