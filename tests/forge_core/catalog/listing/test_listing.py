"""Every list in every order: pages, counts and jumps agree with a plain sorted list."""

import itertools

import pytest

from db.enums import RunStatus
from db.models import Prediction, TrainingRun
from db.records import Asset, AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list, positions
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, list_all, make_catalog, set_columns


@pytest.fixture
def run(workspace: Workspace, tmp_path) -> int:
    """A catalog with labels, splits, sources and reviews in all combinations, and a run."""
    assets = make_catalog(workspace, tmp_path / "images", train=8, val=3, test=3)
    ids = [asset.asset_id for asset in assets]
    label_edits.relabel(workspace, ids[::5], None, actor=ACTOR)
    label_edits.set_split(workspace, ids[::4], None, actor=ACTOR)
    circle = class_id(workspace, "circle")
    with workspace.database.write() as uow:
        set_columns(uow, ids[::3], source_dataset="other")
        set_columns(uow, ids[1::3], review_state="confirmed")
        set_columns(uow, ids[2::7], is_augmented=True)
        made = TrainingRun(
            status=RunStatus.SUCCEEDED.value,
            author=ACTOR.name,
            config={},
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
        uow.session.add(made)
        uow.session.flush()
        run_id = made.run_id
        for place, asset_id in enumerate(ids[3:]):
            uow.session.add(
                Prediction(
                    run_id=run_id,
                    asset_id=asset_id,
                    label_id=circle,
                    confidence=(place % 7) / 7 + 0.1,
                    margin=0.0,
                    entropy=0.0,
                )
            )
    label_edits.remove_assets(workspace, ids[6:8], actor=ACTOR)
    return run_id


def filters(workspace: Workspace) -> list[AssetFilter]:
    labels = (None, class_id(workspace, "circle"), "none", "any")
    return [
        AssetFilter(label=label, split=split, source=source, review=review, augmented=augmented)
        for label, split, source, review, augmented in itertools.product(
            labels,
            (None, "train", "none"),
            (None, "other"),
            (None, "confirmed", "none"),
            (None, True, False),
        )
    ] + [
        AssetFilter(text="CIRCLE"),
        AssetFilter(text="_00"),
        AssetFilter(text="%"),
        AssetFilter(text="/", split="val"),
    ]


def fits(asset: Asset, where: AssetFilter) -> bool:
    wanted_label = {None: True, "none": asset.label_id is None, "any": asset.label_id is not None}
    return (
        (wanted_label.get(where.label, asset.label_id == where.label))
        and (where.split is None or (asset.split_type or "none") == where.split)
        and (where.source is None or asset.source_dataset == where.source)
        and (where.review is None or (asset.review_state or "none") == where.review)
        and (where.augmented is None or asset.is_augmented == where.augmented)
        and (where.text is None or where.text.lower() in asset.file_path.lower())
    )


def walk(workspace: Workspace, where: AssetFilter, sort: str, limit: int) -> list[Asset]:
    found: list[Asset] = []
    cursor = None
    while True:
        page = asset_list.list_assets(workspace, where, sort=sort, after=cursor, limit=limit)
        found += page.assets
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.slow
def test_lists__every_filter_and_order_is_complete_and_in_order(
    workspace: Workspace, run: int
) -> None:
    assets = list_all(workspace)
    # Every fifth takes each value with each other one; `test_filters` walks them in all orders.
    for where in [*filters(workspace)[::5], *filters(workspace)[-4:]]:
        wanted = [asset for asset in assets if fits(asset, where)]
        assert walk(workspace, where, "oldest", 17) == wanted, where
        assert asset_list.count_assets(workspace, where) == len(wanted), where
        assert asset_list.list_ids(workspace, where) == [asset.asset_id for asset in wanted], where
    for where in filters(workspace)[::7]:
        wanted = [asset for asset in assets if fits(asset, where)]
        assert walk(workspace, where, "newest", 5) == wanted[::-1], where
        by_path = sorted(wanted, key=lambda asset: asset.file_path.encode())
        assert walk(workspace, where, "path", 5) == by_path, where


def test_lists__by_the_confidence_of_a_run_in_both_directions(
    workspace: Workspace, run: int
) -> None:
    with workspace.database.read() as uow:
        rows = uow.session.query(Prediction.asset_id, Prediction.confidence).all()
    confidence = dict(rows)
    assets = [asset for asset in list_all(workspace) if asset.asset_id in confidence]
    for split in (None, "train"):
        where = AssetFilter(run=run, split=split)
        wanted = sorted(
            (asset for asset in assets if split is None or asset.split_type == split),
            key=lambda asset: (confidence[asset.asset_id], asset.asset_id),
        )
        assert walk(workspace, where, "least_confident", 4) == wanted
        assert walk(workspace, where, "most_confident", 4) == wanted[::-1]
    page = asset_list.list_assets(workspace, AssetFilter(run=run), sort="most_confident")
    assert page.confidences == {a.asset_id: confidence[a.asset_id] for a in page.assets}


def test_lists__a_jump_lands_at_its_position(
    workspace: Workspace, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "EVERY", 4)
    for where, sort in (
        (AssetFilter(), "newest"),
        (AssetFilter(split="train"), "path"),
        (AssetFilter(run=run), "least_confident"),
    ):
        whole = walk(workspace, where, sort, 50)
        marks = positions.bookmarks(workspace, where, sort)
        assert len(marks.cursors) == len(whole) // 4
        assert positions.bookmarks(workspace, where, sort) is marks
        for position in range(len(whole) + 2):
            page = positions.list_at(workspace, where, position=position, sort=sort, limit=3)
            assert page.assets == whole[position : position + 3], (where, sort, position)


@pytest.mark.parametrize(
    ("where", "sort", "after"),
    [
        (AssetFilter(), "least_confident", None),
        (AssetFilter(run=1), "least_confident", "not-a-cursor"),
        (AssetFilter(), "newest", "not-an-id"),
        (AssetFilter(), "size", None),
    ],
)
def test_lists__refuse_what_has_no_meaning(
    sqlite_workspace: Workspace, where: AssetFilter, sort: str, after: str | None
) -> None:
    with pytest.raises(InvalidInput):
        asset_list.list_assets(sqlite_workspace, where, sort=sort, after=after)


def test_counts__of_sources_and_reviews_equal_a_recount(workspace: Workspace, run: int) -> None:
    with workspace.database.read() as uow:
        for facet in ("source", "review"):
            assert uow.counts.list_facet(facet) == uow.counts.list_recounted_facet(facet)
        assert set(uow.counts.list_all()) == set(uow.counts.list_recounted())
