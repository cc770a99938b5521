"""Browsing: filters, keyset pages and counts agree with each other."""

import uuid

import pytest

from db.records import AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog


def all_pages(workspace: Workspace, where: AssetFilter, sort: str, limit: int) -> list[str]:
    paths: list[str] = []
    after = None
    while True:
        page = asset_list.list_assets(workspace, where, sort=sort, after=after, limit=limit)
        assert len(page.assets) <= limit
        paths += [asset.file_path for asset in page.assets]
        if page.next_cursor is None:
            return paths
        after = page.next_cursor


@pytest.mark.parametrize("sort", ["newest", "oldest", "path"])
def test_pages__show_every_image_once_in_order(workspace: Workspace, tmp_path, sort) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    paths = all_pages(workspace, AssetFilter(), sort, limit=7)
    by_age = [asset.file_path for asset in assets]
    expected = {"newest": by_age[::-1], "oldest": by_age, "path": sorted(by_age)}
    assert paths == expected[sort]


def test_pages__keep_their_place_when_images_come_and_go(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    first = asset_list.list_assets(workspace, AssetFilter(), sort="oldest", limit=5)
    label_edits.remove_assets(
        workspace, [first.assets[-1].asset_id, assets[7].asset_id], actor=ACTOR
    )
    second = asset_list.list_assets(
        workspace, AssetFilter(), sort="oldest", after=first.next_cursor, limit=5
    )
    expected = [assets[i].asset_id for i in (5, 6, 8, 9, 10)]
    assert [asset.asset_id for asset in second.assets] == expected


def test_filters__and_counts_agree(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images")
    circle = class_id(workspace, "circle")
    label_edits.relabel(workspace, [assets[0].asset_id], None, actor=ACTOR)
    label_edits.set_split(workspace, [assets[1].asset_id], None, actor=ACTOR)
    filters = {
        AssetFilter(): 30,
        AssetFilter(label="none"): 1,
        AssetFilter(label="any"): 29,
        AssetFilter(label=circle): 10 - sum(a.label_name == "circle" for a in assets[:1]),
        AssetFilter(split="val"): 6 - sum(a.split_type == "val" for a in assets[:2]),
        AssetFilter(split="none"): 1,
        AssetFilter(source="images"): 30,
        AssetFilter(source="elsewhere"): 0,
        AssetFilter(text="STRIPE_"): 10,
        AssetFilter(text="%"): 0,
        AssetFilter(text="_"): 30,
        AssetFilter(augmented=True): 0,
        AssetFilter(augmented=False): 30,
    }
    for where, expected in filters.items():
        assert len(all_pages(workspace, where, "newest", limit=100)) == expected, where
        assert asset_list.count_assets(workspace, where) == expected, where
        assert len(asset_list.list_ids(workspace, where)) == expected, where


def test_bad_questions_get_clear_errors(workspace: Workspace) -> None:
    for wrong in (
        {"where": AssetFilter(split="valid")},
        {"where": AssetFilter(label="cat")},
        {"where": AssetFilter(), "sort": "size"},
        {"where": AssetFilter(), "limit": 0},
        {"where": AssetFilter(), "limit": 10_000},
        {"where": AssetFilter(), "after": "not-an-id"},
    ):
        with pytest.raises(InvalidInput):
            asset_list.list_assets(workspace, **wrong)
    with pytest.raises(NotFound):
        asset_list.get_asset(workspace, uuid.uuid4())


def test_totals_and_sources(workspace: Workspace, tmp_path) -> None:
    assert asset_list.totals(workspace) == asset_list.Totals(images=0, unlabelled=0, augmented=0)
    make_catalog(workspace, tmp_path / "images")
    assert asset_list.totals(workspace).images == len(list_all(workspace)) == 30
    assert asset_list.list_sources(workspace) == [("images", 30)]
