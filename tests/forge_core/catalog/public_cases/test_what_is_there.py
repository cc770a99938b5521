"""Labels that come to images that are there, from a second import or from a copy."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from forge_core.workspace import Workspace
from tests.arrange import import_folder, list_all

CaseFolder = Callable[[str], Path]


def test_photos_labelled_elsewhere__get_their_labels(
    sqlite_workspace: Workspace, case_folder: CaseFolder
) -> None:
    folder = case_folder("relabel")
    import_folder(sqlite_workspace, folder / "photos")
    assert {asset.label_name for asset in list_all(sqlite_workspace)} == {None}
    report = import_folder(sqlite_workspace, folder)
    assert (report.added, report.updated) == (0, 6)
    table = (folder / "photos_labels.csv").read_text().split()[1:]
    right = {Path(name).name: label for name, label in (row.split(",") for row in table)}
    found = {Path(a.file_path).name: a.label_name for a in list_all(sqlite_workspace)}
    assert found == right


def test_loose_copies_before_class_folders__take_no_label_away(
    sqlite_workspace: Workspace, case_folder: CaseFolder
) -> None:
    report = import_folder(sqlite_workspace, case_folder("k3_loose_copies"))
    assert report.added == 4
    labels = Counter(asset.label_name for asset in list_all(sqlite_workspace))
    assert labels == {"cat": 2, "dog": 2}


def test_a_second_copy_of_everything__comes_in_once_with_labels_and_splits(
    sqlite_workspace: Workspace, case_folder: CaseFolder
) -> None:
    report = import_folder(sqlite_workspace, case_folder("chest_xray_dup"))
    assert report.added == 8
    assets = list_all(sqlite_workspace)
    assert Counter(asset.label_name for asset in assets) == {"NORMAL": 4, "PNEUMONIA": 4}
    assert Counter(asset.split_type for asset in assets) == {"train": 4, "val": 2, "test": 2}
