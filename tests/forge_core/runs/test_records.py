"""What a list of runs needs of the database: as much for a hundred runs as for two."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from db.enums import RunStatus
from db.records import EpochRow
from db.run_records import CheckpointFile
from forge_core.runs import records
from forge_core.workspace import Workspace


def add_run(workspace: Workspace, num_epochs: int, *, has_file: bool = True) -> int:
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED,
            revision_id=0,
            name="",
            device="cpu",
            message="",
            author="tester",
            config={},
            class_names=["cat"],
            label_ids=[1],
        )
        for epoch in range(1, num_epochs + 1):
            uow.metrics.add(make_epoch(run_id, epoch))
        key = f"run-{run_id}/best.safetensors"
        if num_epochs:
            uow.checkpoints.add(
                CheckpointFile(
                    run_id=run_id,
                    kind="best",
                    file_path=key,
                    content_hash="0" * 64,
                    size_bytes=4,
                    epoch=1,
                    val_accuracy=0.5,
                )
            )
    if num_epochs and has_file:
        path = workspace.folder / "runs" / key
        path.parent.mkdir(parents=True)
        path.write_bytes(b"file")
    return run_id


def make_epoch(run_id: int, epoch: int) -> EpochRow:
    return EpochRow(
        run_id=run_id,
        epoch=epoch,
        stage="scratch",
        train_loss=1.0 / epoch,
        train_accuracy=0.5,
        val_loss=1.0,
        val_accuracy=0.1 * epoch,
        learning_rates={"head": 0.1},
        duration_seconds=1.0,
        images_per_second=10.0,
    )


@contextmanager
def counted_statements(workspace: Workspace) -> Iterator[list[str]]:
    statements: list[str] = []

    def count(connection, cursor, statement, *_) -> None:
        if statement.lstrip().startswith("SELECT"):
            statements.append(statement)

    event.listen(workspace.database.engine, "before_cursor_execute", count)
    yield statements
    event.remove(workspace.database.engine, "before_cursor_execute", count)


def test_list_epochs__of_many_runs_is_one_query(workspace: Workspace) -> None:
    run_ids = [add_run(workspace, number) for number in (2, 0, 3)]
    with counted_statements(workspace) as statements:
        found = records.list_epochs(workspace, run_ids)
    assert len(statements) == 1
    assert [[row.epoch for row in found[run_id]] for run_id in run_ids] == [[1, 2], [], [1, 2, 3]]
    assert [row.val_accuracy for row in found[run_ids[0]]] == pytest.approx([0.1, 0.2])
    assert records.list_epochs(workspace, []) == {}


def test_list_usable_runs__newest_first_and_two_queries_for_all(workspace: Workspace) -> None:
    assert records.list_usable_runs(workspace) == []
    first, _, gone, last = (
        add_run(workspace, 1),
        add_run(workspace, 0),
        add_run(workspace, 1, has_file=False),
        add_run(workspace, 2),
    )
    with counted_statements(workspace) as statements:
        found = records.list_usable_runs(workspace)
    assert [run.run_id for run in found] == [last, first]
    assert gone not in {run.run_id for run in found}
    assert len(statements) == 2
