"""HEIC and AVIF, as phones write them, are read where Pillow and its plugin can."""

from io import BytesIO

import pytest
from PIL import features

from forge_core.errors import ImageRejected
from forge_core.imaging import decode, formats
from tests.forge_core.imaging.draw import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    corners,
    encode,
    is_near,
    make_quarters,
)


def test_heic__that_the_plugin_wrote_is_read_upright_and_in_its_colours() -> None:
    plugin = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    file = BytesIO()
    plugin.from_pillow(make_quarters()).save(file, quality=90)
    data = file.getvalue()
    assert formats.is_image(data[: formats.SIGNATURE_BYTES])
    decoded = decode.decode_image(data)
    assert (decoded.mime, decoded.image.mode) == ("image/heic", "RGB")
    assert decoded.image.size == make_quarters().size
    assert all(map(is_near, corners(decoded.image), (RED, GREEN, BLUE, WHITE)))


def test_heic__cut_off_is_refused_in_words() -> None:
    plugin = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    file = BytesIO()
    plugin.from_pillow(make_quarters()).save(file, quality=90)
    with pytest.raises(ImageRejected) as caught:
        decode.decode_image(file.getvalue()[:-200])
    assert caught.value.reason in ("truncated", "damaged", "not_an_image")


def test_avif__is_read_in_its_colours() -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    data = encode(make_quarters(), "AVIF", quality=90)
    assert formats.is_image(data[: formats.SIGNATURE_BYTES])
    decoded = decode.decode_image(data)
    assert decoded.mime == "image/avif"
    assert all(map(is_near, corners(decoded.image), (RED, GREEN, BLUE, WHITE)))


def test_heic__without_the_plugin_the_reason_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(formats.MIME_BY_FORMAT, "HEIF")
    with pytest.raises(ImageRejected) as caught:
        decode.decode_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    assert caught.value.reason == "format_not_supported"
    assert "the extra “heic” of vision-forge" in caught.value.next_step
