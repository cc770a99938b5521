"""Lists and texts beside images as public sets have them: classes of several words, or none."""

from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.documents import text_rows
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from tests.forge_core.catalog.public_cases.test_tables import labels, photos

IDS = ("0034309", "0034958", "0037511", "0042000")
VARIANTS = ("707-320", "Falcon 900", "707-320", "Falcon 900")
MAKERS = ("Boeing", "Dassault Aviation", "Boeing", "Dassault Aviation")


def aircraft(root: Path, **answers: tuple[str, ...]) -> Path:
    """FGVC-Aircraft: `0034309 Boeing 707-320` in a list for each question and split."""
    photos(root / "images", *(f"{name}.jpg" for name in IDS))
    for question, classes in answers.items():
        lines = [f"{name} {label}\n" for name, label in zip(IDS, classes, strict=True)]
        (root / f"images_{question}_train.txt").write_text("".join(lines[:2]))
        (root / f"images_{question}_test.txt").write_text("".join(lines[2:]))
    (root / "images_box.txt").write_text("".join(f"{name} 3 144 998 431\n" for name in IDS))
    return root


def test_fgvc_aircraft__an_id_without_ending_and_a_class_with_spaces(tmp_path: Path):
    scanned = recognition.read_folder(aircraft(tmp_path, variant=VARIANTS))
    assert labels(scanned) == list(VARIANTS)
    assert [entry.split for entry in scanned.entries] == ["train", "train", "test", "test"]
    assert not scanned.cautions


@pytest.mark.parametrize("folder", ["", "data"])
def test_lists_that_answer_several_questions__are_asked_about_once(folder: str, tmp_path: Path):
    aircraft(tmp_path / folder, variant=VARIANTS, manufacturer=MAKERS)
    for name in ("README", "vgg.txt") if folder else ():
        (tmp_path / name).write_text("about")
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == [None] * 4
    assert [(c.kind, set(c.choices)) for c in scanned.cautions] == [
        ("several_questions", {"variant", "manufacturer"})
    ]
    chosen = recognition.read_folder(tmp_path, ReadOptions(question="manufacturer"))
    assert (labels(chosen), chosen.cautions) == (list(MAKERS), ())


def test_lists_that_say_the_same__are_no_questions(tmp_path: Path):
    photos(tmp_path, "0.jpg", "1.jpg", "2.jpg")
    (tmp_path / "train.txt").write_text("0.jpg cat\n1.jpg dog\n")
    (tmp_path / "train_few.txt").write_text("0.jpg cat\n")
    (tmp_path / "test.txt").write_text("2.jpg dog\n")
    scanned = recognition.read_folder(tmp_path)
    assert (labels(scanned), scanned.cautions) == (["cat", "dog", "dog"], ())


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("images/{} {}", ("images/a.jpg", "images/b.jpg")),  # SUN: path and words
        ("{}: {}", ("images/a.jpg", "images/b.jpg")),
        ("{} {}", ("my photos/a 1.jpg", "my photos/b 2.jpg")),  # spaces on both sides
    ],
)
def test_what_follows_the_image__is_one_class(line: str, names: tuple[str, str], tmp_path: Path):
    photos(tmp_path / names[0].partition("/")[0], *(n.partition("/")[2] for n in names))
    written = [name.removeprefix("images/") for name in names]
    classes = ("living room", "bus stop at night")
    text = "".join(line.format(*pair) + "\n" for pair in zip(written, classes, strict=True))
    (tmp_path / "labels.txt").write_text(text)
    assert labels(recognition.read_folder(tmp_path)) == list(classes)


@pytest.mark.parametrize(
    ("rows", "is_one"),
    [
        (["a living room", "b bus"], True),
        (["a train station", "b train track", "c train station", "d train track"], True),
        (["a red rose", "b red tulip", "c blue rose", "d blue tulip"] * 2, False),  # two answers
        (["a 1 2 3", "b 1 1 2"], False),  # Oxford Pets
        (["a 3 144 998", "b 5 144 9 9"], False),  # boxes
    ],
)
def test_first_space__holds_where_the_words_behind_go_together(rows: list[str], is_one: bool):
    assert text_rows.is_first_space([row.split() for row in rows]) is is_one


@pytest.mark.parametrize("layout", ["list", "sidecars"])
def test_none_and_unlabeled__are_no_class_in_lists_and_texts_either(layout: str, tmp_path: Path):
    said = ("cat", "None", "dog", "unlabeled", "cat", "dog")
    names = [f"{place}.jpg" for place in range(len(said))]
    photos(tmp_path, *names)
    if layout == "list":
        pairs = zip(names, said, strict=True)
        (tmp_path / "all.txt").write_text("".join(f"{n} {label}\n" for n, label in pairs))
    else:
        for place, label in enumerate(said):
            (tmp_path / f"{place}.txt").write_text(label)
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["cat", None, "dog", None, "cat", "dog"]
    assert [caution.kind for caution in scanned.cautions] == ["unlabelled_name"]
    kept = recognition.read_folder(tmp_path, ReadOptions(unlabelled_names="class"))
    assert labels(kept) == list(said)
