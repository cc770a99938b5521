"""The cases of `../shared/data/public_cases`, each laid out afresh and looked at."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import public_cases
from benchmarks.public_cases import Found
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.workspace import Workspace

CASES = Path(__file__).parents[5] / "shared" / "data" / "public_cases"

Look = Callable[..., Found]


@pytest.fixture
def case_folder(tmp_path: Path) -> Callable[[str], Path]:
    """The input of a case, where it may be written to."""

    def lay_out(name: str) -> Path:
        if not CASES.is_dir():
            pytest.skip("the public cases lie in ../shared/data, which is not here")
        return public_cases.lay_out(CASES / name, Path(tempfile.mkdtemp(dir=tmp_path)))

    return lay_out


@pytest.fixture
def look(sqlite_workspace: Workspace, case_folder: Callable[[str], Path]) -> Look:
    """What an import of a case would bring, read by `options` where a person chose some."""

    def run(name: str, **options: object) -> Found:
        place = public_cases.place_of(case_folder(name))
        return public_cases.look(sqlite_workspace, place, ReadOptions(**options))

    return run
