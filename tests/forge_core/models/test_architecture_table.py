"""The table that is read without torch says what torchvision says."""

import pytest
from torchvision import models as tv
from torchvision.transforms.v2 import InterpolationMode

from forge_core.models import architectures
from forge_core.models.architecture_table import ROWS, Row


def test_table__has_a_row_for_each_network_of_torchvision() -> None:
    assert [row.name for row in ROWS] == sorted(tv.list_models(module=tv))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row__is_what_the_weights_say(row: Row) -> None:
    kinds = tv.get_model_weights(row.name)
    found = kinds[row.weights_name]
    is_featured = row.name in architectures.FEATURED
    assert found is (kinds.IMAGENET1K_V1 if is_featured else kinds.DEFAULT)
    preset, meta = found.transforms(), found.meta
    assert ([row.resize], [row.input_size]) == (preset.resize_size, preset.crop_size)
    assert InterpolationMode[row.interpolation.upper()] == preset.interpolation
    own = architectures.default_eval_transform(row.name, None)
    assert (own.mean, own.std) == (tuple(preset.mean), tuple(preset.std))
    assert own.antialias == preset.antialias
    assert row.parameters_millions == round(meta["num_params"] / 1e6, 1)
    accuracy = meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert row.imagenet_accuracy == round(accuracy / 100, 5)
    assert row.billion_operations == meta["_ops"]
    assert row.is_free == ("license" not in meta)
