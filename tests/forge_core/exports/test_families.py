"""Every family of networks exports; `make test-models` runs it, for a trace takes 10 to 60 s."""

from pathlib import Path

import pytest
import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.exports import checked_images, onnx_export
from forge_core.inference.onnx_network import TOLERANCE, OnnxNetwork
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction

FAMILIES = {
    "mobilenet_v2": 96,
    "resnet18": 96,
    "efficientnet_b2": 96,
    "swin_t": 224,
    "vit_b_16": 224,
    "timm/tf_efficientnet_lite0": 96,
    "timm/test_vit": 160,
}
"""An architecture of each, and its input size."""
NUM_IMAGES = 20


@pytest.mark.every_model
@pytest.mark.parametrize(("architecture", "size"), FAMILIES.items())
def test_export__of_every_family_answers_as_its_checkpoint(
    architecture: str, size: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = construction.build_model(architecture, 5, pretrained=False, input_size=size)
    with torch.no_grad():
        model(torch.randn(8, 3, size, size))  # statistics of batches that are not the fresh ones
    card = ModelCard(
        architecture=architecture,
        class_names=tuple("abcde"),
        label_ids=tuple(range(1, 6)),
        eval_transform=EvalTransform(resize=size + 16, crop=size),
    )
    path = tmp_path / "network.safetensors"
    checkpoint.save_checkpoint(path, model, card)
    target = tmp_path / "network.onnx"
    report = onnx_export.export_onnx(
        checkpoint.load_checkpoint(path),
        target,
        images=checked_images.drawn("declared", NUM_IMAGES),
        batch_path=tmp_path / "batch.onnx",
    )
    assert report.agreement.num_images >= NUM_IMAGES
    assert report.agreement.largest_difference < TOLERANCE
    assert OnnxNetwork(target).replay().passed
