"""What is strange in the traffic comes into the catalog to be looked at, and measures nothing."""

from pathlib import Path
from typing import cast

import pytest

from db.enums import RequestReason
from db.records import AssetFilter
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import chosen_images, split_rule
from forge_core.drift import strange_images
from forge_core.drift.judging import DriftReport
from forge_core.imaging import hashing
from forge_core.workspace import Workspace
from tests import arrange
from tests.arrange import ACTOR

STRANGE = AssetFilter(requested=RequestReason.STRANGE)


def test_strange_images__go_into_train_whatever_the_rule_and_stay_mined(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split_rule.put(workspace, split_rule.parse("0/0/100"), actor=ACTOR)
    paths = []
    for number in range(3):
        drawn = tmp_path / f"{number}.png"
        arrange.draw_image("circle", 800 + number).save(drawn)
        paths.append(drawn.rename(tmp_path / hashing.content_hash(drawn.read_bytes())))
    monkeypatch.setattr(strange_images, "list_pictures", lambda _: paths)
    report = cast(DriftReport, None)
    assert strange_images.take_for_review(workspace, report, actor=ACTOR) == 3
    assert [asset.split_type for asset in arrange.list_all(workspace)] == ["train"] * 3
    assert asset_list.count_assets(workspace, STRANGE) == 3

    first = arrange.list_all(workspace)[0]
    by_chance = LabelRequest(asset_id=first.asset_id, reason=RequestReason.CHANCE, probability=0.5)
    with workspace.database.write() as uow:
        uow.label_requests.replace_open(
            [by_chance], revision_id=history.latest_revision_id(workspace), actor="ana"
        )
        assert len(chosen_images.list_mined(uow)) == 3
    assert asset_list.count_assets(workspace, STRANGE) == 3


@pytest.mark.parametrize(
    ("where", "sort"),
    [
        (STRANGE, "newest"),
        (AssetFilter(opinions="differ"), "newest"),
        (AssetFilter(alike=1), "newest"),
        (AssetFilter(selected=1), "newest"),
        (AssetFilter(), "strangest"),
    ],
)
def test_lists_by_what_images_are__are_known_as_such(where: AssetFilter, sort: str) -> None:
    assert chosen_images.describe_list(where, sort) is not None
    assert chosen_images.describe_list(AssetFilter(label=3, split="val")) is None
