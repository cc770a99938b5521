"""Import: what is found, what is added, what is left out and why, and twice adds nothing."""

import io
import shutil
import zipfile

import pytest
from PIL import Image

from forge_core.catalog.importing import import_plan, import_requests, run_import
from forge_core.catalog.importing.uploads import upload_plan
from forge_core.catalog.revisions import history
from forge_core.demo import digits
from forge_core.errors import InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.progress import Cancelled, Progress
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, draw_image, import_folder, list_all, make_catalog


def zip_of(folder) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()


def test_import__of_a_folder_per_class(workspace: Workspace, tmp_path) -> None:
    plan = import_plan.prepare(workspace, draw_folder(tmp_path / "shapes"))
    assert (plan.layout, plan.num_images, plan.source_dataset) == ("folder_per_class", 12, "shapes")
    assert plan.classes == {"circle": 4, "square": 4, "stripe": 4}
    assert list_all(workspace) == []  # looking writes nothing
    seen: list[tuple[int, int]] = []
    report = run_import.run_import(
        workspace,
        plan,
        actor=Actor("ada"),
        progress=Progress(lambda now: seen.append((now.done, now.total))),
    )
    assert (report.added, report.already_present, report.skipped) == (12, 0, [])
    assert report.classes_created == ["circle", "square", "stripe"]
    assert seen[-1] == (12, 12)
    assets = list_all(workspace)
    assert {asset.source_dataset for asset in assets} == {"shapes"}
    assert all(asset.file_path.startswith("shapes/") for asset in assets)
    assert all(workspace.store.exists(asset.file_path) for asset in assets)
    assert {(a.width, a.height, a.mime, a.split_type) for a in assets} == {
        (24, 24, "image/png", None)
    }
    (revision,) = history.list_revisions(workspace)
    assert (revision.kind, revision.author, revision.num_changes) == ("import", "ada", 12)
    assert revision.message == "12 images from shapes"


def test_import__twice_adds_nothing(workspace: Workspace, tmp_path) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(workspace, folder)
    again = import_folder(workspace, folder)
    assert (again.added, again.already_present, again.revision_id) == (0, 12, None)
    assert history.latest_revision_id(workspace) == 1


def test_import__takes_new_files_of_a_folder_that_grew(workspace: Workspace, tmp_path) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(workspace, folder)
    draw_image("circle", 99).save(folder / "circle" / "new.png")
    again = import_folder(workspace, folder)
    assert (again.added, again.already_present) == (1, 12)


def test_import__of_split_and_class_folders(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images", train=3, val=1, test=1)
    splits = [asset.split_type for asset in assets]
    assert {split: splits.count(split) for split in set(splits)} == {
        "train": 9,
        "val": 3,
        "test": 3,
    }


def test_import__of_a_flat_folder_is_unlabelled(workspace: Workspace, tmp_path) -> None:
    folder = draw_folder(tmp_path / "shapes", classes=["circle"]) / "circle"
    report = import_folder(workspace, folder)
    assert report.added == 4
    assert {asset.label_name for asset in list_all(workspace)} == {None}


def test_import__says_what_was_skipped_and_why(workspace: Workspace, tmp_path) -> None:
    folder = draw_folder(tmp_path / "shapes")
    (folder / "circle" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (folder / "circle" / "notes.txt").write_text("hello")
    shutil.copy(folder / "circle" / "circle_0001.png", folder / "square" / "copy.png")
    (folder / "circle" / "empty.jpg").touch()
    report = import_folder(workspace, folder)
    reasons = {problem.path: problem.reason for problem in report.skipped}
    assert report.added == 12
    assert reasons["circle/notes.txt"] == "not_an_image"
    assert reasons["circle/empty.jpg"] == "empty"
    assert "circle/broken.png" in reasons
    copy = next(p for p in report.skipped if p.path == "square/copy.png")
    assert copy.reason == "contested"
    assert "(square)" in copy.message
    assert "(circle)" in copy.message


def test_import__a_known_image_with_another_label_keeps_its_label_and_is_reported(
    workspace: Workspace, tmp_path
) -> None:
    folder = draw_folder(tmp_path / "shapes")
    import_folder(workspace, folder)
    moved = folder / "square" / "circle_0001.png"
    (folder / "circle" / "circle_0001.png").rename(moved)
    report = import_folder(workspace, folder)
    assert (report.added, report.already_present) == (0, 12)
    (problem,) = report.skipped
    assert "the label there stays" in problem.message


def test_import__cancelled_leaves_catalog_and_files_as_they_were(
    workspace: Workspace, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_import, "CHUNK_FILES", 4)
    plan = import_plan.prepare(workspace, draw_folder(tmp_path / "shapes"))
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        run_import.run_import(
            workspace, plan, actor=ACTOR, progress=Progress(should_stop=lambda: next(answers))
        )
    assert list_all(workspace) == []
    assert list(workspace.store.list_keys()) == []
    assert history.latest_revision_id(workspace) == 0


def test_import__files_under_the_asset_root_stay_in_place(workspace: Workspace) -> None:
    root = workspace.store.local_root()
    assert root is not None
    draw_folder(root / "camera" / "shapes")
    report = import_folder(workspace, root / "camera" / "shapes")
    assert report.added == 12
    assert {asset.file_path.rsplit("/", 1)[0] for asset in list_all(workspace)} == {
        "camera/shapes/circle",
        "camera/shapes/square",
        "camera/shapes/stripe",
    }
    assert len(list(workspace.store.list_keys())) == 12


def test_import__another_image_of_the_same_name_does_not_overwrite_the_first(
    workspace: Workspace, tmp_path
) -> None:
    first = draw_folder(tmp_path / "a" / "shapes", per_class=1)
    second = tmp_path / "b" / "shapes" / "circle"
    second.mkdir(parents=True)
    draw_image("circle", 50).save(second / "circle_0001.png")
    draw_image("circle", 51).save(second / "other.png")
    draw_folder(tmp_path / "b" / "shapes", classes=["square"], per_class=1)
    import_folder(workspace, first)
    import_folder(workspace, tmp_path / "b" / "shapes")
    for asset in list_all(workspace):
        from forge_core.imaging import hashing

        assert hashing.content_hash(workspace.store.read(asset.file_path)) == asset.content_hash
    paths = [asset.file_path for asset in list_all(workspace)]
    assert len(paths) == len(set(paths))
    assert sum(path.startswith("shapes/circle/circle_0001") for path in paths) == 2


def test_import__of_a_zip(workspace: Workspace, tmp_path) -> None:
    archive = tmp_path / "shapes.zip"
    archive.write_bytes(zip_of(draw_folder(tmp_path / "shapes")))
    plan = import_plan.prepare(workspace, archive)
    assert (plan.num_images, plan.source_dataset) == (12, "shapes")
    report = run_import.run_import(workspace, plan, actor=ACTOR)
    assert report.added == 12
    assert plan.staging_folder is not None
    assert not plan.staging_folder.exists()


def test_import__of_uploads_as_files_and_as_one_zip(workspace: Workspace, tmp_path) -> None:
    folder = draw_folder(tmp_path / "shapes")
    files = [
        (path.relative_to(tmp_path).as_posix(), path.read_bytes()) for path in folder.rglob("*.png")
    ]
    plan = upload_plan.prepare_files(workspace, files, source_dataset="camera 1")
    assert (plan.layout, plan.num_images) == ("folder_per_class", 12)
    request_id = import_requests.save(workspace, plan)
    loaded = import_requests.load(workspace, request_id)
    assert (loaded.files, loaded.source_dataset) == (plan.files, "camera 1")
    assert run_import.run_import(workspace, loaded, actor=ACTOR).added == 12
    zipped = upload_plan.prepare_files(
        workspace, [("shapes.zip", zip_of(folder))], source_dataset="camera 1"
    )
    assert run_import.run_import(workspace, zipped, actor=ACTOR).already_present == 12
    staging = workspace.cache_folder / "staging"
    assert list(staging.iterdir()) == []


def test_uploads__that_lead_out_of_the_folder_are_refused_and_removed(
    sqlite_workspace: Workspace,
) -> None:
    with pytest.raises(InvalidInput, match="leads out"):
        upload_plan.prepare_files(
            sqlite_workspace, [("a.png", b"x"), ("../../evil.png", b"x")], source_dataset="x"
        )
    assert list((sqlite_workspace.cache_folder / "staging").iterdir()) == []


def test_uploads__that_are_not_imported_can_be_discarded(
    sqlite_workspace: Workspace, tmp_path
) -> None:
    data = zip_of(draw_folder(tmp_path / "shapes"))
    plan = upload_plan.prepare_files(sqlite_workspace, [("s.zip", data)], source_dataset="s")
    import_plan.discard(plan)
    assert list((sqlite_workspace.cache_folder / "staging").iterdir()) == []


def test_prepare__says_what_is_wrong_with_a_place(sqlite_workspace: Workspace, tmp_path) -> None:
    with pytest.raises(NotFound, match="nothing at"):
        import_plan.prepare(sqlite_workspace, tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="No image was found"):
        import_plan.prepare(sqlite_workspace, tmp_path / "empty")
    (tmp_path / "x.zip").write_bytes(b"no zip")
    with pytest.raises(InvalidInput):
        import_plan.prepare(sqlite_workspace, tmp_path / "x.zip")
    with pytest.raises(NotFound):
        import_requests.load(sqlite_workspace, "0" * 32)
    with pytest.raises(InvalidInput):
        import_requests.load(sqlite_workspace, "../secrets/hmac")


@pytest.mark.slow
def test_the_digits_demo_has_1797_images_in_10_classes(sqlite_workspace: Workspace) -> None:
    workspace = sqlite_workspace
    report = digits.import_digits(workspace, actor=ACTOR)
    assert (report.added, report.skipped) == (1797, [])
    assert report.classes_created == [str(digit) for digit in range(10)]
    path = workspace.store.local_path("digits/0/0000.png")
    assert path is not None
    with Image.open(path) as image:
        assert (image.size, image.mode) == ((8, 8), "L")
        # the first digit's first row has ink 0, 0, 5, 13, 9, 1, 0, 0 of 16; 13 x 255/16 = 207.2
        assert [image.getpixel((x, 0)) for x in range(8)] == [0, 0, 80, 207, 143, 16, 0, 0]
    assert digits.import_digits(workspace, actor=ACTOR).added == 0
