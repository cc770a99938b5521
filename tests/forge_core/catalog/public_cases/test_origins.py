"""Domains, patients and second copies among folders; notes in tables."""

from pathlib import Path

from forge_core.catalog.formats import recognition
from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from tests.forge_core.catalog.public_cases.test_tables import kinds, labels, photos


def lay_out(root: Path, *paths: str) -> Path:
    """Files of one size, whose bytes are their own names without the folder."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.rpartition("/")[2].ljust(40).encode())
    return root


def test_domains_above_classes__are_the_source(tmp_path: Path):
    names = [f"{d}/{c}/{d}{c}.jpg" for d in ("art", "photo", "sketch") for c in ("cat", "dog")]
    scanned = recognition.read_folder(photos(tmp_path, *names))
    assert labels(scanned) == ["cat", "dog"] * 3
    assert [e.source_dataset for e in scanned.entries] == [
        *("art", "art", "photo", "photo", "sketch", "sketch"),
    ]
    assert any("kept as the source" in note for note in scanned.notes)


def test_kinds_above_classes__are_no_source(tmp_path: Path):
    names = ("animal/cat/1.jpg", "animal/dog/2.jpg", "vehicle/bus/3.jpg", "vehicle/car/4.jpg")
    scanned = recognition.read_folder(photos(tmp_path, *names))
    assert {entry.source_dataset for entry in scanned.entries} == {None}


def test_patients_inside_classes__are_groups(tmp_path: Path):
    names = [f"{c}/patient_{n}/{c}{n}.jpg" for c in ("ill", "well") for n in (1, 2, 3)]
    scanned = recognition.read_folder(photos(tmp_path, *names))
    assert labels(scanned) == ["ill"] * 3 + ["well"] * 3
    assert [e.group_key for e in scanned.entries] == ["patient_1", "patient_2", "patient_3"] * 2


def test_a_folder_with_copies_of_all_others__is_no_class(tmp_path: Path):
    names = ("cat/a.jpg", "cat/b.jpg", "dog/c.jpg", "all/a.jpg", "all/b.jpg", "all/c.jpg")
    scanned = recognition.read_folder(lay_out(tmp_path, *names))
    assert labels(scanned) == [None, None, None, "cat", "cat", "dog"]
    assert kinds(scanned) == [("unlabelled_name", "unlabelled_names")]
    chosen = recognition.read_folder(tmp_path, ReadOptions(unlabelled_names="class"))
    assert labels(chosen) == ["all", "all", "all", "cat", "cat", "dog"]


def test_a_large_class_beside_small_ones__stays_one(tmp_path: Path):
    names = ("cat/a.jpg", "cow/b.jpg", "dog/c.jpg", "dog/d.jpg", "dog/e.jpg")
    assert "dog" in labels(recognition.read_folder(lay_out(tmp_path, *names)))


def test_remarks__are_review_notes(tmp_path: Path):
    photos(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    text = "Datei;Klasse;Bemerkung\na.jpg;cat;unscharf\nb.jpg;dog;\nc.jpg;cat;\n"
    (tmp_path / "liste.csv").write_text(text)
    scanned = recognition.read_folder(tmp_path)
    assert labels(scanned) == ["cat", "dog", "cat"]
    assert [entry.review_note for entry in scanned.entries] == ["unscharf", None, None]
