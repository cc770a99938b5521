"""Cached features are what the frozen backbone gives, and are computed once."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.train_transform import TrainTransform
from forge_core.models import devices
from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.inputs import features
from forge_core.training.inputs.batches import PixelSource
from forge_core.training.inputs.features import FeatureSource
from forge_core.training.pixels.pack import PixelPack
from forge_core.training.steps.precision import Precision
from tests.forge_core.training.arrange import Drawer, make_config

TRANSFORM = EvalTransform(resize=40, crop=32)


def make_source(
    folder: Path, num_views: int = 2, tell: Callable[[str], None] = lambda words: None
) -> tuple[FeatureSource, PixelSource]:
    torch.manual_seed(0)
    model = construction.build_model("mobilenet_v3_small", 3, pretrained=False, input_size=32)
    wake_up(model)
    model.set_backbone_frozen(True)
    drawer, config, device = Drawer(), make_config(), devices.choose("cpu")
    train = drawer.make("train", (3, 3, 3))
    pixels = PixelSource(
        config=config,
        model=model,
        train=train,
        val=drawer.make("val", (2, 2, 2), offset=50),
        pack=PixelPack(folder, TRANSFORM),
        train_transform=TrainTransform(config.augmentation_parameters, TRANSFORM),
        eval_transform=TRANSFORM,
        device=device,
    )
    source = FeatureSource(
        config=config,
        model=model,
        train=train,
        pixels=pixels,
        precision=Precision(device),
        num_views=num_views,
        num_epochs=4,
        tell=tell,
    )
    return source, pixels


def wake_up(model: ImageClassifier) -> None:
    """Take batch-norm statistics from noise; without them a fresh network gives almost zeros."""
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.randn(16, 3, 32, 32))


def test_prepare__computes_each_view_once(tmp_path: Path) -> None:
    source, _ = make_source(tmp_path)
    told: list[int] = []
    steps = []
    for epoch in range(4):
        steps.append(source.num_preparing_steps(epoch))
        source.prepare(epoch, told.append)
    assert steps == [1, 0, 1, 0]
    assert told == [9, 9]


def test_prepare__says_once_that_inputs_are_not_normalised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = list[str]()
    call = TrainTransform.__call__
    monkeypatch.setattr(TrainTransform, "__call__", lambda *values: call(*values).clamp(0, 1))
    source, _ = make_source(tmp_path, tell=said.append)
    for epoch in range(4):
        source.prepare(epoch, lambda _: None)
    assert ["scaled and not normalised" in words for words in said] == [True]


def test_train_batches__views_differ_and_each_has_its_half_of_the_epochs(tmp_path: Path) -> None:
    source, _ = make_source(tmp_path)
    sums = []
    for epoch in range(3):
        source.prepare(epoch, lambda num_images: None)
        inputs = torch.cat([inputs for inputs, _ in source.train_batches(epoch)])
        sums.append(inputs.sort(dim=0).values.sum(dim=0))  # whatever the order of the images
    assert torch.allclose(sums[0], sums[1], atol=1e-4)
    assert not torch.allclose(sums[0], sums[2], atol=1e-2)


def test_val_batches__give_the_logits_of_the_whole_network(tmp_path: Path) -> None:
    source, pixels = make_source(tmp_path)
    model = pixels.network
    model.eval()
    with torch.inference_mode():
        assert model.backbone(torch.randn(2, 3, 32, 32)).std() > 0.01
        whole = torch.cat([model(inputs) for inputs, _ in pixels.val_batches()])
        for _ in range(2):  # computed, then remembered
            by_head = torch.cat([source.network(inputs) for inputs, _ in source.val_batches()])
            assert torch.allclose(by_head, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("num_images", "epochs", "expected"),
    # mobilenet_v3_small gives 576 features of 4 bytes: 2,304 bytes an image and view;
    # 1 GiB holds 466,033 of them
    [(100, 5, 2), (100, 1, 1), (466_000, 5, 2), (466_100, 5, 0)],
)
def test_num_views_for__keeps_to_the_memory(num_images: int, epochs: int, expected: int) -> None:
    model = construction.build_model("mobilenet_v3_small", 3, pretrained=False, input_size=32)
    assert isinstance(model, ImageClassifier)
    assert features.num_views_for(model, num_images, epochs, 32) == expected
    assert model.training
