"""Public data sets as they are unpacked: container folders become no classes."""

from collections import Counter

from benchmarks.public_cases import Found
from tests.forge_core.catalog.public_cases.conftest import Look


def by_split(found: Found) -> Counter[tuple[str | None, str | None]]:
    return Counter((found.splits[path], label) for path, label in found.labels.items())


def test_intel_scenes(look: Look):
    assert by_split(look("intel_scenes")) == {
        ("train", "buildings"): 3,
        ("train", "forest"): 3,
        ("test", "buildings"): 2,
        ("test", "forest"): 2,
        (None, None): 2,
    }


def test_monkeys(look: Look):
    found = by_split(look("monkey10"))
    assert found == {("train", "n0"): 3, ("train", "n1"): 3, ("val", "n0"): 2, ("val", "n1"): 2}


def test_tiny_imagenet__folders_and_the_list_of_val_together(look: Look):
    found = look("tiny_imagenet")
    assert by_split(found) == {
        ("train", "n01443537"): 2,
        ("train", "n02124075"): 2,
        ("val", "n01443537"): 2,
        ("val", "n02124075"): 2,
        ("test", None): 3,
    }
    assert not any("val has" in caution for caution in found.cautions)


def test_a_hierarchy_in_splits__gives_the_inner_classes_and_asks(look: Look):
    found = look("hierarchy_split")
    assert Counter(found.labels.values()) == dict.fromkeys(("cat", "dog", "bus", "car"), 4)
    assert "animal" in found.cautions[0]


def test_domains__are_no_classes(look: Look):
    found = look("pacs")
    assert Counter(found.labels.values()) == {"cat": 2, "dog": 2}
    assert "photo" in found.cautions[0]


def test_no_label_of_cvat__is_unlabelled(look: Look):
    found = look("cvat_imagenet_export")
    assert found.labels["no_label/x.jpg"] is None
    assert Counter(found.labels.values()) == {"cat": 1, "dog": 1, None: 1}
    assert "no_label" in found.cautions[0]


def test_cats_and_dogs__are_read_from_file_names_loudly(look: Look):
    found = look("cats_dogs_names")
    assert by_split(found) == {("train", "cat"): 2, ("train", "dog"): 2}
    assert "cat.0.jpg → cat" in found.cautions[0]


def test_chest_x_rays_twice__have_label_and_split_wherever_they_lie(look: Look):
    found = look("chest_xray_dup")
    assert len(found.labels) == 16
    assert all(found.labels.values())
    assert all(found.splits.values())


def test_class_names__that_look_alike_are_told(look: Look):
    found = look("class_name_variants")
    assert Counter(found.labels.values())["cat"] == 2
    assert "“Cat” and “cat” differ" in found.notes


def test_links_written_as_text__are_told_with_what_to_do(look: Look):
    found = look("hf_cache_links")
    assert "cp -L" in found.cautions[0]
    assert None in found.labels.values() or not found.labels


def test_images_without_an_ending(look: Look):
    assert Counter(look("no_extension").labels.values()) == {"cat": 2, "dog": 2}


def test_zips_inside_a_zip__are_unpacked(look: Look):
    found = look("nested_zip")
    assert Counter(found.labels.values()) == {"cat": 2, "dog": 1, None: 2}
    assert "2 images of test, of which train.csv lists none, come in unlabelled" in found.notes
    assert "“train.zip” lies inside" in found.notes


def test_archives_that_are_not_read__each_with_a_word(look: Look):
    error = look("pwd_7z").error or ""
    for words in ("protected by a password", "7-Zip", "RAR", "packed with xz"):
        assert words in error


def test_names_in_gbk(look: Look):
    found = look("gbk_zip")
    assert Counter(found.labels.values()) == {"猫": 2, "狗": 2}
    assert "gbk" in found.cautions[0]


def test_class_names_of_a_table__are_kept_as_written(look: Look):
    found = look("k5_export_case")
    assert set(found.labels.values()) >= {"Cat", "cat", "CON", "dot.", "a/b"}
