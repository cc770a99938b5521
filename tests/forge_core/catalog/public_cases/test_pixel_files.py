"""Pictures inside binary files and tables of pixels: MNIST, CIFAR, FER2013; pickles are told."""

import gzip
import pickle
import struct
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import public_cases
from forge_core.workspace import Workspace


def idx(folder: Path, name: str, number: int, *, side: int = 8) -> None:
    """Pictures and their labels 0, 1, 0, ... as the MNIST page describes them."""
    pixels = bytes((7 * n + 3 * k) % 256 for n in range(number) for k in range(side * side))
    images = struct.pack(">IIII", 0x803, number, side, side) + pixels
    labels = struct.pack(">II", 0x801, number) + bytes(n % 2 for n in range(number))
    (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
    (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))


def test_mnist__idx_files_are_images_with_labels(tmp_path: Path, sqlite_workspace: Workspace):
    idx(tmp_path, "train", 4)
    idx(tmp_path, "t10k", 2, side=9)
    found = public_cases.look(sqlite_workspace, tmp_path)
    assert Counter(found.labels.values()) == {"0": 3, "1": 3}
    assert Counter(found.splits.values()) == {"train": 4, "test": 2}


def test_mnist__fewer_labels_than_pictures_are_a_problem(
    tmp_path: Path, sqlite_workspace: Workspace
):
    idx(tmp_path, "train", 4)
    labels = struct.pack(">II", 0x801, 2) + b"\x00\x01"
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    found = public_cases.look(sqlite_workspace, tmp_path)
    assert "4 pictures, its labels are 2" in (found.error or "") + " ".join(found.problems)


@pytest.mark.parametrize(
    ("before", "names"), [(b"", "batches.meta.txt"), (b"\x09", "fine_label_names.txt")]
)
def test_cifar__binary_batches_are_images_with_names(
    before: bytes, names: str, tmp_path: Path, sqlite_workspace: Workspace
):
    for name, number in (("train", 3), ("test", 1)):
        records = [
            before + bytes([n % 2]) + bytes((n + k + len(name)) % 256 for k in range(3072))
            for n in range(number)
        ]
        (tmp_path / f"{name}.bin").write_bytes(b"".join(records))
    (tmp_path / names).write_text("apple\nbear\n")
    found = public_cases.look(sqlite_workspace, tmp_path)
    assert Counter(found.labels.values()) == {"apple": 3, "bear": 1}
    assert Counter(found.splits.values()) == {"train": 3, "test": 1}


def test_fer2013__a_table_of_pixels_is_images(tmp_path: Path, sqlite_workspace: Workspace):
    rows = [
        f"{n % 2},{' '.join(str((n + k) % 256) for k in range(64))},{usage}"
        for n, usage in enumerate(("Training", "Training", "PublicTest", "PrivateTest"))
    ]
    (tmp_path / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *rows]))
    found = public_cases.look(sqlite_workspace, tmp_path)
    assert Counter(found.labels.values()) == {"0": 2, "1": 2}
    assert Counter(found.splits.values()) == {"train": 2, "val": 1, "test": 1}


def test_a_column_a_pixel__is_read_and_a_damaged_row_told(
    tmp_path: Path, sqlite_workspace: Workspace
):
    header = ",".join(["label", *(f"pixel{k}" for k in range(64))])
    rows = [",".join([str(n % 2), *(str(n + k) for k in range(64))]) for n in range(4)]
    (tmp_path / "digits.csv").write_text("\n".join([header, *rows, "1,2,3"]))
    found = public_cases.look(sqlite_workspace, tmp_path)
    assert Counter(found.labels.values()) == {"0": 2, "1": 2}
    assert "row 5 holds no picture" in found.problems[0]


def test_pickles__are_never_opened_and_the_other_version_is_named(
    tmp_path: Path, sqlite_workspace: Workspace
):
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({"data": [1]}, 2))
    found = public_cases.look(sqlite_workspace, tmp_path)
    assert "cifar-10-binary.tar.gz" in (found.error or "")
