"""Keys that stay inside the asset root, and bytes that are written whole."""

import pytest

from forge_core.errors import InvalidInput, NotFound
from forge_core.storage import AssetStore, check_key

REFUSED = [
    "",
    "/etc/passwd",
    "C:/x.png",
    "c:x.png",
    "s3://bucket/x.png",
    "..",
    "../x.png",
    "a/../x.png",
    "a/./x.png",
    "a//x.png",
    "a/",
    "a\\b.png",
    "a\0.png",
    "a\n.png",
    "x" * 2000,
    "\ud800.png",
]


@pytest.mark.parametrize("key", REFUSED)
def test_check_key__refuses(key: str) -> None:
    with pytest.raises(InvalidInput):
        check_key(key)


@pytest.mark.parametrize(
    "key", ["a.png", "a/b c/ü.png", "..a/b..png", "日本/1.jpg", "noon:12/c.png"]
)
def test_check_key__accepts(key: str) -> None:
    assert check_key(key) == key


def test_store__reads_back_what_it_wrote_and_leaves_no_temporary_file(tmp_path) -> None:
    store = AssetStore(str(tmp_path / "root"))
    store.write("a/b.png", b"one")
    store.write("a/b.png", b"two")
    assert store.read("a/b.png") == b"two"
    assert store.exists("a/b.png")
    assert not store.exists("a/c.png")
    assert list(store.list_keys()) == ["a/b.png"]
    assert [path.name for path in (tmp_path / "root" / "a").iterdir()] == ["b.png"]


def test_store__a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(NotFound, match=r"a/b\.png"):
        AssetStore(str(tmp_path)).read("a/b.png")


def test_store__on_another_filesystem_has_no_local_paths() -> None:
    store = AssetStore("memory://bucket/assets")
    store.write("a/b.png", b"one")
    assert store.read("a/b.png") == b"one"
    assert store.local_path("a/b.png") is None
    assert store.local_root() is None
    assert list(store.list_keys()) == ["a/b.png"]
