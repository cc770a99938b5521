"""One way from a wish to a config, for the page and for the command."""

from typing import Any

import pytest

from forge_core.errors import InvalidInput
from forge_core.models.devices import Device
from forge_core.people.actor import Actor
from forge_core.runs.starting import config_choice, launch, saved_presets
from forge_core.runs.starting.config_choice import Wish
from forge_core.training import recommendation
from forge_core.training.config import TrainConfig
from forge_core.training.recommendation import DataSummary, Recommendation
from forge_core.workspace import Workspace
from tests.arrange import make_catalog

CPU = Device(id="cpu", name="CPU", kind="cpu", free_bytes=2**33, total_bytes=2**34)


def advise() -> Recommendation:
    counts = {"train": {"cat": 90, "dog": 30}, "val": {"cat": 9, "dog": 3}}
    summary = DataSummary(counts=counts, median_short_side=200)
    return recommendation.recommend(summary, [CPU], cached=["resnet18", "mobilenet_v2"])


def test_for_network__the_recommended_numbers_are_for_the_recommended_network() -> None:
    advice = advise()
    assert config_choice.for_network(advice) is advice.config
    assert config_choice.for_network(advice, "mobilenet_v2", True) is advice.config
    other = config_choice.for_network(advice, "resnet18")
    assert other == TrainConfig(
        architecture="resnet18",
        pretrained=True,
        batch_size=advice.config.batch_size,
        preset=advice.config.preset,
        balanced_sampling=True,
        device="cpu",
    )
    assert not config_choice.for_network(advice, pretrained=False).pretrained
    assert not config_choice.for_network(advice, "forge_cnn").pretrained


@pytest.fixture
def catalog(sqlite_workspace: Workspace, tmp_path: Any) -> Workspace:
    make_catalog(sqlite_workspace, tmp_path / "drawn", train=4, val=2)
    return sqlite_workspace


def choose(workspace: Workspace, **wishes: Any) -> config_choice.Choice:
    return config_choice.choose(workspace, launch.check_data(workspace), Wish(**wishes))


def test_choose__what_nobody_set_is_recommended_with_its_reason(catalog: Workspace) -> None:
    choice = choose(catalog, epochs=3, values={"seed": 9})
    assert (choice.config.architecture, choice.config.seed) == ("forge_cnn", 9)
    assert choice.config.scratch_epochs == 3
    assert "architecture" in choice.reasons
    assert choose(catalog, architecture="resnet18").reasons == {}


def test_choose__begins_with_a_config_that_is_given(catalog: Workspace) -> None:
    given = TrainConfig(scratch_lr=0.5, input_size=24, scratch_epochs=7)
    choice = choose(catalog, config_json=given.to_json(), values={"batch_size": 4})
    assert choice.config.to_dict() == given.to_dict() | {"batch_size": 4}
    other = choose(catalog, config_json=given.to_json(), architecture="resnet18", epochs=2).config
    assert (other.architecture, other.pretrained, other.input_size) == ("resnet18", True, None)
    assert (other.finetune_epochs, other.scratch_lr) == (2, 0.5)
    with pytest.raises(InvalidInput, match="Both a run and a config"):
        choose(catalog, config_json=given.to_json(), like=1)


def test_choose__by_the_book_is_the_schedule_of_pretrained_networks(catalog: Workspace) -> None:
    config = choose(catalog, architecture="resnet18", by_the_book=True, values={"head_lr": 2e-4})
    found = config.config
    assert (found.warmup_lr, found.backbone_lr, found.head_lr) == (1e-3, 1e-5, 2e-4)
    assert (found.warmup_epochs, found.min_lr, found.keep_statistics) == (5, 1e-7, False)
    longer = TrainConfig(architecture="resnet18", pretrained=True, warmup_epochs=30)
    assert recommendation.by_the_book(longer)["warmup_epochs"] == 10
    with pytest.raises(InvalidInput, match="one of pretrained networks"):
        choose(catalog, by_the_book=True)


def test_choose__a_preset_brings_its_numbers_and_takes_those_of_another_away(
    catalog: Workspace,
) -> None:
    preset = saved_presets.find_preset(catalog, "medical")
    own = saved_presets.save_preset(
        catalog, "my scans", preset.parameters, based_on="medical", actor=Actor("tester")
    )
    kept = choose(catalog, preset=own.name).config
    assert (kept.preset, kept.preset_name) == ("medical", "my scans")
    again = choose(catalog, config_json=kept.to_json(), values={"preset": "aerial"}).config
    assert (again.preset, again.preset_name, again.augmentation) == ("aerial", "", None)
    numbers = preset.parameters.to_dict() | {"hue": 0.1}
    by_number = choose(catalog, values={"augmentation": numbers}).config
    assert by_number.augmentation is not None
    assert by_number.augmentation.hue == 0.1


def test_parse_assignments__reads_json_or_text() -> None:
    read = config_choice.parse_assignments(["seed=3", "preset=aerial", "pretrained=false"])
    assert read == {"seed": 3, "preset": "aerial", "pretrained": False}
    with pytest.raises(InvalidInput, match="does not name a field"):
        config_choice.parse_assignments(["colour=3"])
