"""One test that every network passes: the smallest of each design, all by `make test-models`."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision import models as tv

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.models import families, timm_networks
from forge_core.models.architectures import ARCHITECTURES, FEATURED, FORGE_CNNS
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction

K = 3


LARGE = {
    "convnext_tiny",
    "efficientnet_v2_s",
    "inception_v3",
    "maxvit_t",
    "resnext50_32x4d",
    "swin_v2_t",
    "vgg11_bn",
    "vit_b_16",
    "wide_resnet50_2",
}
"""Each takes three to ten seconds: designs of which the smallest is large, and close relatives."""


def smallest() -> list[str]:
    """Of each design the smallest network, but for the `LARGE`; every ForgeCNN.

    A design is a module of torchvision, but ResNeXt and Wide ResNet stand in that of ResNet, and
    EfficientNetV2 and Swin V2 in that of the first ones.
    """
    by_design: dict[tuple[str, str, bool], str] = {}
    for name in sorted(tv.list_models(module=tv), key=millions, reverse=True):
        module = tv.get_model_builder(name).__module__
        by_design[module, families.family_of(name).prefix, "_v2_" in name] = name
    return [*FORGE_CNNS, *(name for name in by_design.values() if name not in LARGE)]


def millions(name: str) -> float:
    return ARCHITECTURES[name].parameters_millions


def cases() -> list[object]:
    chosen = smallest()
    return [
        name if name in chosen else pytest.param(name, marks=pytest.mark.every_model)
        for name in ARCHITECTURES
    ]


def test_list__has_every_network_of_torchvision_once_and_the_featured_first() -> None:
    names = list(ARCHITECTURES)
    assert set(names) == {*tv.list_models(module=tv), *FORGE_CNNS, *timm_networks.PACKAGES}
    assert names[:5] == ["forge_cnn", *FEATURED]
    assert len({found.title for found in ARCHITECTURES.values()}) == len(names)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("resnet50", "ResNet-50"),
        ("resnext50_32x4d", "ResNeXt-50 32x4d"),
        ("wide_resnet50_2", "Wide ResNet-50-2"),
        ("efficientnet_v2_s", "EfficientNetV2-S"),
        ("mobilenet_v3_large", "MobileNetV3-Large"),
        ("convnext_tiny", "ConvNeXt-Tiny"),
        ("regnet_x_1_6gf", "RegNetX 1.6 GF"),
        ("regnet_y_400mf", "RegNetY 400 MF"),
        ("vit_b_16", "ViT-B/16"),
        ("swin_v2_t", "SwinV2-T"),
        ("vgg11_bn", "VGG-11 BN"),
        ("googlenet", "GoogLeNet"),
        ("maxvit_t", "MaxViT-T"),
        ("shufflenet_v2_x0_5", "ShuffleNetV2 0.5x"),
    ],
)
def test_title__is_the_network_s_name_in_the_literature(name: str, title: str) -> None:
    assert ARCHITECTURES[name].title == title


@pytest.mark.slow
@pytest.mark.parametrize("name", cases())
def test_every_architecture__forward_backward_save_load_and_golden_predictions(
    name: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    size = max(ARCHITECTURES[name].min_input_size, 32)
    size = -(-size // ARCHITECTURES[name].size_step) * ARCHITECTURES[name].size_step
    model = construction.build_model(name, K, pretrained=False, input_size=size)
    number = 4 if size < 128 else 2  # a step of large images takes ten seconds
    inputs, labels = torch.randn(number, 3, size, size), torch.tensor([0, 1, 2, 0])[:number]

    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    logits = model(inputs)
    assert isinstance(logits, Tensor)  # one output, also in training
    assert logits.shape == (number, K)
    nn.functional.cross_entropy(logits, labels).backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert missing == []
    # Statistics of four pixels: a deep fresh network may have gradients of millions.
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    changed = [not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True)]
    assert sum(changed) > 0.8 * len(changed)
    del before, optimizer

    groups = [*construction.backbone_parameters(model), *construction.head_parameters(model)]
    assert {id(p) for p in groups} == {id(p) for p in model.parameters()}
    assert not any(  # nothing of the ImageNet classifier is left
        getattr(layer, "out_features", getattr(layer, "out_channels", 0)) == 1_000
        for layer in model.modules()
    )

    card = ModelCard(
        architecture=name,
        class_names=("a", "b", "c"),
        label_ids=(1, 2, 3),
        eval_transform=EvalTransform(resize=size, crop=size),
    )
    checkpoint.save_checkpoint(tmp_path / "best.safetensors", model, card)
    loaded = checkpoint.load_checkpoint(tmp_path / "best.safetensors")  # replays the golden ones
    model.eval()
    with torch.inference_mode():
        torch.testing.assert_close(loaded.model(inputs), model(inputs), rtol=1e-4, atol=1e-5)
    construction.set_backbone_frozen(model, True)
    trained = {id(p) for p in model.parameters() if p.requires_grad}
    assert trained == {id(p) for p in construction.head_parameters(model)}


def test_densenet__weights_of_the_years_when_layers_had_dots_in_their_names_fit() -> None:
    model = construction.assemble("densenet121", K, input_size=32)
    ours = model.backbone.state_dict()
    # torchvision's files say "denselayer1.norm.1.weight" where the network says "norm1".
    old = {re.sub(r"(norm|conv)([12])\.", r"\1.\2.", key): value for key, value in ours.items()}
    assert set(old) != set(ours)
    assert set(construction._matched("densenet121", old, 32)) == set(ours)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("vit_b_32", 96)])
def test_vit__position_embeddings_follow_the_input_size(name: str, size: int) -> None:
    theirs = tv.get_model(name, weights=None)
    fitted = construction._matched(name, theirs.state_dict(), size)
    model = construction.assemble(name, K, input_size=size)
    assert model.backbone.load_state_dict(fitted, strict=False).missing_keys == []
    patches = (size // ARCHITECTURES[name].size_step) ** 2
    assert fitted["encoder.pos_embedding"].shape[1] == patches + 1
