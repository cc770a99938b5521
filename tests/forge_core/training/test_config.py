"""A config checks itself and survives JSON."""

import json

import pytest

from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.errors import InvalidInput
from forge_core.models import architectures
from forge_core.training import options
from forge_core.training.config import TrainConfig


def test_config__survives_json() -> None:
    config = TrainConfig(
        architecture="mobilenet_v2",
        pretrained=True,
        augmentation=AugmentationParameters(horizontal_flip=0.25),
        device="cuda:1",
        seed=7,
    )
    assert TrainConfig.from_json(config.to_json()) == config
    assert json.loads(config.to_json())["schema"] == 3


def test_config__defaults_can_be_trained() -> None:
    assert TrainConfig().total_epochs > 0
    assert TrainConfig().augmentation_parameters == PRESETS["natural"].parameters


def test_augmentation_parameters__own_numbers_come_before_the_preset() -> None:
    own = AugmentationParameters(rotation_degrees=3)
    assert TrainConfig(augmentation=own, preset="aerial").augmentation_parameters == own


@pytest.mark.parametrize(
    ("choices", "total"),
    [
        ({"pretrained": False, "scratch_epochs": 12}, 12),
        ({"architecture": "resnet18", "pretrained": True}, 15),
        ({"architecture": "resnet18", "pretrained": True, "train_all_layers": True}, 10),
        ({"architecture": "resnet18", "scratch_epochs": 8}, 8),
    ],
)
def test_total_epochs__counts_the_stages_that_run(choices: dict[str, object], total: int) -> None:
    assert TrainConfig(**choices).total_epochs == total  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"architecture": "resnet1"}, "no architecture 'resnet1'.*resnet18"),
        ({"preset": "night"}, "preset 'night'"),
        ({"pretrained": True}, "forge_cnn has no pretrained weights"),
        ({"batch_size": 1}, "batch_size is 1"),
        ({"batch_size": 3.5}, "batch_size is 3.5"),
        ({"seed": -1}, "seed is -1"),
        ({"scratch_lr": 0.0}, "scratch_lr is 0"),
        ({"head_lr": float("nan")}, "head_lr is nan"),
        ({"backbone_lr": "fast"}, "backbone_lr is 'fast'"),
        ({"label_smoothing": 1.0}, "label_smoothing is 1"),
        ({"device": "gpu"}, "device 'gpu'"),
        ({"number_format": "int8"}, "number_format 'int8'"),
        ({"optimizer": "adam"}, "optimizer 'adam' is not known.*adamw, sgd"),
        ({"nesterov": 1}, "nesterov is 1"),
        ({"mixup_alpha": -0.1}, "mixup_alpha is -0.1"),
        ({"ema_decay": 1.0}, "ema_decay is 1"),
        ({"balanced_loss": True, "balanced_sampling": True}, "both even out the classes"),
        ({"input_size": 4}, "input_size is 4"),
        ({"scratch_epochs": 0}, "0 epochs"),
        ({"warmup_epochs": True}, "warmup_epochs is True"),
    ],
)
def test_config__refuses(choices: dict[str, object], expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        TrainConfig(**choices)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1]", "is an object"),
        ("{", "not JSON"),
        ('{"schema": 4}', "schema 4"),
        ('{"schema": 1, "colour": 3}', "no field colour"),
    ],
)
def test_from_json__refuses(text: str, expected: str) -> None:
    with pytest.raises(InvalidInput, match=expected):
        TrainConfig.from_json(text)


def test_min_lr__above_the_rate_that_it_ends_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"above the learning rate 0\.001"):
        TrainConfig(scratch_lr=1e-3, min_lr=1e-2)
    with pytest.raises(InvalidInput, match=r"above the learning rate 0\.0001"):
        TrainConfig(architecture="resnet18", pretrained=True, min_lr=5e-4)
    assert TrainConfig(scratch_lr=1e-3, min_lr=1e-3).min_lr == 1e-3


def test_from_dict__a_config_of_schema_1_trains_as_it_did() -> None:
    old = {"schema": 1, "architecture": "resnet18", "weight_decay": 0.01, "amp": "off"}
    config = TrainConfig.from_dict(old)
    assert config == TrainConfig(
        architecture="resnet18",
        weight_decay=0.01,
        number_format="float32",
        memory_layout="channels_last",
        decay_norm_and_bias=True,
        head_lr=1e-4,
        backbone_lr=1e-5,
        keep_statistics=False,
    )
    assert TrainConfig.from_dict({**old, "amp": "auto"}).number_format == "auto"


def test_options__are_fields_with_a_default_in_range_and_a_sentence() -> None:
    defaults = TrainConfig()
    assert len(options.BY_NAME) == len(options.OPTIONS)
    for option in options.OPTIONS:
        option.check(getattr(defaults, option.name))
        assert option.help.endswith("."), option.name
        assert isinstance(getattr(defaults, option.name), option.value_type), option.name


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("mixup", {"mixup_alpha", "cutmix_alpha"}),
        ("Weight DECAY", {"weight_decay", "decay_norm_and_bias", "ema_decay"}),
        ("nothing of the kind", set()),
    ],
)
def test_matches__finds_options_by_their_words(words: str, expected: set[str]) -> None:
    assert {option.name for option in options.OPTIONS if option.matches(words)} == expected


STORED = (
    '{"schema": 1, "architecture": "%s", "pretrained": true, "input_size": 160, "preset": '
    '"natural", "augmentation": null, "batch_size": 32, "warmup_epochs": 5, "finetune_epochs": 10, '
    '"scratch_epochs": 40, "warmup_lr": 0.001, "backbone_lr": 1e-05, "head_lr": 0.0001, '
    '"scratch_lr": 0.001, "min_lr": 1e-07, "train_all_layers": false, "weight_decay": 0.0001, '
    '"use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, '
    '"device": "auto", "amp": "auto", "early_stopping_patience": 0}'
)
"""A config as runs of version 0.1.0 keep it."""


@pytest.mark.parametrize(
    "name", ["resnet18", "efficientnet_b2", "mobilenet_v2", "mobilenet_v3_small"]
)
def test_stored_config__of_the_first_architectures_still_loads(name: str) -> None:
    config = TrainConfig.from_dict(json.loads(STORED % name))
    assert (config.architecture, config.input_size, config.total_epochs) == (name, 160, 15)
    assert (config.head_lr, config.backbone_lr, config.keep_statistics) == (1e-4, 1e-5, False)


def test_stored_config__of_schema_2_trains_as_it_did() -> None:
    stored = {"schema": 2, "architecture": "resnet18", "pretrained": True, "head_lr": 2e-4}
    config = TrainConfig.from_dict(stored)
    assert (config.head_lr, config.backbone_lr, config.keep_statistics) == (2e-4, 1e-5, False)
    at_once = TrainConfig.from_dict({**stored, "train_all_layers": True})
    assert at_once.backbone_lr == 2e-4, "then the rate of all layers was the head's"


def test_unknown_architecture__offers_names_that_are_alike() -> None:
    with pytest.raises(InvalidInput, match="no architecture 'resnet19'") as refused:
        TrainConfig(architecture="resnet19")
    assert "resnet18" in refused.value.next_step
    assert len(refused.value.next_step) < 150


def test_fit__pad_reaches_the_eval_transform_of_the_checkpoint() -> None:
    config = TrainConfig(fit="pad", input_size=40)
    transform = architectures.default_eval_transform(
        config.architecture, config.input_size, config.fit
    )
    assert (transform.aspect, transform.resize, transform.crop) == ("pad", 40, 40)
    with pytest.raises(InvalidInput):
        TrainConfig(fit="stretch")  # type: ignore[arg-type]
