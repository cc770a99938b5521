"""The floors and the order of the rooms, enforced from the syntax trees.

app.py + pages/   may import forge_core; Streamlit lives only here
forge_core/       may import db; no Streamlit; a room imports rooms before it, never after
db/               SQLAlchemy and itself; no torch, no forge_core
"""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ROOMS = (
    "errors",
    "disk_space",
    "storable_values",
    "spreadsheet_cells",
    "extras",
    "settings",
    "progress",
    "local_files",
    "file_hashes",
    "storage",
    "run_store",
    "database_health",
    "workspace",
    "backup",
    "people",
    "imaging",
    "catalog",
    "demo",
    "augmentation",
    "models",
    "inference",
    "evaluation",
    "training",
    "notices",
    "jobs",
    "runs",
    "predictions",
    "registry",
    "exports",
    "serving",
    "drift",
    "api",
    "handlers",
    "cli",
    "__main__",
)
FLOORS = ("db", "forge_core", "pages", "app")
WITHOUT_TORCH = (
    "errors",
    "disk_space",
    "storable_values",
    "spreadsheet_cells",
    "extras",
    "settings",
    "progress",
    "local_files",
    "file_hashes",
    "storage",
    "run_store",
    "database_health",
    "workspace",
    "backup",
    "people",
    "imaging",
    "catalog",
)
WITHOUT_DATABASE = ("imaging", "augmentation", "models", "inference", "evaluation", "training")
LOAD_NO_TORCH = (
    "forge_core.catalog.importing.run_import",
    "forge_core.catalog.listing.asset_list",
    "forge_core.api.routes",
    "forge_core.runs.records",
    "forge_core.registry.aliases",
    "forge_core.runs.comparison",
    "forge_core.runs.starting.launch",
    "forge_core.runs.starting.config_choice",
    "forge_core.training.stages",
    "forge_core.serving.loading",
    "forge_core.exports.requests",
    "forge_core.serving.onnx_engine",
    "forge_core.drift.kept_reports",
)
MAX_LINES = 400
MAX_FLAT_FILES = 14
OF_ONE_KIND = {
    "db/repositories": "tables",
    "forge_core/api": "routes",
    "forge_core/cli": "commands",
    "forge_core/handlers": "kinds of jobs",
    "tests/forge_core/api": "routes",
    "tests/forge_core/catalog/public_cases": "kinds of public sets",
    "tests/forge_core/cli": "commands",
    "tests/journeys": "journeys of a person in a browser",
    "tests/pages": "pages",
}
"""Folders that may hold more files than can be read as a list, because each is one of them."""


def python_files(*folders: str) -> list[Path]:
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert files, f"no files in {folders}"
    return files


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file, made once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names that a file imports, also inside functions, with line numbers."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def offences(files: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files
        for name, line in imports_of(path)
        if any(name == module or name.startswith(f"{module}.") for module in forbidden)
    ]


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "forge_core").parts[0].removesuffix(".py")


def test_db_knows_nothing_above_it() -> None:
    assert offences(python_files("db"), "forge_core", "pages", "torch", "streamlit", "PIL") == []


def test_forge_core_knows_no_pages_and_no_streamlit() -> None:
    assert offences(python_files("forge_core"), "streamlit", "pages", "app") == []


def test_pages_reach_the_database_only_through_forge_core() -> None:
    files = [*python_files("pages"), ROOT / "app.py"]
    forbidden = ("db.session", "db.unit_of_work", "db.repositories", "sqlalchemy", "torch")
    assert offences(files, *forbidden) == []


def test_every_room_has_its_place_in_the_order() -> None:
    found = {room_of(path) for path in python_files("forge_core")} - {"__init__"}
    assert found == set(ROOMS)


def test_a_room_imports_only_rooms_before_it() -> None:
    wrong = []
    for path in python_files("forge_core"):
        room = room_of(path)
        if room == "__init__":
            continue
        for name, line in imports_of(path):
            parts = name.split(".")
            if parts[0] != "forge_core" or len(parts) < 2 or parts[1] not in ROOMS:
                continue
            if ROOMS.index(parts[1]) > ROOMS.index(room):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def modules() -> dict[str, Path]:
    """The product's modules by their dotted names; a package has no code of its own."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in [*python_files("db", "forge_core", "pages"), ROOT / "app.py"]
        if path.name != "__init__.py"
    }


def module_of(name: str, known: dict[str, Path]) -> str | None:
    """The module that a dotted name is, or is in."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def test_no_module_imports_itself_through_others() -> None:
    known = modules()
    imported = {
        module: {found for name, _ in imports_of(path) if (found := module_of(name, known))}
        for module, path in known.items()
    }
    while True:
        importers = set().union(*imported.values())
        ends = {
            module
            for module, names in imported.items()
            if not names & imported.keys() or module not in importers
        }
        if not ends:
            break
        for module in ends:
            del imported[module]
    assert imported.keys() == set()


def test_a_module_named_in_a_string_is_of_no_later_room() -> None:
    """For `importlib` and `python -m`: what no import says."""
    known = modules()
    upwards = set()
    for module, path in known.items():
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Constant) or node.value not in known.keys() - {"app"}:
                continue
            floors, rooms = zip(
                *(name.split(".")[:2] for name in (module, node.value)), strict=True
            )
            if floors == ("forge_core", "forge_core"):
                is_later = ROOMS.index(rooms[1]) > ROOMS.index(rooms[0])
            else:
                is_later = FLOORS.index(floors[1]) > FLOORS.index(floors[0])
            if is_later:
                upwards.add((module, node.value))
    assert upwards == set()


def test_a_folder_holds_no_more_files_than_can_be_read_as_a_list() -> None:
    count = Counter(
        str(path.parent.relative_to(ROOT))
        for path in python_files("db", "forge_core", "pages", "tests")
        if path.name != "__init__.py" and "versions" not in path.parts
    )
    full = {folder for folder, number in count.items() if number > MAX_FLAT_FILES}
    assert full - OF_ONE_KIND.keys() == set()


def test_every_package_says_in_a_sentence_what_lives_there() -> None:
    for path in python_files("db", "forge_core", "pages"):
        if path.name == "__init__.py":
            said = ast.get_docstring(parsed(path)) or ""
            assert said.split("\n\n")[0].endswith("."), path.relative_to(ROOT)


def test_early_rooms_import_no_torch() -> None:
    files = [path for path in python_files("forge_core") if room_of(path) in WITHOUT_TORCH]
    assert offences(files, "torch", "torchvision") == []


def test_pure_rooms_know_no_database() -> None:
    files = [path for path in python_files("forge_core") if room_of(path) in WITHOUT_DATABASE]
    found = offences(files, "db", "sqlalchemy", "forge_core.workspace", "forge_core.catalog")
    plain_values = (" imports db.records.", " imports db.enums.")
    assert [each for each in found if not any(name in each for name in plain_values)] == []


@pytest.mark.slow
def test_importing_what_needs_no_torch_loads_none() -> None:
    """In one process: the first module that loads it is named."""
    code = f"""
import importlib, sys
for name in {LOAD_NO_TORCH}:
    importlib.import_module(name)
    assert not {{"torch", "streamlit"}} & set(sys.modules), name
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.slow
def test_processes_that_read_files_load_no_database() -> None:
    """An import starts one a processor: SQLAlchemy would cost each three times its own start."""
    code = """
import sys
import forge_core.catalog.importing.reader_processes
assert not {"sqlalchemy", "pandas", "torch"} & set(sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_package_files_hold_no_logic() -> None:
    for path in python_files("db", "forge_core", "pages"):
        if path.name == "__init__.py":
            body = parsed(path).body
            assert all(isinstance(node, ast.Expr) for node in body), path.relative_to(ROOT)


def test_the_network_is_called_and_never_its_forward() -> None:
    for path in python_files("forge_core", "pages"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_super = isinstance(node.func.value, ast.Call)
                assert node.func.attr != "forward" or is_super, f"{path}:{node.lineno}"


def test_files_can_be_read_in_one_sitting() -> None:
    """Code of the product and its tests; a migration is a list of tables and may be longer."""
    files = [*python_files("db", "forge_core", "pages", "tests"), ROOT / "app.py"]
    files += [*(ROOT / "pages").rglob("*.js"), *(ROOT / "pages").rglob("*.css")]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
        and "versions" not in path.parts
    }
    assert long == {}


def test_nothing_a_person_can_send_is_unpickled() -> None:
    """`torch.load` only with `weights_only=True`; no other unpickler is called at all."""
    for path in python_files("forge_core", "pages", "db"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = ast.unparse(node.func)
            place = f"{path.relative_to(ROOT)}:{node.lineno}"
            assert called.split(".")[0] not in ("pickle", "dill", "joblib"), place
            if called == "torch.load":
                keywords = {keyword.arg: keyword.value for keyword in node.keywords}
                weights_only = keywords.get("weights_only")
                assert isinstance(weights_only, ast.Constant), place
                assert weights_only.value is True, place


def test_no_file_names_a_path_of_a_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".yaml", ".js", ".css", ".html", ""}:
            text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
            for prefix in ("/" + "root/", "/" + "work/", "/" + "home/"):
                assert prefix not in text, f"{name} names {prefix}"
