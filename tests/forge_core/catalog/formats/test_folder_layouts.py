"""Folders as people lay them out: containers, splits however written, classes further inside."""

from pathlib import Path

import pytest

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions, ScannedFolder
from forge_core.errors import InvalidInput
from tests.forge_core.catalog.formats.test_folders import found, make_files


def read(root: Path, *paths: str, **options: str) -> ScannedFolder:
    return recognition.read_folder(make_files(root, *paths), ReadOptions(**options))


def labels(scanned: ScannedFolder) -> dict[str, str | None]:
    return {path: label for path, (label, _) in found(scanned).items()}


def kinds(scanned: ScannedFolder) -> list[str]:
    return [caution.kind for caution in scanned.cautions]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train", "seg_test"),
        ("Training Data", "Test Data"),
        ("train_images", "test_images"),
        ("train_set", "test_set"),
        ("trainset", "testset"),
        ("TrainImages", "TestImages"),
        ("train2017", "test2017"),
        ("01_train", "02_test"),
        ("imagenet-train", "imagenet-test"),
        ("trn", "tst"),
        ("tr", "te"),
        ("entrenamiento", "prueba"),
        ("Entraînement", "Test"),
        ("训练集", "测试集"),
        ("training", "test_unseen"),
    ],
)
def test_splits__are_known_by_the_words_in_their_names(train: str, test: str, tmp_path: Path):
    paths = (f"{train}/cat/1.png", f"{train}/dog/2.png", f"{test}/cat/3.png", f"{test}/dog/4.png")
    assert found(read(tmp_path, *paths)) == {
        f"{train}/cat/1.png": ("cat", "train"),
        f"{train}/dog/2.png": ("dog", "train"),
        f"{test}/cat/3.png": ("cat", "test"),
        f"{test}/dog/4.png": ("dog", "test"),
    }


@pytest.mark.parametrize("name", ["valid2", "val_images", "Validation Set", "dev"])
def test_splits__of_validation(name: str, tmp_path: Path):
    scanned = read(tmp_path, "train/cat/1.png", "train/dog/2.png", f"{name}/cat/3.png")
    assert found(scanned)[f"{name}/cat/3.png"] == ("cat", "val")


@pytest.mark.parametrize(
    "names",
    [
        ("train station", "bus station"),
        ("train", "bus", "car"),
        ("crash test", "eye"),
        ("test tube", "flask"),
        ("valid", "invalid"),
        ("dev board", "dev kit"),
        ("te", "ka"),
    ],
)
def test_splits__classes_with_such_words_are_classes(names: tuple[str, ...], tmp_path: Path):
    scanned = read(tmp_path, *(f"{name}/{i}.png" for i, name in enumerate(names)))
    assert {label for label, _ in found(scanned).values()} == set(names)
    assert {split for _, split in found(scanned).values()} == {None}


def test_splits__a_class_called_train_with_folders_inside(tmp_path: Path):
    scanned = read(
        tmp_path, "train/steam/1.png", "train/diesel/2.png", "bus/city/3.png", "car/4.png"
    )
    assert set(labels(scanned).values()) == {"train", "bus", "car"}
    assert "split_or_class" in kinds(scanned)


def test_splits__two_of_them_flat_beside_another_folder_are_asked(tmp_path: Path):
    paths = ("train/1.png", "test/2.png", "cat/3.png")
    scanned = read(tmp_path, *paths)
    assert found(scanned)["train/1.png"] == (None, "train")
    (caution,) = [c for c in scanned.cautions if c.kind == "split_or_class"]
    assert (caution.option, caution.choices[1]) == ("format_name", "folder_per_class")
    told = read(tmp_path, *paths, format_name="folder_per_class")
    assert set(labels(told).values()) == {"train", "test", "cat"}


def test_splits__inside_out_below_a_domain(tmp_path: Path):
    scanned = read(
        tmp_path, "cat/train/images/1.png", "cat/test/images/2.png", "dog/train/images/3.png"
    )
    assert found(scanned)["cat/test/images/2.png"] == ("cat", "test")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("n1/images/1.png", "n2/images/2.png"), {"n1", "n2"}),
        (("train/train/a/1.png", "train/train/b/2.png", "val/val/a/3.png"), {"a", "b"}),
        (("images_001/images/1.png", "images_002/images/2.png"), {None}),
        (("Set_part_1/1.png", "Set_part_2/2.png"), {None}),
        (("Dataset/a/1.png", "Dataset/b/2.png", "Examples/3.png"), {"a", "b", None}),
        (("flowers/a/1.png", "flowers/b/2.png", "docs/img/3.png"), {"a", "b", None}),
        (("set/a/1.png", "set/b/2.png", "a/3.png", "b/4.png"), {"a", "b"}),
        (("amazon/images/mug/1.png", "amazon/images/pen/2.png", "dslr/images/mug/3.png",
          "dslr/images/pen/4.png"), {"mug", "pen"}),
        (("sub/__MACOSX/._1.png", "sub/a/1.png", "sub/b/2.png"), {"a", "b"}),
        (("images/1.png", "sketches/2.png"), {"images", "sketches"}),
        (("class1/1.png", "class2/2.png"), {"class1", "class2"}),
    ],
)  # fmt: skip
def test_containers__are_no_classes(
    paths: tuple[str, ...], expected: set[str | None], tmp_path: Path
):
    assert set(labels(read(tmp_path, *paths)).values()) == expected


def test_containers__a_second_copy_of_all_is_read_like_the_first(tmp_path: Path):
    once = [f"{split}/{name}/1.png" for split in ("train", "val") for name in ("ill", "well")]
    scanned = read(tmp_path, *once, *(f"copy/{path}" for path in once))
    assert all(
        found(scanned)[f"copy/{path}"] == found(scanned)[path] != (None, None) for path in once
    )
    assert "once more" in scanned.title


def test_beside_splits__pictures_to_predict_are_unlabelled(tmp_path: Path):
    paths = [f"seg_{s}/seg_{s}/{name}/1.png" for s in ("train", "test") for name in ("sea", "ice")]
    scanned = read(tmp_path, *paths, "seg_pred/seg_pred/9.png")
    assert found(scanned)["seg_pred/seg_pred/9.png"] == (None, None)
    assert "“seg_pred” stands beside the split folders" in scanned.title


def test_a_hierarchy__gives_the_innermost_and_says_so_with_the_choice(tmp_path: Path):
    paths = ("animal/cat/1.png", "animal/dog/2.png", "vehicle/car/3.png", "vehicle/bus/4.png")
    scanned = read(tmp_path, *paths)
    assert set(labels(scanned).values()) == {"cat", "dog", "car", "bus"}
    (caution,) = scanned.cautions
    assert (caution.kind, caution.option) == ("which_folder", "class_from")
    assert caution.choices == ("outermost", "innermost", "none")
    outer = read(tmp_path, *paths, class_from="outermost")
    assert set(labels(outer).values()) == {"animal", "vehicle"}
    assert set(labels(read(tmp_path, *paths, class_from="none")).values()) == {None}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (("photo/dog/1.png", "photo/cat/2.png", "sketch/dog/3.png", "sketch/cat/4.png"),
         {"dog", "cat"}),
        (("dog/indoor/1.png", "dog/outdoor/2.png", "cat/indoor/3.png"), {"dog", "cat"}),
        (("dog/session1/1.png", "dog/session2/2.png", "cat/session1/3.png"), {"dog", "cat"}),
        (("ill/p17/1.png", "ill/p20/2.png", "well/p31/3.png"), {"ill", "well"}),
        (("color/scab/1.png", "color/rot/2.png", "grayscale/scab/3.png", "grayscale/rot/4.png"),
         {"scab", "rot"}),
        (("train/cat/ann/1.png", "train/dog/ben/2.png", "test/cat/eve/3.png", "test/dog/dan/4.png"),
         {"cat", "dog"}),
        (("0/1/1.png", "0/2/2.png", "5/3/3.png"), {"1", "2", "3"}),
        (("cat/front/a.png", "cat/back/b.png", "dog/front/c.png"), {"cat", "dog"}),
    ],
)  # fmt: skip
def test_folders_in_folders__the_level_that_reads_like_classes(
    paths: tuple[str, ...], expected: set[str], tmp_path: Path
):
    scanned = read(tmp_path, *paths)
    assert set(labels(scanned).values()) == expected
    assert "which_folder" in kinds(scanned)


def test_three_levels__each_can_be_chosen(tmp_path: Path):
    paths = ("life/animal/cat/1.png", "life/plant/oak/2.png", "thing/tool/saw/3.png")
    scanned = read(tmp_path, *paths)
    assert scanned.cautions[0].choices == ("outermost", "level-2", "innermost", "none")
    second = read(tmp_path, *paths, class_from="level-2")
    assert set(labels(second).values()) == {"animal", "plant", "tool"}


def test_every_class_with_one_folder_of_the_same_name__is_asked(tmp_path: Path):
    scanned = read(tmp_path, "cat/zoom/1.png", "dog/zoom/2.png")
    assert set(labels(scanned).values()) == {"cat", "dog"}
    assert "Every class holds one folder, “zoom”" in scanned.cautions[0].message


def test_some_images_deeper_than_others__are_asked_where_it_matters(tmp_path: Path):
    scanned = read(tmp_path, "cat/1.png", "dog/poodle/2.png", "dog/beagle/3.png")
    assert set(labels(scanned).values()) == {"cat", "dog"}
    assert kinds(scanned) == ["which_folder"]


@pytest.mark.parametrize("name", ["no_label", "unlabeled", "Unlabelled", "UNKNOWN", "not labeled"])
def test_folders_called_unlabelled__are_no_class_unless_chosen(name: str, tmp_path: Path):
    paths = ("cat/1.png", "dog/2.png", f"{name}/3.png")
    scanned = read(tmp_path, *paths)
    assert labels(scanned)[f"{name}/3.png"] is None
    assert kinds(scanned) == ["unlabelled_name"]
    told = read(tmp_path, *paths, unlabelled_names="class")
    assert labels(told)[f"{name}/3.png"] == name


def test_background__is_a_class(tmp_path: Path):
    assert labels(read(tmp_path, "cat/1.png", "background/2.png"))["background/2.png"] == (
        "background"
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("cat.0", "cat.1", "dog.0", "dog.1"), {"cat", "dog"}),
        (("american_bulldog_100", "american_bulldog_2", "Abyssinian_1", "Abyssinian_32"),
         {"american_bulldog", "Abyssinian"}),
        (("0001-tulip", "0002-rose", "0003-tulip", "0004-rose"), {"tulip", "rose"}),
        (("sun (1)", "sun (2)", "rain (1)", "rain (2)"), {"sun", "rain"}),
        (("shine1", "shine2", "cloudy1", "cloudy2"), {"shine", "cloudy"}),
    ],
)  # fmt: skip
def test_file_names__that_speak_of_classes_give_them_loudly(
    names: tuple[str, ...], expected: set[str], tmp_path: Path
):
    paths = [f"train/{name}.png" for name in names]
    scanned = read(tmp_path, *paths)
    assert set(labels(scanned).values()) == expected
    (caution,) = [c for c in scanned.cautions if c.kind == "file_names"]
    pattern, nothing = caution.choices
    assert f"{min(names)}.png → " in caution.message
    assert set(labels(read(tmp_path, *paths, class_from=pattern)).values()) == expected
    assert set(labels(read(tmp_path, *paths, class_from=nothing)).values()) == {None}


@pytest.mark.parametrize(
    "names",
    [
        ("IMG_0001", "IMG_0002", "DSC_0003", "DSC_0004"),
        ("1", "2", "3", "4"),
        ("anna_1", "ben_2", "carl_3", "dora_4", "eve_5"),
        ("front_1", "back_1", "front_2", "back_2"),
        ("a1", "b1", "a2", "b2"),
        ("test_0", "test_1", "val_0", "val_1"),
        ("9f3a_1", "77c2_2", "b1d0_3", "9f3b_4"),
    ],
)
def test_file_names__of_cameras_and_counters_are_no_classes(names: tuple[str, ...], tmp_path: Path):
    scanned = read(tmp_path, *(f"{name}.png" for name in names))
    assert set(labels(scanned).values()) == {None}


def test_file_names__with_more_behind_the_word_are_only_proposed(tmp_path: Path):
    names = ("cat_left_a", "cat_right_b", "dog_left_c", "dog_right_d")
    scanned = read(tmp_path, *(f"{name}.png" for name in names))
    assert set(labels(scanned).values()) == {None}
    assert [c.choices[0] for c in scanned.cautions] == ["{class}_*"]
    told = read(tmp_path, *(f"{name}.png" for name in names), class_from="{class}_*")
    assert set(labels(told).values()) == {"cat", "dog"}


def test_class_from__what_cannot_be_is_said(tmp_path: Path):
    for wrong in ("middle", "{class}{class}", "level-0"):
        with pytest.raises(InvalidInput) as caught:
            read(tmp_path, "a/1.png", "b/2.png", class_from=wrong)
        assert "{class}" in caught.value.next_step


def test_one_folder__may_be_a_class_or_all(tmp_path: Path):
    scanned = read(tmp_path, "cats/1.png", "cats/2.png")
    assert kinds(scanned) == ["one_folder"]
    told = read(tmp_path, "cats/1.png", "cats/2.png", class_from="innermost")
    assert set(labels(told).values()) == {"cats"}
    assert kinds(told) == ["one_class"]
    assert kinds(read(tmp_path / "x", "images/1.png", "images/2.png")) == []


def test_signals__classes_that_do_not_fit_between_splits(tmp_path: Path):
    differ = read(
        tmp_path / "a", "train/0/1.png", "train/1/2.png", "test/zero/3.png", "test/one/4.png"
    )
    assert kinds(differ) == ["class_names_differ"]
    only = read(
        tmp_path / "b", "train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "val/cow/4.png"
    )
    assert kinds(only) == ["class_in_one_split"] * 2
    bare = read(tmp_path / "c", "train/cat/1.png", "train/dog/2.png", "val/3.png")
    assert kinds(bare) == ["unlabelled_split"]
    fine = read(
        tmp_path / "d", "train/cat/1.png", "train/dog/2.png", "val/dog/3.png", "val/cat/4.png"
    )
    assert kinds(fine) == []
