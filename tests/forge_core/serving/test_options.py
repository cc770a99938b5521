"""What an operator sets: read from the environment, checked, documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from forge_core.errors import InvalidInput
from forge_core.serving import options
from forge_core.serving.options import ServiceOptions


@pytest.mark.parametrize(
    "environment",
    [
        {"FORGE_SERVE_CONNECTION": "5"},
        {"FORGE_SERVE_CONNECTIONS": "many"},
        {"FORGE_SERVE_IDLE_SECONDS": "0"},
        {"FORGE_SERVE_IDLE_SECONDS": "nan"},
        {"FORGE_SERVE_BATCH_SIZE": "64"},
        {"FORGE_SERVE_FILES": "300"},
        {"FORGE_MAX_IMAGE_PIXELS": "-1"},
    ],
)
def test_options__that_cannot_be_used_are_refused(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        options.from_environment(environment)


def test_options__are_those_of_the_environment_also_of_the_product() -> None:
    found = options.from_environment(
        {
            "FORGE_SERVE_CONNECTIONS": "7",
            "FORGE_MAX_IMAGE_PIXELS": "1000",
            "FORGE_GREY_WINDOW": "fixed:2048/4096",
            "FORGE_WORKSPACE": "elsewhere",
        }
    )
    assert found.connections == 7
    assert found.limits.max_pixels == 1000
    assert str(found.limits.window) == "fixed:2048/4096"


def test_every_option_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `FORGE_SERVE_([A-Z_]+)` \|", text, flags=re.MULTILINE))
    assert documented == {f.name.upper() for f in fields(ServiceOptions)} - {"LIMITS"}
