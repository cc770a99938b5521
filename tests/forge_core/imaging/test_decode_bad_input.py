"""Bytes that were changed or never were an image: an image or a rejection, nothing else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_core.errors import ImageRejected
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from tests.chance import examples
from tests.forge_core.imaging.draw import (
    encode,
    make_quarters,
)

BASES = [
    encode(make_quarters(), kind, **options)
    for kind, options in (
        ("JPEG", {}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
    )
]


@settings(max_examples=examples(60), deadline=None)
@given(
    base=st.sampled_from(BASES),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.floats(0, 1),
)
def test_decode_image__flipped_bytes_give_an_image_or_a_rejection(
    base: bytes, changes: list[tuple[float, int]], cut: float
) -> None:
    data = bytearray(base)
    for where, value in changes:
        data[int(where**3 * (len(data) - 1))] = value  # most of them in the header
    if cut < 0.3:
        data = data[: int(len(data) * cut * 3)]
    try:
        decoded = decode.decode_image(bytes(data), limits=DecodeLimits(max_pixels=4_000_000))
    except ImageRejected as rejected:
        reason = rejected.reason
    else:
        assert decoded.image.size == (decoded.width, decoded.height)
        assert decoded.image.mode == "RGB"
        reason = None
    assert reason is None or reason in decode.REASONS


DECODE_ALL = """
import resource, sys
from pathlib import Path
from forge_core.errors import ImageRejected
from forge_core.imaging import decode
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.is_file():
        try:
            decoded = decode.decode_file(path)
            assert decoded.image.mode == "RGB"
            assert decoded.image.size == (decoded.width, decoded.height)
            said = "image"
        except ImageRejected as rejected:
            assert rejected.reason in decode.REASONS and rejected.message
            said = rejected.reason
        print(path.relative_to(sys.argv[1]).as_posix(), said, sep="\\t")
# Not getrusage: that would tell the peak of the process that we were forked from.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("MEMORY", int(peak.split()[1]) // 1024, sep="\\t")
"""


@pytest.mark.parametrize("folder", ["pillow_small_dev", "pngsuite_libpng"])
def test_decode_file__every_bad_input_gives_an_image_or_a_rejection(
    folder: str, shared_data: Callable[[str], Path]
) -> None:
    """In a process of its own: a crash of a decoder and its memory would show there."""
    root = shared_data("bad_inputs") / folder
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", DECODE_ALL, str(root)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=Path(decode.__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = dict(line.split("\t") for line in done.stdout.splitlines())
    assert int(said.pop("MEMORY")) < 600
    assert set(said) == {
        path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
    }
    if folder == "pngsuite_libpng":
        good = [name for name in said if name.endswith(".png") and "/crashers/" not in name]
        assert len(good) > 150
        assert {name: said[name] for name in good if said[name] != "image"} == {}
    else:
        assert said["Tests/images/truncated_jpeg.jpg"] == "truncated"
        assert said["Tests/images/decompression_bomb.gif"] == "too_many_pixels"
        assert sum(result == "image" for result in said.values()) > 500
