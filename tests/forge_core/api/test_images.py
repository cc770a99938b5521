from io import BytesIO

import pytest
from PIL import Image

from forge_core.api.images import thumbnail_cache
from forge_core.imaging import hashing
from tests import arrange


@pytest.fixture
def workspace(sqlite_workspace):
    """On SQLite alone: bytes and thumbnails lie in files."""
    return sqlite_workspace


def thumbnail_address(asset):
    return f"/thumbnails/{asset.asset_id}/{asset.content_hash}"


def test_thumbnail__is_an_image_that_never_changes_under_its_address(browser, assets):
    answer = browser.get(thumbnail_address(assets[0]))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert Image.open(BytesIO(answer.content)).size == (24, 24)


def test_thumbnail__a_kept_one_asks_no_database(workspace, browser, assets):
    first = browser.get(thumbnail_address(assets[0]))
    with workspace.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE vision_assets RENAME TO gone")
    again = browser.get(thumbnail_address(assets[0]))
    assert again.status_code == 200
    assert again.content == first.content


def test_thumbnail__is_there_from_the_import(workspace, browser, assets):
    for asset in assets:
        assert workspace.store.local_path(asset.file_path).unlink() is None
        assert browser.get(thumbnail_address(asset)).status_code == 200


def test_thumbnail__of_other_bytes_is_not_found(workspace, browser, assets):
    thumbnail_cache(workspace).clear()
    answer = browser.get(f"/thumbnails/{assets[0].asset_id}/{assets[1].content_hash}")
    assert answer.status_code == 404
    assert answer.json()["message"] == "This image has other bytes by now."


def test_thumbnail__of_a_file_that_was_changed_is_refused(workspace, browser, assets):
    thumbnail_cache(workspace).clear()
    workspace.store.write(assets[0].file_path, b"other bytes")
    answer = browser.get(thumbnail_address(assets[0]))
    assert answer.status_code == 422
    assert "changed after it was imported" in answer.json()["message"]


def test_thumbnail__of_nothing_known_is_refused(browser, assets):
    unknown = "00000000-0000-7000-8000-000000000000"
    assert browser.get(f"/thumbnails/{unknown}/{'a' * 64}").status_code == 404
    assert browser.get(f"/thumbnails/{assets[0].asset_id}/..%2f..").status_code == 404
    assert browser.get(f"/thumbnails/{assets[0].asset_id}/zz").status_code == 400
    assert browser.get(f"/thumbnails/nonsense/{'a' * 64}").status_code == 400


def test_image__is_the_original_where_a_browser_draws_it(workspace, browser, assets):
    answer = browser.get(f"/images/{assets[0].asset_id}")
    assert answer.content == workspace.store.read(assets[0].file_path)
    assert answer.headers["content-type"] == "image/png"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_image__is_revalidated_by_its_hash(browser, assets):
    address = f"/images/{assets[0].asset_id}"
    tag = browser.get(address).headers["etag"]
    assert hashing.content_hash(browser.get(address).content) in tag
    assert browser.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_image__a_tiff_is_encoded_again(workspace, browser, tmp_path):
    folder = tmp_path / "scans" / "circle"
    folder.mkdir(parents=True)
    arrange.draw_image("circle", 1).save(folder / "a.tif")
    arrange.import_folder(workspace, folder.parent)
    (asset,) = arrange.list_all(workspace)
    answer = browser.get(f"/images/{asset.asset_id}")
    assert answer.headers["content-type"] == "image/png"
    shown = Image.open(BytesIO(answer.content))
    assert shown.tobytes() == arrange.draw_image("circle", 1).tobytes()


def test_image__that_is_gone_says_so(browser, assets):
    unknown = "00000000-0000-7000-8000-000000000000"
    answer = browser.get(f"/images/{unknown}")
    assert answer.status_code == 404
    assert "may have been removed" in answer.json()["message"]
