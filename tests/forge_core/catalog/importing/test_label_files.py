"""Label files without images: what they say comes to the images of the catalog."""

import csv
import json
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from forge_core.catalog.export import exports
from forge_core.catalog.importing import import_plan, import_requests, run_import
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.merging.rules import Merge
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, draw_image, import_folder, list_all

OTHER = {"circle": "square", "square": "stripe", "stripe": "circle"}


def labels(workspace: Workspace) -> dict[str, str | None]:
    return {asset.file_path: asset.label_name for asset in list_all(workspace)}


def take_in(workspace: Workspace, plan: ImportPlan) -> run_import.ImportReport:
    return run_import.run_import(workspace, plan, actor=ACTOR)


def make_photos(workspace: Workspace, folder: Path) -> None:
    """Six unlabelled pictures in two folders, both with a 0.png."""
    for place in ("a", "b"):
        (folder / place).mkdir(parents=True)
        for seed in range(3):
            name = f"{seed}.png" if seed == 0 else f"{place}{seed}.png"
            draw_image(place, seed).save(folder / place / name)
    plan = import_plan.prepare(workspace, folder)
    flat = import_plan.read_again(workspace, plan, import_plan.ReadOptions(format_name="flat"))
    take_in(workspace, flat)


def test_labels_only__by_path_ends_and_what_fits_several_or_none_is_listed(
    workspace: Workspace, tmp_path
) -> None:
    make_photos(workspace, tmp_path / "photos")
    table = tmp_path / "elsewhere" / "labels.csv"
    table.parent.mkdir()
    table.write_text(
        "file_path,label_name,split_type\n"
        "mnt/old/a1.png,cat,train\nb/0.png,dog,test\n0.png,dog,\nnowhere.png,dog,\n"
    )
    plan = import_plan.prepare(workspace, table)
    assert (plan.labels_only, plan.num_images) == (True, 2)
    assert {p.reason for p in plan.problems} == {"ambiguous", "missing_file"}
    report = take_in(workspace, plan)
    assert (report.added, report.updated) == (0, 2)
    found = {a.file_path: (a.label_name, a.split_type) for a in list_all(workspace)}
    assert {path: values for path, values in found.items() if values != (None, None)} == {
        "photos/a/a1.png": ("cat", "train"),
        "photos/b/0.png": ("dog", "test"),
    }
    history.undo(workspace, report.revision_id or 0, actor=ACTOR)
    assert set(labels(workspace).values()) == {None}


@pytest.mark.parametrize("column", ["asset_id", "content_hash"])
def test_labels_only__by_id_or_hash_of_an_image_that_has_moved(
    workspace: Workspace, tmp_path, column
) -> None:
    make_photos(workspace, tmp_path / "photos")
    table = tmp_path / "labels.csv"
    rows = [
        f"old/place/{n}.png,cat,{getattr(a, column)}" for n, a in enumerate(list_all(workspace))
    ]
    table.write_text("\n".join([f"file_path,label_name,{column}", *rows]) + "\n")
    take_in(workspace, import_plan.prepare(workspace, table))
    assert set(labels(workspace).values()) == {"cat"}


def test_labels_only__of_a_coco_file_with_an_asset_id_as_a_name(
    workspace: Workspace, tmp_path
) -> None:
    make_photos(workspace, tmp_path / "photos")
    first = list_all(workspace)[0]
    document = {
        "images": [
            {"id": 1, "file_name": f"{first.asset_id}.jpg", "width": 24, "height": 24},
            {"id": 2, "file_name": f"{uuid.uuid4()}.jpg", "width": 24, "height": 24},
        ],
        "annotations": [{"id": n, "image_id": n, "category_id": 1} for n in (1, 2)],
        "categories": [{"id": 1, "name": "cat"}],
    }
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(document))
    plan = import_plan.prepare(workspace, path)
    assert [problem.reason for problem in plan.problems] == ["missing_file"]
    assert take_in(workspace, plan).updated == 1
    assert labels(workspace)[first.file_path] == "cat"


def test_labels_only__of_label_studio_name_what_its_upload_renamed(
    workspace: Workspace, tmp_path
) -> None:
    (tmp_path / "photos").mkdir()
    for seed in range(2):
        draw_image("circle", seed).save(tmp_path / "photos" / f"IMG {seed}.png")
    import_folder(workspace, tmp_path / "photos")
    tasks = [
        {
            "id": seed,
            "data": {"image": f"/data/upload/3/1a2b3c4d-IMG_{seed}.png"},
            "annotations": [
                {
                    "id": seed,
                    "result": [
                        {
                            "from_name": "choice",
                            "to_name": "image",
                            "type": "choices",
                            "value": {"choices": ["cat" if seed else "dog"]},
                        }
                    ],
                }
            ],
        }
        for seed in range(2)
    ]
    path = tmp_path / "made" / "project-3.json"
    path.parent.mkdir()
    path.write_text(json.dumps(tasks))
    assert take_in(workspace, import_plan.prepare(workspace, path)).updated == 2
    assert labels(workspace) == {"photos/IMG 0.png": "dog", "photos/IMG 1.png": "cat"}


def test_labels_only__that_match_nothing_are_refused_as_before(
    workspace: Workspace, tmp_path
) -> None:
    make_photos(workspace, tmp_path / "photos")
    table = tmp_path / "labels.csv"
    table.write_text("file_path,label_name\nx.png,cat\ny.png,dog\n")
    with pytest.raises(InvalidInput, match="none of them is there"):
        import_plan.prepare(workspace, table)


def test_labels_only__as_a_queued_import(workspace: Workspace, tmp_path) -> None:
    make_photos(workspace, tmp_path / "photos")
    table = tmp_path / "labels.csv"
    table.write_text("file_path,label_name\na1.png,cat\n")
    plan = import_plan.prepare(workspace, table)
    loaded = import_requests.load(workspace, import_requests.save(workspace, plan))
    assert (loaded.labels_only, loaded.files) == (True, plan.files)
    assert take_in(workspace, loaded).updated == 1


@pytest.mark.parametrize("name", exports.EXPORTS)
def test_round_trip__labels_changed_in_an_export_come_home(
    sqlite_workspace: Workspace, tmp_path, name
) -> None:
    workspace = sqlite_workspace
    folder = draw_folder(tmp_path / "shapes", splits={"train": 2, "val": 1})
    import_folder(workspace, folder)
    before = labels(workspace)
    chosen = exports.EXPORTS[name]
    ending = chosen.ending if chosen.folder_of is None else ""
    out = tmp_path / "made" / (f"labels{ending}" if ending else "out")
    exports.export(workspace, out, format_name=name)
    place = out if ending else tmp_path / "only_labels"
    if not ending:
        for file in out.rglob("*"):
            if file.is_file() and file.suffix not in (".png",):
                target = place / file.relative_to(out)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
    rename_labels(place)
    plan = import_plan.prepare(workspace, place)
    assert (plan.labels_only, plan.num_images) == (True, 9)
    report = take_in(workspace, replace(plan, merge=Merge.TAKE))
    assert report.updated == 9
    assert labels(workspace) == {path: OTHER[str(label)] for path, label in before.items()}


def rename_labels(place: Path) -> None:
    """Give every image in label files the class `OTHER` says, as another tool would."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    for path in files:
        if path.suffix == ".parquet":
            from pyarrow import parquet

            table = parquet.read_table(path)
            column = table.column_names.index("label_name")
            names = [OTHER[name] for name in table.column("label_name").to_pylist()]
            import pyarrow

            parquet.write_table(table.set_column(column, "label_name", pyarrow.array(names)), path)
        elif path.suffix == ".csv":
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file))
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(row | {"label_name": OTHER[row["label_name"]]} for row in rows)
        elif path.suffix == ".json":
            path.write_text(json.dumps(_renamed(json.loads(path.read_text()))))
        else:
            lines = [
                json.dumps(_renamed(json.loads(line)))
                for line in path.read_text().split("\n")
                if line
            ]
            path.write_text("\n".join(lines) + "\n")


def _renamed(value: object) -> object:
    """Every text that is exactly a class, or a list of them, as another class."""
    match value:
        case str():
            return OTHER.get(value, value)
        case list():
            return [_renamed(entry) for entry in value]
        case dict():
            return {key: _renamed(entry) for key, entry in value.items()}
    return value
