"""Labels, groups and sources of foreign files that no database keeps: told, or kept readable."""

import json
import os

import pytest

from forge_core import storable_values
from forge_core.catalog.importing import import_plan, run_import
from tests import arrange

BAD = {"surrogate": "cat\ud800", "NUL": "cat\0"}


def write_csv(folder, cells):
    (folder / "labels.csv").write_bytes(
        b"file_path,label_name,split_type,group_key,source_dataset\n"
        + b"".join(
            ",".join([name, *values]).encode("utf-8", "surrogatepass") + b"\n"
            for name, values in cells.items()
        )
    )


def write_jsonl(folder, cells):
    fields = ("label", "split", "group_key", "source_dataset")
    (folder / "metadata.jsonl").write_text(
        "".join(
            json.dumps({"file_name": name, **dict(zip(fields, values, strict=True))}) + "\n"
            for name, values in cells.items()
        )
    )


def write_coco(folder, cells):
    names = list(dict.fromkeys(values[0] for values in cells.values()))
    (folder / "labels_train.json").write_text(
        json.dumps(
            {
                "images": [
                    {"id": i, "file_name": name, "group_key": group, "source_dataset": source}
                    for i, (name, (_, _, group, source)) in enumerate(cells.items())
                ],
                "annotations": [
                    {"image_id": i, "category_id": names.index(values[0])}
                    for i, values in enumerate(cells.values())
                ],
                "categories": [{"id": i, "name": name} for i, name in enumerate(names)],
            }
        )
    )


@pytest.fixture
def folder(tmp_path):
    found = tmp_path / "drawn"
    found.mkdir()
    for number in range(5):
        arrange.draw_image("cat", number).save(found / f"{number}.png")
    return found


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("write", [write_csv, write_jsonl, write_coco])
def test_import__of_texts_that_cannot_be_kept_takes_in_the_others(workspace, folder, write, bad):
    good = ["cat", "train", "one", "camera"]
    cells = {f"{number}.png": list(good) for number in range(5)}
    for number in range(4):
        cells[f"{number}.png"][number] = bad
    write(folder, cells)
    plan = import_plan.prepare(workspace, folder)
    if write is write_csv and bad == BAD["surrogate"]:  # bytes that are no UTF-8: another encoding
        assert [caution.kind for caution in plan.cautions] == ["encoding"]
        return
    report = run_import.run_import(workspace, plan, actor=arrange.ACTOR)
    kept = {asset.file_path.rsplit("/", 1)[-1]: asset for asset in arrange.list_all(workspace)}
    assert "4.png" in kept
    for asset in kept.values():
        for text in (asset.label_name, asset.group_key, asset.source_dataset, asset.file_path):
            storable_values.check(text, "It")
    assert kept["4.png"].label_name == "cat"
    assert "0.png" not in kept or kept["0.png"].label_name is None
    for problem in report.skipped:
        storable_values.check([problem.path, problem.message], "It")


def test_import__a_file_name_that_is_no_text_is_told_with_escapes(workspace, folder):
    bad = folder / os.fsdecode(b"caf\xe9.png")
    arrange.draw_image("cat", 9).save(folder / "good.png")
    try:
        (folder / "good.png").rename(bad)
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    plan = import_plan.prepare(workspace, folder)
    report = run_import.run_import(workspace, plan, actor=arrange.ACTOR)
    assert report.added == 5
    (problem,) = report.skipped
    assert problem.reason == "bad_name"
    assert "caf\\udce9.png" in problem.message
