"""Queues are filters of the gallery: what they count is what the gallery shows."""

import pytest

from db.enums import RunStatus
from db.repositories.predictions import PredictionRow
from forge_core.catalog.editing import label_edits, review_flags
from forge_core.catalog.listing import asset_list, filter_fields, queues
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, make_catalog


@pytest.fixture
def run(workspace: Workspace, tmp_path) -> int:
    """A run that says circle of all 30 images, at different certainty; it learned every third."""
    assets = make_catalog(workspace, tmp_path / "images")
    circle = class_id(workspace, "circle")
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED,
            author="anna",
            config={},
            revision_id=1,
            class_names=["circle"],
            label_ids=[circle],
        )
        uow.predictions.add(
            run_id,
            [
                PredictionRow(
                    asset_id=asset.asset_id,
                    label_id=circle,
                    confidence=0.5 + place / 100,
                    margin=0.1,
                    entropy=0.1,
                    label_quality=None if place % 3 == 0 else place / 30,
                    given_label_id=asset.label_id,
                    revision_id=1,
                )
                for place, asset in enumerate(assets)
            ],
        )
    return int(run_id)


def counts(workspace: Workspace, **asked: int) -> dict[str, int]:
    return {state.queue.name: state.num_images for state in queues.list_states(workspace, **asked)}


def test_queues__count_what_the_gallery_lists_by_their_address(workspace, run):
    assets = asset_list.list_assets(workspace, queues.QUEUES["flagged"].filter()).assets
    assert assets == []
    everything = asset_list.list_ids(workspace, filter_fields.read({}))
    review_flags.flag(workspace, everything[:4], actor=ACTOR)
    found = counts(workspace)
    assert found == {
        "wrong_labels": 0,
        "audit": 0,
        "disagrees": 20,
        "contested": 0,
        "second_opinions": 0,
        "opinions_differ": 0,
        "least_sure": 30,
        "flagged": 4,
        "corrected": 0,
        "label_next": 0,
        "shadow": 0,
        "look_alikes": 0,
    }
    for state in queues.list_states(workspace):
        query = dict(state.query or {})
        sort = query.pop("sort", "newest")
        where = filter_fields.read(query)
        page = asset_list.list_assets(workspace, where, sort=sort, limit=100)
        assert len(page.assets) == state.num_images, state.queue.name


def test_queues__have_no_image_any_more_that_was_corrected(workspace, run):
    disagrees = queues.find_state(workspace, queues.find_queue("disagrees"), run_id=run)
    ids = asset_list.list_ids(workspace, disagrees.queue.filter(run))
    label_edits.relabel(workspace, ids[:5], class_id(workspace, "circle"), actor=ACTOR)
    assert counts(workspace, run_id=run)["disagrees"] == disagrees.num_images - 5


def test_queues__say_that_they_need_a_run_while_none_has_scored(workspace, tmp_path):
    make_catalog(workspace, tmp_path / "images")
    without = {s.queue.name for s in queues.list_states(workspace) if s.query is None}
    assert without == {"disagrees", "least_sure"}
    with pytest.raises(InvalidInput, match="goes by what a run's network says"):
        queues.find_queue("disagrees").query()
    with pytest.raises(InvalidInput, match="no queue 'nonsense'"):
        queues.find_queue("nonsense")
