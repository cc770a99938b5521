"""Every text that a person gives a use case is refused in words where it cannot be kept."""

import pytest

from db.records import AssetFilter
from forge_core.augmentation.presets import AugmentationParameters
from forge_core.catalog.editing import assignments, classes, label_edits, review_flags
from forge_core.catalog.listing import asset_list, saved_views
from forge_core.catalog.revisions import history
from forge_core.errors import InvalidInput, NotFound
from forge_core.jobs import queue
from forge_core.people.actor import Actor
from forge_core.runs import records
from forge_core.runs.starting import saved_presets
from tests import arrange

BAD = {"NUL": "a\0b", "surrogate": "cut \ud83d", "a file name that is no text": "caf\udce9"}
ANY_IMAGE = AssetFilter()


def first_id(workspace):
    return arrange.list_all(workspace)[0].asset_id


USE_CASES = {
    "author of a change": lambda ws, bad: label_edits.relabel(
        ws, [first_id(ws)], None, actor=Actor(bad)
    ),
    "operation id": lambda ws, bad: label_edits.relabel(
        ws, [first_id(ws)], None, actor=Actor("anna"), operation_id=bad
    ),
    "message": lambda ws, bad: label_edits.remove_assets(
        ws, [first_id(ws)], actor=Actor("anna"), message=bad
    ),
    "note": lambda ws, bad: review_flags.flag(ws, [first_id(ws)], actor=Actor("anna"), note=bad),
    "name of a class": lambda ws, bad: classes.create_class(ws, bad, actor=Actor("anna")),
    "new name of a class": lambda ws, bad: classes.rename_class(
        ws, arrange.class_id(ws, "circle"), bad, actor=Actor("anna")
    ),
    "description": lambda ws, bad: classes.create_class(
        ws, "fox", actor=Actor("anna"), description=bad
    ),
    "name of a view": lambda ws, bad: saved_views.save_view(
        ws, bad, {"label": "none"}, actor=Actor("anna")
    ),
    "query of a view": lambda ws, bad: saved_views.save_view(
        ws, "mine", {"text": bad}, actor=Actor("anna")
    ),
    "author of a view": lambda ws, bad: saved_views.save_view(
        ws, "mine", {"label": "none"}, actor=Actor(bad)
    ),
    "name of a preset": lambda ws, bad: saved_presets.save_preset(
        ws, bad, AugmentationParameters(), based_on="natural", actor=Actor("anna")
    ),
    "author of a preset": lambda ws, bad: saved_presets.save_preset(
        ws, "mine", AugmentationParameters(), based_on="natural", actor=Actor(bad)
    ),
    "person": lambda ws, bad: assignments.assign(ws, ANY_IMAGE, [bad], actor=Actor("anna")),
    "who assigns": lambda ws, bad: assignments.assign(ws, ANY_IMAGE, ["ben"], actor=Actor(bad)),
    "part of a path": lambda ws, bad: asset_list.list_assets(ws, AssetFilter(text=bad)),
    "source": lambda ws, bad: asset_list.count_assets(ws, AssetFilter(source=bad)),
    "author in a filter": lambda ws, bad: asset_list.list_ids(ws, AssetFilter(author=bad)),
    "assigned in a filter": lambda ws, bad: label_edits.relabel_matching(
        ws, AssetFilter(assigned=bad), None, actor=Actor("anna")
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_text__that_cannot_be_kept_is_refused_and_nothing_is_changed(workspace, tmp_path, bad):
    arrange.import_folder(workspace, arrange.draw_folder(tmp_path / "drawn", per_class=1))
    before = history.latest_revision_id(workspace)
    for name, use_case in USE_CASES.items():
        with pytest.raises(InvalidInput) as refused:
            use_case(workspace, bad)
        str(refused.value).encode()  # it can be shown itself
        assert history.latest_revision_id(workspace) == before, name
    assert saved_views.list_views(workspace) == []
    assert assignments.list_counts(workspace) == []


@pytest.mark.parametrize("number", [2**31, 2**63, -(2**70)])
def test_number__beyond_every_column_is_refused_in_words(workspace, number):
    with pytest.raises(InvalidInput, match="The filter holds a whole number beyond 2,147,483,647"):
        asset_list.list_assets(workspace, AssetFilter(label=number))
    for find in (
        records.get_run,
        queue.get_job,
        lambda ws, n: history.undo(ws, n, actor=Actor("anna")),
    ):
        with pytest.raises((InvalidInput, NotFound)):
            find(workspace, number)
