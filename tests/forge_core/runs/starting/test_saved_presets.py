import threading
from dataclasses import replace

import pytest

from forge_core.augmentation.presets import PRESETS, AugmentationParameters
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.runs.starting import saved_presets
from forge_core.training.config import TrainConfig

DARK = AugmentationParameters(brightness=0.6, rotation_degrees=5)


def save(workspace, name="Night shots", parameters=DARK, **options):
    return saved_presets.save_preset(
        workspace, name, parameters, based_on="natural", actor=Actor("ana"), **options
    )


def test_saved__stands_behind_the_products_own_under_its_name(workspace):
    assert saved_presets.all_presets(workspace) == PRESETS
    save(workspace, "  Zebra   crossings ")
    save(workspace, "Night shots")
    found = saved_presets.all_presets(workspace)
    assert list(found) == [*PRESETS, "Night shots", "Zebra crossings"]
    kept = saved_presets.find_preset(workspace, "night SHOTS")
    assert (kept.parameters, kept.based_on, kept.title) == (DARK, "natural", "Night shots")
    assert kept.description == "Saved by ana, made from Natural photos."


def test_config_fields__carry_numbers_and_name_so_that_a_run_needs_no_preset(workspace):
    chosen = saved_presets.config_fields(save(workspace))
    config = replace(TrainConfig(), **chosen)
    saved_presets.remove_preset(workspace, "Night shots")
    assert (config.augmentation_parameters, config.preset_name) == (DARK, "Night shots")
    assert TrainConfig.from_json(config.to_json()) == config
    back = replace(config, **saved_presets.config_fields(PRESETS["medical"]))
    assert back == replace(TrainConfig(), preset="medical")


def test_replace__changes_the_numbers_and_only_when_it_is_asked_for(workspace):
    save(workspace)
    brighter = replace(DARK, brightness=0.9)
    with pytest.raises(Conflict, match="'Night shots' already, saved by ana"):
        save(workspace, "NIGHT shots", brighter)
    assert saved_presets.find_preset(workspace, "Night shots").parameters == DARK
    assert save(workspace, "NIGHT shots", brighter, replace=True).name == "Night shots"
    assert saved_presets.find_preset(workspace, "Night shots").parameters == brighter


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("  ", "this one has 0"),
        ("x" * 81, "this one has 81"),
        ("a\0b", "holds a NUL character"),
        ("Natural", "a preset of the product"),
        ("aerial and SATELLITE", "a preset of the product"),
    ],
)
def test_save__refuses_a_name_that_cannot_be(sqlite_workspace, name, words):
    with pytest.raises(InvalidInput, match=words):
        save(sqlite_workspace, name)
    assert saved_presets.all_presets(sqlite_workspace) == PRESETS


def test_save__refuses_an_unknown_base_and_too_many(sqlite_workspace, monkeypatch):
    with pytest.raises(InvalidInput, match="no preset 'cosmic' to start from"):
        saved_presets.save_preset(
            sqlite_workspace, "a", DARK, based_on="cosmic", actor=Actor("ana")
        )
    monkeypatch.setattr(saved_presets, "MAX_PRESETS", 1)
    save(sqlite_workspace)
    with pytest.raises(InvalidInput, match="1 presets already"):
        save(sqlite_workspace, "second")


def test_save__two_people_at_once_with_one_name__one_is_told(workspace):
    told, barrier = [], threading.Barrier(2)

    def keep():
        barrier.wait()
        try:
            save(workspace)
        except Conflict as error:
            told.append(error)

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(told) == 1
    assert list(saved_presets.all_presets(workspace)) == [*PRESETS, "Night shots"]


def test_remove__not_what_belongs_to_the_product_and_not_what_is_gone(workspace):
    save(workspace)
    saved_presets.remove_preset(workspace, "night shots")
    with pytest.raises(NotFound, match="no preset 'night shots'"):
        saved_presets.remove_preset(workspace, "night shots")
    with pytest.raises(InvalidInput, match="belongs to the product"):
        saved_presets.remove_preset(workspace, "medical")
