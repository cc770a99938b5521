"""Networks: the promised sizes, freezing that holds, and one test that all of them pass."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from forge_core.errors import InvalidInput
from forge_core.models import architectures, weights
from forge_core.models.architectures import ARCHITECTURES, FEATURED, FORGE_CNNS, ForgeCnnShape
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.models.networks.forge_cnn import ForgeCNN

TRANSFER = list(FEATURED)
FIRST = ["forge_cnn", *FEATURED]


def count(parameters: list[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters)


def trainable(model: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def make_small(name: str, num_classes: int = 3) -> tuple[ImageClassifier, int]:
    """A network of that architecture at the smallest input that it takes, and that size."""
    torch.manual_seed(0)
    size = max(ARCHITECTURES[name].min_input_size, 32)
    return construction.build_model(name, num_classes, pretrained=False, input_size=size), size


def test_forge_cnn__has_409_418_parameters() -> None:
    assert count(list(ForgeCNN(10, 3).parameters())) == 409_418


def test_forge_cnn__has_the_promised_layers() -> None:
    layers = [layer for layer in ForgeCNN(10).modules() if not list(layer.children())]
    assert [type(layer).__name__ for layer in layers] == [
        *["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"] * 2,
        *["AdaptiveAvgPool2d", "Flatten", "Linear", "ReLU", "Dropout", "Linear"],
    ]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [16, 32]
    assert all(layer.kernel_size == (3, 3) and layer.padding == (1, 1) for layer in convolutions)
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(1568, 256), (256, 10)]
    assert [layer.p for layer in layers if isinstance(layer, nn.Dropout)] == [0.4]


@pytest.mark.parametrize("size", [4, 8, 28, 32, 100])
@pytest.mark.parametrize("channels", [1, 3])
def test_forge_cnn__takes_any_size_from_four_pixels(size: int, channels: int) -> None:
    model = construction.build_model(
        "forge_cnn", 5, pretrained=False, input_size=size, channels=channels
    )
    assert model(torch.zeros(2, channels, size, size)).shape == (2, 5)


def test_resnet18__has_the_promised_parameters() -> None:
    model = construction.build_model("resnet18", 10, pretrained=False, input_size=64)
    assert count(list(model.parameters())) == 11_310_410
    construction.set_backbone_frozen(model, True)
    assert count(trainable(model)) == 133_898
    construction.set_backbone_frozen(model, False)
    assert count(trainable(model)) == 11_310_410


@pytest.mark.parametrize("name", list(FORGE_CNNS))
def test_parameters_millions__of_a_forge_cnn_is_true(name: str) -> None:
    model = construction.assemble(name, 10, input_size=64)
    assert count(list(model.parameters())) / 1e6 == pytest.approx(
        ARCHITECTURES[name].parameters_millions, abs=0.006
    )


def test_forge_cnn__width_and_depth() -> None:
    model = ForgeCNN(4, channels=1, shape=ForgeCnnShape(width=8, depth=3))
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in convolutions] == [
        (1, 8),
        (8, 16),
        (16, 32),
    ]
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 4)


@pytest.mark.parametrize("name", TRANSFER)
def test_head__replaces_the_classifier(name: str) -> None:
    model, size = make_small(name, num_classes=7)
    layers = list(model.head.children())
    assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Dropout", "Linear"]
    hidden, dropout, last = layers[0], layers[2], layers[3]
    assert isinstance(hidden, nn.Linear)
    assert isinstance(dropout, nn.Dropout)
    assert isinstance(last, nn.Linear)
    assert (hidden.out_features, dropout.p, last.out_features) == (256, 0.3, 7)
    assert not any(isinstance(layer, nn.Linear) for layer in model.backbone.modules())
    # Pooled adaptively: another input size gives as many features.
    model.eval()
    assert model(torch.zeros(1, 3, size, size)).shape == (1, 7)
    assert model(torch.zeros(1, 3, size + 40, size + 8)).shape == (1, 7)


@pytest.mark.parametrize("name", FIRST)
def test_frozen_backbone__statistics_and_weights_do_not_move(name: str) -> None:
    model, size = make_small(name)
    construction.set_backbone_frozen(model, True)
    model.train()
    assert model.head.training
    assert not any(layer.training for layer in model.backbone.modules())
    before = {key: value.clone() for key, value in model.backbone.state_dict().items()}
    optimizer = torch.optim.Adam(trainable(model), lr=1e-2)
    head_before = [parameter.detach().clone() for parameter in construction.head_parameters(model)]
    for _ in range(2):
        inputs = torch.randn(4, 3, size, size) * 5 + 3
        nn.functional.cross_entropy(model(inputs), torch.tensor([0, 1, 2, 0])).backward()
        optimizer.step()
    after = model.backbone.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    head_after = construction.head_parameters(model)
    assert any(not torch.equal(a, b) for a, b in zip(head_before, head_after, strict=True))


def test_freed_backbone__trains_and_follows_the_mode_again() -> None:
    model, size = make_small("resnet18")
    construction.set_backbone_frozen(model, True)
    construction.set_backbone_frozen(model, False)
    assert model.backbone.training
    norm = next(layer for layer in model.backbone.modules() if isinstance(layer, nn.BatchNorm2d))
    assert isinstance(norm.running_mean, Tensor)
    before = norm.running_mean.clone()
    model(torch.randn(4, 3, size, size) + 3)
    assert not torch.equal(norm.running_mean, before)
    model.eval()
    construction.set_backbone_frozen(model, True)
    construction.set_backbone_frozen(model, False)
    assert not model.backbone.training


FIRST_TENSORS = {
    "forge_cnn": "33be9ab7bdabf3d3",
    "resnet18": "0b1de78ff02a270b",
    "efficientnet_b2": "56ac36dbce2bf262",
    "mobilenet_v2": "cc474bb11e077374",
    "mobilenet_v3_small": "08b496118f3e993d",
}
"""SHA-256 of the names, shapes and types of all tensors, as in checkpoints of version 0.1.0."""


@pytest.mark.parametrize("name", FIRST)
def test_first_architectures__have_the_tensors_that_their_old_checkpoints_hold(name: str) -> None:
    with torch.device("meta"):
        model = construction.assemble(name, 10, input_size=ARCHITECTURES[name].input_size)
    lines = [f"{k} {tuple(v.shape)} {v.dtype}" for k, v in model.state_dict().items()]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] == FIRST_TENSORS[name]


def test_build_model__seed_decides_the_weights() -> None:
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(
            construction.build_model("forge_cnn", 4, pretrained=False, input_size=8).state_dict()
        )
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "resnet19"}, "no architecture 'resnet19'"),
        ({"architecture": "vit_b_16", "input_size": 72}, "72 px: it takes multiples of 16"),
        ({"architecture": "maxvit_t", "input_size": 256}, "multiples of 224"),
        ({"num_classes": 1}, "1 class"),
        ({"input_size": 8}, "cannot work on 8 px"),
        ({"channels": 1}, "1 channels"),
        ({"architecture": "forge_cnn", "pretrained": True}, "no pretrained weights"),
        ({"architecture": "forge_cnn", "input_size": 3}, "cannot work on 3 px"),
    ],
)
def test_build_model__refuses_what_does_not_fit(arguments: dict[str, object], message: str) -> None:
    wanted: dict[str, object] = {
        "architecture": "resnet18",
        "num_classes": 3,
        "pretrained": False,
        "input_size": 64,
    }
    with pytest.raises(InvalidInput, match=message):
        construction.build_model(**(wanted | arguments))  # type: ignore[arg-type]


def test_check_forward__fails_loudly_on_a_wrong_head() -> None:
    model = ForgeCNN(4)
    model.head[-1] = nn.Linear(256, 5)  # type: ignore[index]
    with pytest.raises(InvalidInput, match=r"\(1, 5\).*not \(1, 4\)"):
        construction.check_forward(model, 4, input_size=32)
    model.head[-1] = nn.Linear(255, 4)  # type: ignore[index]
    with pytest.raises(InvalidInput, match="cannot process a 3 x 32 x 32 image"):
        construction.check_forward(model, 4, input_size=32)
    assert model.training


def test_check_forward__fails_loudly_on_weights_that_are_not_finite() -> None:
    model = ForgeCNN(4)
    with torch.no_grad():
        next(model.head.parameters()).fill_(float("nan"))
    with pytest.raises(InvalidInput, match="not finite"):
        construction.check_forward(model, 4, input_size=32)


def test_default_eval_transform__is_256_to_224_or_what_the_weights_say() -> None:
    resnet = architectures.default_eval_transform("resnet18", None)
    assert (resnet.resize, resnet.crop, resnet.interpolation) == (256, 224, "bilinear")
    assert resnet.mean == (0.485, 0.456, 0.406)
    assert resnet.std == (0.229, 0.224, 0.225)
    efficient = architectures.default_eval_transform("efficientnet_b2", None)
    assert (efficient.resize, efficient.crop, efficient.interpolation) == (288, 288, "bicubic")
    small = architectures.default_eval_transform("resnet18", 112)
    assert (small.resize, small.crop) == (128, 112)
    forge = architectures.default_eval_transform("forge_cnn", None)
    assert (forge.resize, forge.crop, forge.mean) == (32, 32, (0.485, 0.456, 0.406))
    with pytest.raises(InvalidInput, match="at least 32 px"):
        architectures.default_eval_transform("resnet18", 16)


@pytest.mark.usefixtures("real_weights")
def test_pretrained__backbone_is_torchvisions(shared_data: Callable[[str], Path]) -> None:
    model = construction.build_model("mobilenet_v2", 10, pretrained=True, input_size=224).eval()
    theirs = mobilenet_v2()
    theirs.load_state_dict(weights.load_weights("mobilenet_v2"))
    theirs.eval()
    photo = sorted(shared_data("imagenet_samples_100").glob("*.JPEG"))[0]
    with Image.open(photo) as opened:
        inputs = architectures.default_eval_transform("mobilenet_v2", None)(opened)[None]
    with torch.inference_mode():
        features = theirs.features(inputs).mean((2, 3))
        torch.testing.assert_close(model.backbone(inputs), features, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("real_weights")
def test_pretrained__recognises_most_of_the_sample_photos(
    shared_data: Callable[[str], Path],
) -> None:
    theirs = mobilenet_v2()
    theirs.load_state_dict(weights.load_weights("mobilenet_v2"))
    theirs.eval()
    folder = shared_data("imagenet_samples_100")
    rows = [line.split(",") for line in (folder / "labels.csv").read_text().splitlines()[1:]]
    transform = architectures.default_eval_transform("mobilenet_v2", None)
    images = [Image.open(folder / row[0]).convert("RGB") for row in rows[:16]]
    with torch.inference_mode():
        found = theirs(torch.stack([transform(image) for image in images])).argmax(1)
    right = sum(int(place) == int(row[1]) for place, row in zip(found, rows, strict=False))
    assert right >= 11  # 86 % were measured on 300 such photos
