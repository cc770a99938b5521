"""Lists called as classes, file names of numbered parts, and classes in folders of a letter."""

from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.layout import file_names
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from tests.arrange import draw_image

STEMS = ["0001", "0002", "0003", "0004"]


def lay_out(folder: Path, names: list[str], lists: dict[str, str]) -> Path:
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        draw_image("circle", seed).save(folder / name)
    for name, text in lists.items():
        (folder / name).write_text(text)
    return folder


def labels(scanned: ScannedFolder) -> dict[str, str | None]:
    return {Path(entry.path).stem: entry.label_name for entry in scanned.entries}


def kinds(scanned: ScannedFolder) -> set[str]:
    return {caution.kind for caution in scanned.cautions}


@pytest.mark.parametrize("ending", [".jpg", ""])
def test_lists_called_as_classes__label_the_images_they_name_and_it_is_told(
    tmp_path: Path, ending: str
) -> None:
    folder = lay_out(
        tmp_path,
        [f"images/{stem}.jpg" for stem in [*STEMS, "0005"]],
        {
            "cat_train.txt": f"0001{ending}\n",
            "cat_val.txt": f"0002{ending}\n",
            "dog_train.txt": f"0003{ending}\n0004{ending}\n",
        },
    )
    scanned = recognition.read_folder(folder)
    expected = dict(zip(STEMS, ["cat", "cat", "dog", "dog"], strict=True))
    assert labels(scanned) == expected | {"0005": None}
    assert [entry.split for entry in scanned.entries] == ["train", "val", "train", "train", None]
    assert "class_lists" in kinds(scanned)
    flat = recognition.read_folder(folder, ReadOptions(format_name="flat"))
    assert set(labels(flat).values()) == {None}


def test_lists_called_as_classes__an_image_in_two_has_two_labels(tmp_path: Path) -> None:
    lists = {"cat.txt": "0001.jpg\n0002.jpg\n", "dog.txt": "0002.jpg\n0003.jpg\n0004.jpg\n"}
    scanned = recognition.read_folder(lay_out(tmp_path, [f"{s}.jpg" for s in STEMS], lists))
    assert labels(scanned) == {"0001": "cat", "0002": None, "0003": "dog", "0004": "dog"}
    assert "several_in_cell" in kinds(scanned)


def test_lists_called_as_folds__are_no_classes(tmp_path: Path) -> None:
    lists = {"fold1.txt": "0001.jpg\n0002.jpg\n", "fold2.txt": "0003.jpg\n0004.jpg\n"}
    scanned = recognition.read_folder(lay_out(tmp_path, [f"{s}.jpg" for s in STEMS], lists))
    assert set(labels(scanned).values()) == {None}


@pytest.mark.parametrize(
    ("names", "chosen", "right"),
    [
        (  # Market-1501: person, camera and sequence, frame, box
            [f"{p:04}_c{c}s1_{f:06}_01.jpg" for p in (2, 7) for c in (1, 3) for f in (451, 1200)],
            "{class}_*",
            ["0002"] * 4 + ["0007"] * 4,
        ),
        (  # UTKFace: age, gender, race, moment
            [f"{a}_{g}_2_2017011{g}{a}5.jpg.chip.jpg" for a in (26, 31, 40) for g in (0, 1)],
            "#_{class}_*",
            ["0", "1"] * 3,
        ),
    ],
    ids=["market", "utkface"],
)
def test_names_of_numbered_parts__come_in_unlabelled_and_the_part_is_asked(
    tmp_path: Path, names: list[str], chosen: str, right: list[str]
) -> None:
    folder = lay_out(tmp_path, names, {})
    scanned = recognition.read_folder(folder)
    assert {entry.label_name for entry in scanned.entries} == {None}
    (asked,) = [caution for caution in scanned.cautions if caution.kind == "file_names"]
    assert chosen in asked.choices
    read = recognition.read_folder(folder, ReadOptions(class_from=chosen))
    by_path = {entry.path: entry.label_name for entry in read.entries}
    assert [by_path[name] for name in names] == right


@pytest.mark.parametrize(
    "names",
    [
        [f"IMG_2024010{n}_12000{n}.jpg" for n in range(8)],
        [f"tile_{x}_{y}.png" for x in range(4) for y in range(4)],
        [f"2024-01-0{n % 3 + 1}-12000{n}.jpg" for n in range(3)],
    ],
    ids=["camera", "tiles", "few"],
)
def test_names_of_cameras_and_counters__ask_nothing(names: list[str]) -> None:
    assert file_names.find_parts(names) == []


def test_places__names_lose_the_letter_of_their_folder(tmp_path: Path) -> None:
    folder = lay_out(
        tmp_path,
        [f"val/Places365_val_{stem}.jpg" for stem in STEMS],
        {
            "places365_val.txt": "".join(
                f"Places365_val_{stem}.jpg {place // 2}\n" for place, stem in enumerate(STEMS)
            ),
            "categories_places365.txt": "/a/airfield 0\n/f/field/wild 1\n",
        },
    )
    found = recognition.read_folder(folder)
    assert [entry.label_name for entry in found.entries] == ["airfield"] * 2 + ["field/wild"] * 2
