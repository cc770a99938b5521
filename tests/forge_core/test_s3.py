"""The whole loop with the images in an S3 bucket, served by moto on this machine only."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer
from PIL import Image

from db.session import Database
from forge_core import workspace as workspace_room
from forge_core.api.images import thumbnail_cache
from forge_core.backup import making, restoring
from forge_core.catalog.files import moved_files, verification
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.placement import Placement
from forge_core.catalog.revisions import history
from forge_core.cli import doctor_command
from forge_core.errors import InvalidInput, NotFound, StorageUnavailable
from forge_core.imaging import hashing
from forge_core.inference.predictor import Predictor
from forge_core.jobs import queue, supervision
from forge_core.progress import Cancelled, Progress
from forge_core.run_store import Owner, RunStore
from forge_core.runs import logs, records
from forge_core.runs.files import checkpoints
from forge_core.runs.starting import launch
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, import_folder, list_all, make_catalog
from tests.forge_core.api import browsing

pytestmark = pytest.mark.slow

TINY = TrainConfig(
    architecture="forge_cnn",
    input_size=16,
    preset="text",
    batch_size=8,
    scratch_epochs=2,
    device="cpu",
)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an asset root in a bucket; its server and its credentials are in AWS_*."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    name = f"photos-{uuid.uuid4().hex[:8]}"  # moto keeps buckets of earlier servers
    boto3.client("s3").create_bucket(Bucket=name)
    yield f"s3://{name}/catalog"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def far_workspace(bucket: str) -> Iterator[Workspace]:
    opened = workspace_room.open_workspace(Settings(_env_file=None, asset_root=bucket))
    yield opened
    supervision.stop_supervisor(opened)
    opened.database.dispose()


@pytest.mark.slow
def test_the_loop_on_s3__import_look_train_and_predict(
    far_workspace: Workspace, tmp_path: Path
) -> None:
    assets = make_catalog(far_workspace, tmp_path / "shapes", train=8, val=2, test=2)
    bucket = far_workspace.store.root.split("/")[2]
    objects = boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert {found["Key"] for found in objects} == {f"catalog/{a.file_path}" for a in assets}

    thumbnail_cache(far_workspace).clear()  # so that the route has to read the object
    with browsing.with_token(far_workspace, ACTOR) as browser:
        answer = browser.get(f"/thumbnails/{assets[0].asset_id}/{assets[0].content_hash}")
        assert answer.status_code == 200
        assert Image.open(BytesIO(answer.content)).size == (24, 24)

    run = launch.start_run(far_workspace, TINY, actor=ACTOR)
    job_id = records.run_progress(far_workspace, run.run_id).job_id
    assert job_id is not None
    queue.wait_until_finished(far_workspace, job_id, timeout_seconds=200)
    finished = records.get_run(far_workspace, run.run_id)
    assert finished.status == "succeeded", logs.log_tail(far_workspace, run.run_id)

    predictor = Predictor.load(checkpoints.checkpoint_path(far_workspace, run.run_id, "best"))
    prediction = predictor.predict(far_workspace.store.read(assets[0].file_path))
    assert {p.label_name for p in prediction.probabilities} == {"circle", "square", "stripe"}


def test_import__to_s3_twice_adds_nothing_and_uses_what_was_left(
    far_workspace: Workspace, tmp_path: Path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    one = folder / "circle" / "circle_0001.png"
    far_workspace.store.write("shapes/circle/circle_0001.png", one.read_bytes())
    far_workspace.store.write("shapes/circle/circle_0002.png", b"the bytes of somebody else")
    assert import_folder(far_workspace, folder).added == 12
    assert import_folder(far_workspace, folder).already_present == 12
    for asset in list_all(far_workspace):
        data = far_workspace.store.read(asset.file_path)
        assert hashing.content_hash(data) == asset.content_hash
    assert far_workspace.store.read("shapes/circle/circle_0002.png").startswith(b"the bytes of")


def test_import__to_s3_that_is_cancelled_leaves_no_object(
    far_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_import, "CHUNK_FILES", 4)
    plan = import_plan.prepare(far_workspace, draw_folder(tmp_path / "shapes"))
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        run_import.run_import(
            far_workspace, plan, actor=ACTOR, progress=Progress(should_stop=lambda: next(answers))
        )
    assert list(far_workspace.store.list_keys()) == []
    assert history.latest_revision_id(far_workspace) == 0


def test_verify_relink_and_backup__on_s3(far_workspace: Workspace, tmp_path: Path) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(far_workspace, folder)
    store = far_workspace.store
    assert verification.verify(far_workspace, full=True).is_whole
    store.add("moved/elsewhere.png", store.read("shapes/circle/circle_0001.png"))
    store.remove("shapes/circle/circle_0001.png")
    store.remove("shapes/circle/circle_0002.png")
    report = moved_files.relink(far_workspace, actor=ACTOR)
    assert (report.num_moved, report.num_unfound) == (1, 1)
    back = moved_files.relink(far_workspace, folder, actor=ACTOR)
    assert (back.num_copied_back, back.num_unfound) == (1, 0)
    assert verification.verify(far_workspace, full=True).is_whole
    with pytest.raises(InvalidInput, match="cannot be added from there"):
        verification.import_orphans(far_workspace, actor=ACTOR)
    manifest = making.backup(far_workspace, tmp_path / "backup", with_bytes=True)
    assert (manifest.num_files, manifest.num_missing) == (12, 0)
    database = Database(f"sqlite:///{tmp_path / 'restored.db'}")
    near = AssetStore(str(tmp_path / "assets"))
    runs = RunStore(str(tmp_path / "runs"), working=tmp_path, copies=tmp_path)
    restoring.restore(database, near, runs, tmp_path / "backup")
    assert sorted(near.list_keys()) == sorted(store.list_keys())
    database.dispose()


def test_import__in_place_needs_a_folder_as_asset_root(
    far_workspace: Workspace, tmp_path: Path
) -> None:
    plan = import_plan.prepare(far_workspace, draw_folder(tmp_path / "shapes"))
    with pytest.raises(InvalidInput, match="does not lie under the asset root s3://"):
        run_import.run_import(far_workspace, plan, actor=ACTOR, placement=Placement.IN_PLACE)


def test_store__on_s3_keeps_the_first_of_two_that_add_a_key(bucket: str) -> None:
    store = AssetStore(bucket)
    assert store.add("a/b.png", b"one")
    assert not store.add("a/b.png", b"two")
    assert store.read("a/b.png") == b"one"
    found = store.find("a/b.png")
    assert found is not None
    assert (found.key, found.size_bytes) == ("a/b.png", 3)
    assert list(store.list_files()) == [found]
    store.remove("a/b.png")
    store.remove("a/b.png")
    assert store.find("a/b.png") is None
    with pytest.raises(NotFound):
        store.read("a/b.png")


def test_store__a_missing_bucket_is_named(bucket: str, tmp_path: Path) -> None:
    store = AssetStore("s3://elsewhere/catalog")
    with pytest.raises(StorageUnavailable, match="s3://elsewhere/catalog cannot be reached"):
        store.check()
    with pytest.raises(StorageUnavailable, match="no such bucket"):
        store.add("a.png", b"one")
    with pytest.raises(StorageUnavailable, match="no such bucket"):
        store.read("a.png")
    settings = Settings(_env_file=None, asset_root=store.root, workspace=tmp_path / "w")
    opened = workspace_room.open_workspace(settings)
    with pytest.raises(StorageUnavailable, match="no such bucket"):
        import_folder(opened, draw_folder(tmp_path / "shapes"))
    opened.database.dispose()


def test_store__missing_credentials_are_named(
    bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StorageUnavailable, match="no credentials") as caught:
        AssetStore(bucket).check()
    assert "AWS_ACCESS_KEY_ID" in caught.value.next_step


def test_runs_in_a_bucket__have_one_owner_and_come_back_as_they_were(
    bucket: str, tmp_path: Path
) -> None:
    here, there = (
        RunStore(f"{bucket}/runs", working=tmp_path / name, copies=tmp_path / "copies")
        for name in ("here", "there")
    )
    ours = Owner(workspace_id="a" * 12, workspace_name="cats", run_id=1)
    theirs = Owner(workspace_id="b" * 12, workspace_name="dogs", run_id=1)
    assert here.find_owner("run-1") is None
    assert (here.mark("run-1", ours), there.mark("run-1", theirs)) == (ours, ours)
    assert here.list_files("run-1") == []
    here.bring_in("run-1")
    (here.working_folder("run-1") / "state.pt").write_bytes(b"state")
    here.publish("run-1", ["state.pt", "best.safetensors"])
    assert there.existing(["run-1/state.pt", "run-1/best.safetensors"]) == {"run-1/state.pt"}
    there.bring_in("run-1")
    assert (there.working_folder("run-1") / "state.pt").read_bytes() == b"state"
    assert there.list_keys_of(ours.workspace_id) == ["run-1/state.pt"]
    assert there.list_keys_of(theirs.workspace_id) == []
    here.release("run-1")
    assert not here.working_folder("run-1").exists()
    assert [file.size_bytes for file in here.remove_folder("run-1")] == [
        5,
        len(json.dumps(asdict(ours))),
    ]
    assert there.find_owner("run-1") is None
    assert not there.exists("run-1/state.pt")


def test_doctor__checks_the_bucket(bucket: str, tmp_path: Path) -> None:
    good = Settings(_env_file=None, workspace=tmp_path, asset_root=bucket)
    (finding,) = doctor_command._assets(good)
    assert (finding.state, finding.found) == ("ok", f"{bucket} can be read and written")
    assert list(AssetStore(bucket).list_keys()) == []
    bad = Settings(_env_file=None, workspace=tmp_path, asset_root="s3://elsewhere/x")
    (finding,) = doctor_command._assets(bad)
    assert finding.state == "fail"
    assert "no such bucket" in finding.found
    assert "AWS_ENDPOINT_URL" in finding.next_step


def test_store__of_an_unknown_kind_says_what_to_do() -> None:
    with pytest.raises(StorageUnavailable, match="cannot be used here"):
        AssetStore("nonsense://bucket/x")
