"""What two runs ran on is told in the words of the pages."""

import pytest

from db.boxes import Environment, RunEnvironment
from forge_core.runs import environments
from forge_core.runs.comparing import environment_words
from forge_core.runs.comparing.environment_words import TITLES
from forge_core.runs.comparison import ValueDifference


def test_rows__have_words_for_what_is_kept_and_no_value_as_a_program_writes_it() -> None:
    kept = RunEnvironment(
        torch="2.9.0",
        processors=2,
        commit="0123456789abcdef0123+changes",
        packages_sha256="89abcdef" * 8,
        speed={"number_format": "float32", "memory_layout": "channels_last", "compiled": False},
        resumed_in=(Environment(torch="2.9.1"),),
    )
    rows = environments.as_rows(kept)
    assert {name.partition(" ")[0] for name in rows} <= TITLES.keys()
    found = environment_words.list_rows(
        [ValueDifference(name=name, first=rows[name], second=None) for name in rows]
    )
    told = {title: first for title, first, second in found if second == "–"}
    assert told["PyTorch"] == "2.9.0"
    assert told["PyTorch (resumed 1)"] == "2.9.1"
    assert told["Version of Vision Forge"] == "0123456789, with changes"
    assert told["Installed packages"] == "set 89abcdef89"
    assert told["Computed with"] == "number format float32, memory layout channels last"


@pytest.mark.parametrize("field", [*Environment.__dataclass_fields__, "speed", "left_out"])
def test_every_field_of_an_environment__has_a_word(field: str) -> None:
    assert environment_words.title_of(field) == TITLES[field]
