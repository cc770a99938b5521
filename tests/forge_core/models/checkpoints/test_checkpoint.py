"""Checkpoints: what was saved comes back, everything else is refused without being run."""

import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from forge_core.errors import CheckpointRejected, InvalidInput, NotFound
from forge_core.models import precision
from forge_core.models.checkpoints import checkpoint, golden, model_card
from forge_core.models.networks import construction
from tests.chance import examples
from tests.forge_core.models.checkpoints.altered import (
    EVAL,
    change_card,
    make_card,
    make_model,
    rewrite,
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "best.safetensors"
    checkpoint.save_checkpoint(path, make_model(), make_card())
    return path


def test_load__gives_back_model_and_card(saved: Path) -> None:
    loaded = checkpoint.load_checkpoint(saved)
    model = make_model().eval()
    inputs = torch.randn(5, 3, 16, 16)
    assert loaded.card == make_card(created_at=loaded.card.created_at)
    assert not loaded.model.training
    assert loaded.golden.passed
    assert loaded.golden.argmax_equal
    assert loaded.golden.max_relative_difference < 1e-5
    torch.testing.assert_close(loaded.model(inputs), model(inputs))


def test_save__returns_the_hash_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "last.safetensors"
    sha256 = checkpoint.save_checkpoint(path, make_model(), make_card())
    assert checkpoint.load_checkpoint(path).sha256 == sha256
    assert len(sha256) == 64
    assert [found.name for found in path.parent.iterdir()] == ["last.safetensors"]


def test_save__leaves_the_model_and_the_random_stream_alone(tmp_path: Path) -> None:
    model = make_model().train()
    construction.set_backbone_frozen(model, True)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    stream = torch.get_rng_state()
    checkpoint.save_checkpoint(tmp_path / "a.safetensors", model, make_card())
    checkpoint.load_checkpoint(tmp_path / "a.safetensors")
    assert torch.equal(torch.get_rng_state(), stream)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert model.training
    assert not model.backbone.training


def test_save__takes_a_channels_last_model(tmp_path: Path) -> None:
    model = make_model().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    checkpoint.save_checkpoint(tmp_path / "a.safetensors", model, make_card())
    assert checkpoint.load_checkpoint(tmp_path / "a.safetensors").golden.passed


def test_save__keeps_the_old_file_when_the_new_one_fails(saved: Path) -> None:
    before = saved.read_bytes()
    model = make_model()
    with torch.no_grad():
        model.head[0].weight.fill_(float("nan"))  # type: ignore[index, union-attr, operator]
    with pytest.raises(InvalidInput, match="not finite"):
        checkpoint.save_checkpoint(saved, model, make_card())
    with pytest.raises(InvalidInput, match=r"not \(1, 2\)"):
        checkpoint.save_checkpoint(
            saved, make_model(), make_card(class_names=("a", "b"), label_ids=(1, 2))
        )
    assert saved.read_bytes() == before
    assert [found.name for found in saved.parent.iterdir()] == [saved.name]


def test_read_card__is_json_that_a_person_can_read(saved: Path) -> None:
    with safe_open(saved, framework="pt") as file:
        text = file.metadata()[checkpoint.CARD_KEY]
    assert text.startswith('{\n  "schema": 2,\n  "architecture": "forge_cnn",')
    assert '"Zebra größe"' in text
    assert checkpoint.read_card(saved).class_names == ("cat", "dog", "Zebra größe")
    assert set(checkpoint.read_card(saved).versions) == {
        *("torch", "torchvision", "pillow", "cuda", "cudnn", "device")
    }


@pytest.mark.parametrize(
    "name",
    [
        "backbone.0.0.weight",
        "backbone.0.1.running_mean",
        "backbone.1.1.weight",
        "head.0.weight",
        "head.3.bias",
    ],
)
def test_load__refuses_one_altered_weight(saved: Path, name: str) -> None:
    weight = load_file(saved)[f"model.{name}"].clone()
    weight.view(-1)[weight.abs().argmax()] += 2.0
    rewrite(saved, **{f"model.{name}": weight})
    with pytest.raises(CheckpointRejected, match=r"weights in best\.safetensors are not what was"):
        checkpoint.load_checkpoint(saved)
    rewrite(saved, sealed=True)
    with pytest.raises(CheckpointRejected, match="does not answer here as it did when it was"):
        checkpoint.load_checkpoint(saved)


def test_load__refuses_an_altered_weight_that_no_golden_image_uses(
    saved: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = checkpoint.load_checkpoint(saved)
    pixels = golden.read_pixels(golden.make_golden(loaded.model, EVAL).images, EVAL)
    with torch.inference_mode():
        hidden = loaded.model.head[:2](loaded.model.backbone(EVAL.finish(pixels)))  # type: ignore[index, operator]
    unused = int((hidden == 0).all(dim=0).nonzero()[0])
    weight = load_file(saved)["model.head.3.weight"].clone()
    weight[0, unused] += 0.5
    rewrite(saved, **{"model.head.3.weight": weight})
    with pytest.raises(CheckpointRejected, match="are not what was saved"):
        checkpoint.load_checkpoint(saved)
    assert checkpoint.load_checkpoint(saved, policy="warn").golden.passed
    assert "are not what was saved" in caplog.text


def test_load__refuses_another_normalisation(saved: Path) -> None:
    transform = EVAL.to_dict() | {"mean": [0.5, 0.5, 0.5]}
    change_card(saved, sealed=True, eval_transform=transform)
    with pytest.raises(
        CheckpointRejected, match="does not answer here as it did when it was saved"
    ):
        checkpoint.load_checkpoint(saved)


def test_load__warns_by_policy_and_reports(saved: Path, caplog: pytest.LogCaptureFixture) -> None:
    bias = load_file(saved)["model.head.3.bias"].clone()
    bias[0] += 100
    rewrite(saved, sealed=True, **{"model.head.3.bias": bias})
    loaded = checkpoint.load_checkpoint(saved, policy="warn")
    assert not loaded.golden.passed
    assert not loaded.golden.argmax_equal
    assert loaded.golden.max_relative_difference > 1
    assert "did when it was saved: other classes" in caplog.text


def test_load__refuses_a_weight_that_is_not_a_number(saved: Path) -> None:
    bias = torch.full((3,), float("nan"))
    rewrite(saved, sealed=True, **{"model.head.3.bias": bias})
    with pytest.raises(
        CheckpointRejected, match="does not answer here as it did when it was saved"
    ):
        checkpoint.load_checkpoint(saved)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"golden.pixels_sha256": None}, "keeps no answers that fit its card"),
        ({"golden.image.0": None}, "keeps no answers that fit its card"),
        ({"golden.image.0": torch.zeros(4, 2)}, "keeps no answers that fit its card"),
        ({"golden.image.0": torch.zeros(9, dtype=torch.uint8)}, "damaged or of another kind"),
        ({"golden.logits": torch.zeros(4, 2)}, "keeps no answers that fit its card"),
        ({"golden.logits": torch.full((4, 3), float("nan"))}, "keeps no answers that fit its card"),
        ({"model.head.3.bias": None}, "not those of a forge_cnn with 3 classes"),
        ({"model.head.3.bias": torch.zeros(4)}, "not those of a forge_cnn with 3 classes"),
        ({"model.extra": torch.zeros(4)}, "not those of a forge_cnn with 3 classes"),
        (
            {"model.head.3.bias": torch.zeros(3, dtype=torch.float64)},
            "not those of a forge_cnn with 3 classes",
        ),
    ],
)
def test_load__refuses_tensors_that_do_not_fit_the_card(
    saved: Path, tensors: dict[str, torch.Tensor | None], message: str
) -> None:
    rewrite(saved, sealed=True, **tensors)
    with pytest.raises(CheckpointRejected, match=message):
        checkpoint.load_checkpoint(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 3}, "has schema 3; this version reads 1 to 2"),
        ({"schema": True}, "has schema True"),
        ({"seed": 10**25}, "a number in it has 26 digits"),
        ({"schema": 1}, "keeps no answers that fit its card"),
        ({"schema": None}, "has schema None"),
        ({"architecture": "resnet18"}, "not those of a resnet18|cannot work on 16 px|not those"),
        ({"architecture": "os.system"}, "not those of a os.system"),
        ({"architecture": 5}, "cannot be used: architecture is '5'"),
        ({"class_names": ["cat", "cat", "dog"]}, "different names"),
        ({"class_names": "cat"}, "class_names is not a list"),
        (
            {"class_names": ["cat", "dog"], "label_ids": [1, 2]},
            "keeps no answers that fit its card",
        ),
        ({"label_ids": [1]}, "1 label ids for 3 classes"),
        ({"label_ids": [True, 2, 3]}, "label_ids is not a list of int"),
        ({"eval_transform": {"resize": 10**9, "crop": 10**9}}, "Cannot crop"),
        ({"eval_transform": None}, "eval transform is an object"),
        ({"channel_order": "BGR"}, "'BGR' is unknown"),
        ({"golden_tolerance": 1e9}, "proves nothing"),
        ({"metrics": {"accuracy": "high"}}, "metrics are not numbers"),
        ({"surprise": 1}, "unknown fields: surprise"),
    ],
)
def test_load__refuses_a_card_that_cannot_be_right(
    saved: Path, changes: dict[str, Any], message: str
) -> None:
    change_card(saved, sealed=True, **changes)
    with pytest.raises(CheckpointRejected, match=message):
        checkpoint.load_checkpoint(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, '{"schema": 1}'])
def test_load__refuses_a_card_that_is_none(saved: Path, text: str) -> None:
    rewrite(saved, card=text)
    with pytest.raises(CheckpointRejected):
        checkpoint.load_checkpoint(saved)


def test_load__refuses_safetensors_without_our_card(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(3)}, path)
    with pytest.raises(CheckpointRejected, match="weights without a Vision Forge card"):
        checkpoint.load_checkpoint(path)
    save_file({"weight": torch.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(CheckpointRejected, match="weights without a Vision Forge card"):
        checkpoint.read_card(path)


class _Bomb:
    """Unpickling this leaves a file behind."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.witness),))


def test_load__never_unpickles(tmp_path: Path) -> None:
    witness = tmp_path / "exploded"
    plain = tmp_path / "plain.safetensors"
    plain.write_bytes(pickle.dumps(_Bomb(witness)))
    torch_file = tmp_path / "torch.safetensors"
    torch.save({"weights": _Bomb(witness)}, torch_file)
    assert zipfile.is_zipfile(torch_file)
    for path in (plain, torch_file):
        with pytest.raises(CheckpointRejected, match="pickles above all, are never opened"):
            checkpoint.load_checkpoint(path)
        with pytest.raises(CheckpointRejected):
            checkpoint.read_card(path)
        assert not witness.exists()
    pickle.loads(plain.read_bytes())  # the bomb is a real one
    assert witness.exists()


@pytest.mark.parametrize("keep", [0, 4, 8, 200, 5_000, -1])
def test_load__refuses_a_truncated_file(saved: Path, keep: int) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(CheckpointRejected, match="damaged or of another kind"):
        checkpoint.load_checkpoint(saved)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400))
def test_load__refuses_random_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "random.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointRejected):
        checkpoint.load_checkpoint(path)


def test_load__an_absent_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no checkpoint best\.safetensors"):
        checkpoint.load_checkpoint(tmp_path / "best.safetensors")
    with pytest.raises(NotFound):
        checkpoint.read_card(tmp_path)


def test_golden__tolerance_is_a_thousandth_of_the_largest_logit() -> None:
    model = make_model().eval()
    made = golden.make_golden(model, EVAL)
    largest = made.logits.abs().max()
    places = (made.logits == made.logits.max(dim=1, keepdim=True).values).float()
    near = replace(made, logits=made.logits + places * largest * 9e-4)
    far = replace(made, logits=made.logits + places * largest * 12e-4)
    assert golden.replay(model, near, EVAL, tolerance=1e-3).passed
    report = golden.replay(model, far, EVAL, tolerance=1e-3)
    assert report.argmax_equal
    assert not report.passed


def test_full_float32__puts_the_settings_back() -> None:
    before = torch.backends.cuda.matmul.fp32_precision
    with precision.full_float32():
        assert torch.backends.cuda.matmul.fp32_precision == "ieee"
        assert torch.backends.cudnn.conv.fp32_precision == "ieee"  # type: ignore[attr-defined]
        with torch.autocast("cpu"), precision.full_float32():
            assert torch.nn.Linear(2, 2)(torch.ones(1, 2)).dtype == torch.float32
    assert torch.backends.cuda.matmul.fp32_precision == before


def test_library_versions__are_those_installed() -> None:
    versions = model_card.library_versions("cpu")
    assert versions["torch"] == torch.__version__
    assert versions["device"] == "cpu"
