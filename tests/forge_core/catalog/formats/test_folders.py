import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ScannedFolder
from forge_core.catalog.importing import entry_names, import_problems
from forge_core.errors import InvalidInput, NotFound
from tests.chance import examples

Found = dict[str, tuple[str | None, str | None]]


def make_files(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"pixels")
    root.mkdir(exist_ok=True)
    return root


def make_table(root: Path, *lines: str, name: str = "labels.csv") -> None:
    (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def found(scanned: ScannedFolder) -> Found:
    """Path to (label, split)."""
    assert [entry.path for entry in scanned.entries] == sorted(e.path for e in scanned.entries)
    assert all(scanned.locate(entry).is_file() for entry in scanned.entries)
    return {entry.path: (entry.label_name, entry.split) for entry in scanned.entries}


def problems(scanned: ScannedFolder) -> list[tuple[str, str]]:
    assert all(problem.reason in import_problems.REASONS for problem in scanned.problems)
    assert all(problem.message.isprintable() for problem in scanned.problems)
    return [(problem.path, problem.reason) for problem in scanned.problems]


def test_read_folder__folder_per_class(tmp_path: Path) -> None:
    make_files(tmp_path, "cat/1.png", "cat/2.JPG", "dog/3.jpeg", "dog/deeper/4.webp")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "folder_per_class"
    assert found(scanned) == {
        "cat/1.png": ("cat", None),
        "cat/2.JPG": ("cat", None),
        "dog/3.jpeg": ("dog", None),
        "dog/deeper/4.webp": ("dog", None),
    }
    assert scanned.title == "A folder per class. Folders inside “dog” belong to that class."
    assert scanned.problems == []
    assert scanned.entries[0].size_bytes == 6


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("val", "val"),
        ("valid", "val"),
        ("VALIDATION", "val"),
        ("test", "test"),
        ("testing", "test"),
        ("held_out", "held_out"),
        ("held-out", "held_out"),
        ("Held Out", "held_out"),
        ("holdout", "held_out"),
        ("hold-out", "held_out"),
    ],
)
def test_read_folder__split_folders(folder: str, split: str, tmp_path: Path) -> None:
    make_files(tmp_path, f"{folder}/cat/1.png", f"{folder}/dog/2.png")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "split_class"
    assert found(scanned) == {
        f"{folder}/cat/1.png": ("cat", split),
        f"{folder}/dog/2.png": ("dog", split),
    }
    assert scanned.title == "Split folders with a folder per class inside."


def test_read_folder__split_folders_without_classes(tmp_path: Path) -> None:
    make_files(tmp_path, "train/1.png", "test/2.png")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "split_class"
    assert found(scanned) == {"train/1.png": (None, "train"), "test/2.png": (None, "test")}
    assert "no labels" in scanned.title


def test_read_folder__an_unlabelled_test_split_beside_labelled_ones(tmp_path: Path) -> None:
    make_files(tmp_path, "train/cat/1.png", "train/dog/2.png", "test/3.png")
    scanned = recognition.read_folder(tmp_path)
    assert found(scanned)["test/3.png"] == (None, "test")
    assert "No folder labels 1 image directly in “test”." in scanned.title


def test_read_folder__a_class_called_test_stays_a_class(tmp_path: Path) -> None:
    make_files(tmp_path, "cat/1.png", "dog/2.png", "test/3.png")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "folder_per_class"
    assert found(scanned)["test/3.png"] == ("test", None)
    assert "“test” is taken for a class" in scanned.title


def test_read_folder__classes_valid_and_invalid(tmp_path: Path) -> None:
    make_files(tmp_path, "valid/1.png", "invalid/2.png")
    assert found(recognition.read_folder(tmp_path)) == {
        "valid/1.png": ("valid", None),
        "invalid/2.png": ("invalid", None),
    }


def test_read_folder__folders_beside_splits_keep_a_known_class(tmp_path: Path) -> None:
    make_files(tmp_path, "test/cat/1.png", "test/dog/2.png", "cat/3.png", "extras/4.png")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "split_class"
    assert found(scanned) == {
        "test/cat/1.png": ("cat", "test"),
        "test/dog/2.png": ("dog", "test"),
        "cat/3.png": ("cat", None),
        "extras/4.png": (None, None),
    }
    assert "“extras” stands beside the split folders: its images get no split and no label" in (
        scanned.title
    )


def test_read_folder__split_folders_inside_class_folders(tmp_path: Path) -> None:
    make_files(tmp_path, "cat/train/1.png", "cat/test/2.png", "dog/train/3.png")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.layout == "split_class"
    assert found(scanned) == {
        "cat/train/1.png": ("cat", "train"),
        "cat/test/2.png": ("cat", "test"),
        "dog/train/3.png": ("dog", "train"),
    }


def test_read_folder__flat(tmp_path: Path) -> None:
    scanned = recognition.read_folder(make_files(tmp_path, "1.png", "2.png"))
    assert scanned.layout == "flat"
    assert found(scanned) == {"1.png": (None, None), "2.png": (None, None)}
    assert scanned.title == "Images without labels."


def test_read_folder__loose_images_beside_classes_stay_unlabelled(tmp_path: Path) -> None:
    scanned = recognition.read_folder(make_files(tmp_path, "cat/1.png", "2.png", "3.png"))
    assert scanned.layout == "folder_per_class"
    assert found(scanned)["2.png"] == (None, None)
    assert "No folder labels 2 images outside any folder." in scanned.title


@pytest.mark.parametrize("inner", ["cat/1.png", "train/cat/1.png"])
def test_read_folder__looks_through_folders_that_only_wrap(inner: str, tmp_path: Path) -> None:
    make_files(tmp_path, f"pets/v2/{inner}", f"pets/v2/{inner.replace('cat', 'dog')}")
    make_files(tmp_path, "pets/README.txt")
    scanned = recognition.read_folder(tmp_path)
    assert scanned.root == tmp_path / "pets" / "v2"
    assert {entry.label_name for entry in scanned.entries} == {"cat", "dog"}
    assert problems(scanned) == [("README.txt", "not_an_image")]
    assert "“v2” is taken for the folder of the whole collection" in scanned.title


def test_read_folder__one_folder_of_images_is_a_collection_and_says_so(tmp_path: Path) -> None:
    scanned = recognition.read_folder(make_files(tmp_path, "cats/1.png", "cats/2.png"))
    assert scanned.layout == "flat"
    assert found(scanned) == {"1.png": (None, None), "2.png": (None, None)}
    assert "“cats” is taken for the folder of the whole collection, not for a class" in (
        scanned.title
    )


def test_read_folder__nothing_there(tmp_path: Path) -> None:
    scanned = recognition.read_folder(tmp_path)
    assert (scanned.title, scanned.entries, scanned.problems) == ("No images were found.", [], [])
    with pytest.raises(NotFound):
        recognition.read_folder(tmp_path / "missing")
    with pytest.raises(NotFound):
        recognition.read_folder(make_files(tmp_path, "1.png") / "1.png")
    with pytest.raises(NotFound):
        recognition.read_folder(Path("a\0b"))


def test_read_folder__reports_what_is_left_out_and_ignores_what_systems_add(
    tmp_path: Path,
) -> None:
    make_files(
        tmp_path,
        "cat/1.png",
        "dog/2.png",
        "dog/notes.txt",
        "dog/phone.HEIC",
        "annotations.csv",
        ".hidden/3.png",
        "cat/.DS_Store",
        "cat/Thumbs.db",
        "__MACOSX/cat/._1.png",
    )
    (tmp_path / "cat" / "zero.png").touch()
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    scanned = recognition.read_folder(tmp_path)
    assert set(found(scanned)) == {"cat/1.png", "dog/2.png"}
    assert sorted(problems(scanned)) == [
        ("annotations.csv", "not_an_image"),
        ("cat/zero.png", "empty"),
        ("dog/notes.txt", "not_an_image"),
        ("dog/phone.HEIC", "format_not_supported"),
        ("empty", "empty_folder"),
        ("pipe.png", "special_file"),
    ]


def test_read_folder__links_that_lead_out_are_refused(tmp_path: Path) -> None:
    make_files(tmp_path / "elsewhere", "secret.png")
    root = make_files(tmp_path / "set", "cat/1.png", "dog/2.png")
    (root / "cat" / "inside.png").symlink_to(root / "dog" / "2.png")
    (root / "cat" / "outside.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    (root / "cat" / "up").symlink_to(root)
    (root / "cat" / "away").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "broken.png").symlink_to(root / "none.png")
    (root / "cat" / "circle.png").symlink_to(root / "cat" / "circle.png")
    scanned = recognition.read_folder(root)
    assert set(found(scanned)) == {"cat/1.png", "cat/inside.png", "dog/2.png"}
    assert problems(scanned) == [
        (f"cat/{name}", "link")
        for name in ("away", "broken.png", "circle.png", "outside.png", "up")
    ]


def test_read_folder__a_link_to_the_folder_itself_is_followed(tmp_path: Path) -> None:
    root = make_files(tmp_path / "set", "cat/1.png", "dog/2.png")
    (tmp_path / "link").symlink_to(root)
    assert len(recognition.read_folder(tmp_path / "link").entries) == 2


def test_read_folder__class_names_are_normalised_and_bad_ones_refused(tmp_path: Path) -> None:
    make_files(tmp_path, "Cafe\u0301/1.png", "Caf\u00e9/2.png", " cat /3.png", "x" * 129 + "/4.png")
    scanned = recognition.read_folder(tmp_path)
    assert Counter(entry.label_name for entry in scanned.entries) == {"Caf\u00e9": 2, "cat": 1}
    assert problems(scanned) == [("x" * 129, "bad_class_name")]


def test_read_folder__names_that_are_no_text_or_hold_controls_are_reported(
    tmp_path: Path,
) -> None:
    make_files(tmp_path, "cat/1.png", "dog/2.png", "dog/a\nb.png", "back\\slash/3.png")
    (tmp_path / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    scanned = recognition.read_folder(tmp_path)
    assert set(found(scanned)) == {"cat/1.png", "dog/2.png"}
    assert [reason for _, reason in problems(scanned)] == ["bad_name"] * 3


def test_read_folder__similar_names_are_pointed_out(tmp_path: Path) -> None:
    scanned = recognition.read_folder(make_files(tmp_path, "Cat/1.png", "cat/2.png"))
    if len({entry.label_name for entry in scanned.entries}) == 1:
        pytest.skip("this disk does not tell capital letters apart")
    assert "“Cat” and “cat” differ only in capital letters" in scanned.title


def test_read_folder__stops_at_too_many_files(tmp_path: Path) -> None:
    make_files(tmp_path, *(f"cat/{i}.png" for i in range(10)))
    assert len(recognition.read_folder(tmp_path, max_files=11).entries) == 10
    with pytest.raises(InvalidInput):
        recognition.read_folder(tmp_path, max_files=10)


def test_read_folder__real_data_sets(shared_data: Callable[[str], Path]) -> None:
    imagenette = recognition.read_folder(shared_data("imagenette224_dev"))
    assert imagenette.layout == "split_class"
    assert len(imagenette.entries) == 2500
    assert len({entry.label_name for entry in imagenette.entries}) == 10
    assert {entry.split for entry in imagenette.entries} == {"train", "val"}


part = st.text(st.sampled_from("abT .é-_2"), min_size=1, max_size=5) | st.sampled_from(
    ["train", "test", "val", "cat", "dog"]
)
part = part.filter(lambda name: name not in (".", ".."))


@settings(max_examples=examples(30), deadline=None)
@given(paths=st.lists(st.lists(part, min_size=1, max_size=3), max_size=8))
def test_read_folder__every_image_is_an_entry_or_accounted_for(
    paths: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("set")
    expected = set()
    for folders in paths:
        path = "/".join([*folders[:-1], f"{folders[-1]}.png"])
        try:
            make_files(root, path)
        except OSError:
            continue  # a folder is already where the file would go
        if not any(entry_names.is_ignored(p) for p in (root / path).relative_to(root).parts):
            expected.add((root / path).resolve())
    scanned = recognition.read_folder(root)
    listed = {scanned.locate(entry).resolve() for entry in scanned.entries}
    refused = {p.path for p in scanned.problems if p.reason == "bad_class_name"}
    missing = {p for p in expected - listed if not {q.strip() for q in p.parts} & {"", *refused}}
    assert listed <= expected
    assert not missing
    for entry in scanned.entries:
        assert entry.split in (None, "train", "val", "test")
        if entry.label_name is not None:
            assert entry.label_name == entry_names.normalise_class_name(entry.label_name)
