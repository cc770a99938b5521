"""Where a network looked: on the part of the picture that decides, for maps and for tokens."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.inference import saliency
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.golden import GoldenPredictions
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction


class Brightness(nn.Module):
    """Class 0 for what is bright, by one convolution that keeps the brightness."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 4, stride=4, bias=False)
        nn.init.constant_(self.conv.weight, 1 / 48)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(1, 2, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[1.0], [-1.0]]))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.head(self.pool(self.conv(inputs).relu()).flatten(1))
        return answer


def make_predictor(model: nn.Module, size: int, architecture: str = "forge_cnn") -> Predictor:
    transform = EvalTransform(resize=size, crop=size)
    card = ModelCard(
        architecture=architecture,
        class_names=("bright", "dark"),
        label_ids=(1, 2),
        eval_transform=transform,
    )
    report = GoldenReport(max_relative_difference=0.0, argmax_equal=True, passed=True)
    loaded = LoadedCheckpoint(model, card, report, "0" * 64, GoldenPredictions(torch.zeros(1, 3)))  # type: ignore[arg-type]
    return Predictor(loaded, "cpu")


def half_bright(size: int) -> Image.Image:
    pixels = np.zeros((size, size, 3), np.uint8)
    pixels[:, : size // 2] = 255
    return Image.fromarray(pixels)


def test_explain__the_bright_half_speaks_for_bright_and_the_dark_one_for_dark() -> None:
    model = Brightness()
    predictor = make_predictor(model, 32)
    seen, heat = saliency.explain(predictor, half_bright(32), 0)
    assert (seen.size, heat.shape) == ((32, 32), (32, 32))
    assert heat[:, :12].min() > 0.9
    assert heat[:, 20:].max() < 0.1
    for_dark = saliency.explain(predictor, half_bright(32), 1)[1]
    assert (for_dark[:, :12].max(), for_dark[:, 20:].min() > 0.9) == (0.0, True)
    assert all(parameter.grad is None for parameter in model.parameters())
    blended = np.asarray(saliency.blend(seen, heat))
    assert (blended[16, 28] == 0).all()
    assert tuple(blended[16, 4]) != (255, 255, 255)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "size"),
    [
        ("mobilenet_v2", 64),
        ("resnet18", 64),
        ("swin_t", 64),
        ("vit_b_16", 64),
        ("convnext_tiny", 64),
    ],
)
def test_explain__each_family_has_a_layer_with_places(architecture: str, size: int) -> None:
    torch.manual_seed(0)
    model = construction.assemble(architecture, 2, input_size=size)
    for layer in model.head.modules():  # torchvision leaves some heads at zero: no gradient
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
    predictor = make_predictor(model, size, architecture)
    image = Image.fromarray(
        np.random.default_rng(0).integers(0, 255, (size, size, 3), dtype=np.uint8)
    )
    heats = [saliency.explain(predictor, image, place)[1] for place in (0, 1)]
    assert all(heat.shape == (size, size) and np.isfinite(heat).all() for heat in heats)
    assert max(heat.max() for heat in heats) == 1.0
    assert max(heat.std() for heat in heats) > 0.01
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_explain__a_network_without_places_is_refused_in_words() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    with pytest.raises(Exception, match="no layer with places"):
        saliency.explain(make_predictor(model, 8), half_bright(8), 0)
