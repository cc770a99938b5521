"""Files that somebody named are opened only when they are files, and read to a limit."""

import os
from pathlib import Path

import pytest

from forge_core import local_files
from forge_core.cli import opening
from forge_core.errors import ImageRejected, InvalidInput
from forge_core.imaging import decode


def test_open_plain__reads_a_file_through_a_link(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    with local_files.open_plain(tmp_path / "link") as file:
        assert file.read() == b"abc"


@pytest.mark.parametrize(
    "name", ["/dev/zero", "/dev/null", "pipe", ".", "missing", "a\0b", "x" * 300]
)
def test_open_plain__everything_else_is_refused_at_once(tmp_path: Path, name: str):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError) as refused:
        local_files.open_plain(tmp_path / name)
    assert refused.value.strerror


def test_read_plain__stops_at_its_limit(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"abcd")
    assert local_files.read_plain(tmp_path / "file", 4) == b"abcd"
    with pytest.raises(OSError, match="larger than 3 bytes"):
        local_files.read_plain(tmp_path / "file", 3)


def test_an_image_that_is_a_device__is_no_readable_image():
    with pytest.raises(ImageRejected) as refused:
        decode.decode_file(Path("/dev/zero"))
    assert refused.value.reason == "unreadable"


@pytest.mark.parametrize("document", ["/dev/zero", "pipe", "nowhere.json", "."])
def test_documents_of_a_command__are_plain_files(tmp_path: Path, document: str):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match=r"^The config .* cannot be read"):
        opening.document("config", tmp_path / document)
