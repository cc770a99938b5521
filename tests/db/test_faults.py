"""What must lose nothing: a killed process, a full disk, a locked or restarting database.

FORGE_TEST_KILLS sets how often a bulk change is killed (default 5 on each database).
"""

import os
import random
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event, select

import db.session
from db.models import RevisionRow
from db.records import AssetFilter
from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.catalog.editing import label_edits
from forge_core.catalog.revisions import history
from forge_core.errors import ForgeError
from forge_core.people.actor import Actor
from forge_core.workspace import DatabaseRefused, Workspace
from tests.called import begin
from tests.databases import killable
from tests.db.whole import IMAGES, add, check_whole, fill

KILLS = int(os.environ.get("FORGE_TEST_KILLS", "3"))


@pytest.mark.process
def test_kill__at_any_moment_of_a_bulk_change_leaves_whole_revisions(
    workspace: Workspace, tmp_path: Path
) -> None:
    one, two = fill(workspace)
    chance = random.Random(1)
    for turn in range(KILLS):
        log = tmp_path / f"log-{turn}"
        child = begin(log, killable.change_forever, one, two, f"turn{turn}")
        while not log.read_text():
            assert child.poll() is None
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.25))
        child.kill()
        child.wait()
        operation_id, wanted = log.read_text().splitlines()[-1].split()
        check_whole(workspace)
        with workspace.database.read() as uow:
            labels = {row.label_id for row in uow.counts.list_all()}
        assert len(labels) == 1, "a part of an operation was kept"
        again = label_edits.relabel_matching(
            workspace, AssetFilter(), int(wanted), actor=Actor("child"), operation_id=operation_id
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
        label_edits.relabel_matching(sqlite_workspace, AssetFilter(), two, actor=Actor("tester"))
    assert isinstance(caught.value, ForgeError)
    assert caught.value.next_step
    with pytest.raises(DatabaseRefused, match="full"):
        add(sqlite_workspace, IMAGES, one)
    assert history.latest_revision_id(sqlite_workspace) == before
    check_whole(sqlite_workspace)
    event.remove(database.engine, "connect", limit)
    database.dispose()
    result = label_edits.relabel_matching(
        sqlite_workspace, AssetFilter(), two, actor=Actor("tester")
    )
    assert result.num_changed == IMAGES
    check_whole(sqlite_workspace)


@pytest.mark.process
def test_file_size_limit__says_so_and_loses_nothing(
    sqlite_workspace: Workspace, tmp_path: Path
) -> None:
    one, two = fill(sqlite_workspace)
    path = Path(str(sqlite_workspace.database.url.database))
    sqlite_workspace.database.dispose()
    log, limit = tmp_path / "log", path.stat().st_size + 2_000_000
    begin(log, killable.change_until_full, two, one, limit).wait(60)
    assert log.read_text().strip() == "DatabaseRefused"
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


@pytest.mark.slow
def test_locked__by_another_writer_for_seconds_is_waited_for(sqlite_workspace: Workspace) -> None:
    _, two = fill(sqlite_workspace, 10)
    thread = locked_by_another(sqlite_workspace, 2.0)
    result = label_edits.relabel_matching(
        sqlite_workspace, AssetFilter(), two, actor=Actor("tester")
    )
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
        sqlite_workspace.id,
    )
    thread = locked_by_another(sqlite_workspace, 1.5)
    with pytest.raises(DatabaseRefused, match="locked") as caught:
        label_edits.relabel_matching(impatient, AssetFilter(), two, actor=Actor("tester"))
    assert isinstance(caught.value, ForgeError)
    thread.join()
    impatient.database.dispose()
    assert (
        label_edits.relabel_matching(
            sqlite_workspace, AssetFilter(), two, actor=Actor("tester")
        ).num_changed
        == 10
    )


@pytest.mark.slow
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
                    uow.session.scalars(
                        select(RevisionRow.revision_id).order_by(RevisionRow.revision_id)
                    )
                )
            assert numbers == list(range(1, len(numbers) + 1))
            seen.append(len(numbers))

    def write(part: int) -> None:
        for number in range(15):
            label_edits.relabel(
                workspace,
                ids[part * 10 : part * 10 + 10],
                (two, one)[number % 2],
                actor=Actor(str(part)),
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
