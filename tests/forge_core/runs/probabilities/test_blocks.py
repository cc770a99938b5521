"""The files of class probabilities: rows that are whole are read back, all others are known."""

import uuid
from pathlib import Path

import numpy as np
import pytest

from forge_core.runs.probabilities import blocks
from forge_core.runs.probabilities.blocks import BlockFiles, BlockWriter, RowIndex

IDS = blocks.as_ids([uuid.UUID(int=number << 8) for number in range(1, 7)])  # all end in a zero
VALUES = np.linspace(0, 1, 18).reshape(6, 3).astype(np.float16)


def files_in(folder: Path, checkpoint_hash: str = "a" * 64) -> BlockFiles:
    return BlockFiles(values=folder / "a-0.f16", num_values=3, network=checkpoint_hash)


def write(files: BlockFiles, first_row: int, last_row: int) -> None:
    writer = BlockWriter(files)
    writer.write(first_row, IDS[first_row:last_row], VALUES[first_row:last_row])
    writer.close()


def test_rows_that_were_written_are_read_back__also_those_added_later(tmp_path: Path) -> None:
    files = files_in(tmp_path / "new" / "folder")
    assert files.count_whole() == 0
    write(files, 0, 2)
    write(files, 2, 6)
    assert files.count_whole() == 6
    assert files.read_ids(6).tobytes() == IDS.tobytes()
    values, is_good = files.read_rows(np.array([5, 0, 3]))
    assert is_good.all()
    np.testing.assert_array_equal(values, VALUES[[5, 0, 3]])
    mapped = np.memmap(files.values, "<f2", "r").reshape(-1, 3)  # plain rows, for whoever wants all
    np.testing.assert_array_equal(mapped, VALUES)
    assert files.values.stat().st_mode & 0o777 == files.ids.stat().st_mode & 0o777 == 0o600


def test_a_row_that_was_half_written_is_written_over(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    write(files, 0, 3)
    with files.values.open("ab") as values, files.ids.open("ab") as ids:
        values.write(b"\x01" * 4)
        ids.write(b"\x02" * 19)
    assert files.count_whole() == 3
    write(files, 3, 6)
    values, is_good = files.read_rows(np.arange(6))
    assert is_good.all()
    np.testing.assert_array_equal(values, VALUES)


@pytest.mark.parametrize("suffix", [blocks.VALUES, blocks.IDS])
def test_a_file_that_was_cut_off_or_removed_holds_fewer_rows(tmp_path: Path, suffix: str) -> None:
    files = files_in(tmp_path)
    write(files, 0, 6)
    path = files.values.with_suffix(suffix)
    path.write_bytes(path.read_bytes()[:-1])
    assert files.count_whole() == 5
    with pytest.raises(OSError, match="shorter"):
        files.read_rows(np.array([5]))
    path.unlink()
    assert files.count_whole() == 0
    with pytest.raises(OSError, match="No such file"):
        files.read_rows(np.array([0]))


@pytest.mark.parametrize("suffix", [blocks.VALUES, blocks.IDS])
def test_a_changed_byte_is_noticed_in_its_row_only(tmp_path: Path, suffix: str) -> None:
    files = files_in(tmp_path)
    write(files, 0, 6)
    path = files.values.with_suffix(suffix)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 + 1] ^= 1
    path.write_bytes(data)
    assert files.read_rows(np.arange(6))[1].tolist() == [True, True, True, False, True, True]


def test_rows_of_another_checkpoint_are_none(tmp_path: Path) -> None:
    write(files_in(tmp_path), 0, 6)
    assert not files_in(tmp_path, "b" * 64).read_rows(np.arange(6))[1].any()


def test_only_one_writes_to_a_block_at_a_time(tmp_path: Path) -> None:
    writer = BlockWriter(files_in(tmp_path))
    with pytest.raises(BlockingIOError):
        BlockWriter(files_in(tmp_path))
    assert writer.is_there()
    writer.files.ids.unlink()
    assert not writer.is_there()
    writer.close()
    BlockWriter(files_in(tmp_path)).close()


def test_index__finds_the_last_row_of_an_asset_over_all_blocks() -> None:
    index = RowIndex([IDS[[3, 0, 1]], IDS[[0, 4]]])
    assert index.find(IDS[[0, 1, 2, 3, 4, 5]]).tolist() == [3, 2, -1, 0, 4, -1]
    assert index.last_rows().tolist() == [3, 2, 0, 4]
    empty = RowIndex([])
    assert empty.find(IDS[:2]).tolist() == [-1, -1]
    assert empty.last_rows().tolist() == []
