"""Images in batches: in order, the bad ones named, read ahead and no further."""

from pathlib import Path

import pytest
from PIL import Image

from forge_core.catalog.revisions import history
from forge_core.predictions import image_batches
from forge_core.workspace import Workspace
from tests.arrange import make_catalog


@pytest.fixture
def catalog(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    make_catalog(sqlite_workspace, tmp_path / "drawn", train=4, val=0, test=0)
    monkeypatch.setattr(image_batches, "BATCH_IMAGES", 3)
    return sqlite_workspace


def size_of(image: Image.Image) -> tuple[int, int]:
    assert image.mode == "RGB"
    return image.size


def test_read_batches__in_order_with_what_was_made_of_each(catalog: Workspace) -> None:
    assets = list(history.as_of(catalog, history.latest_revision_id(catalog)))
    given = list(image_batches.in_batches(assets))
    found = list(image_batches.read_batches(catalog, given, size_of))
    assert [list(batch.assets) for batch in found] == [list(batch) for batch in given]
    usable = [entry for batch in found for entry in batch.usable]
    assert [asset.asset_id for asset, _ in usable] == [asset.asset_id for asset in assets]
    assert {size for _, size in usable} == {(24, 24)}
    assert [batch.rejected for batch in found] == [[]] * len(given)
    assert list(image_batches.read_batches(catalog, [], size_of)) == []


def test_read_batches__names_what_is_missing_changed_or_broken(catalog: Workspace) -> None:
    assets = list(history.as_of(catalog, history.latest_revision_id(catalog)))[:3]
    root = catalog.store.local_root()
    assert root is not None
    (root / assets[0].file_path).unlink()
    (root / assets[2].file_path).write_bytes(b"other bytes")
    (batch,) = image_batches.read_batches(catalog, [assets], size_of)
    assert [asset.asset_id for asset, _ in batch.usable] == [assets[1].asset_id]
    assert [(image.source, image.reason) for image in batch.rejected] == [
        (assets[0].file_path, "missing"),
        (assets[2].file_path, "changed"),
    ]


def test_read_batches__asks_for_one_batch_ahead(catalog: Workspace) -> None:
    assets = list(history.as_of(catalog, history.latest_revision_id(catalog)))
    asked = 0

    def counted():
        nonlocal asked
        for batch in image_batches.in_batches(assets):
            asked += 1
            yield batch

    batches = image_batches.read_batches(catalog, counted(), size_of)
    next(batches)
    assert asked == 2
    batches.close()
    assert asked == 2
