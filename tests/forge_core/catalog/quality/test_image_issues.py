"""Image issues: measured once, as numbers; the line is a person's, and beyond it lies a filter."""

from dataclasses import fields

import pytest
from PIL import Image, ImageFilter

from db.patches import AssetPatch
from db.records import AssetFilter
from forge_core.catalog.editing import decisions
from forge_core.catalog.listing import asset_list, filter_fields
from forge_core.catalog.quality import image_issues
from forge_core.catalog.quality.image_issues import IssueState
from forge_core.errors import InvalidInput
from forge_core.imaging.measures import PictureMeasures
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_image, import_folder, list_all


@pytest.fixture
def catalog(workspace: Workspace, tmp_path) -> Workspace:
    """Eight drawn images, one that is black, and one that is blurred."""
    folder = tmp_path / "pictures" / "thing"
    folder.mkdir(parents=True)
    for seed in range(8):
        draw_image("square", seed, 64).save(folder / f"{seed}.png")
    Image.new("RGB", (64, 64)).save(folder / "black.png")
    blurred = draw_image("circle", 9, 64).filter(ImageFilter.GaussianBlur(6))
    blurred.save(folder / "blurred.png")
    import_folder(workspace, tmp_path / "pictures")
    return workspace


def state_of(workspace: Workspace, name: str) -> IssueState:
    return next(s for s in image_issues.list_states(workspace) if s.issue.name == name)


def paths_beyond(workspace: Workspace, name: str) -> set[str]:
    where = filter_fields.read(state_of(workspace, name).where)
    found = asset_list.list_assets(workspace, where, limit=100).assets
    assert len(found) == state_of(workspace, name).num_beyond
    return {asset.file_path.rpartition("/")[2] for asset in found}


def test_each_image_is_measured_once__and_again_when_its_bytes_change(catalog):
    assert image_issues.count_unmeasured(catalog) == 10
    report = image_issues.measure_images(catalog)
    assert (report.num_measured, report.num_failed) == (10, 0)
    assert image_issues.measure_images(catalog).num_measured == 0
    first = list_all(catalog)[0]
    with catalog.database.write() as uow:
        uow.assets.update_fields([first.asset_id], AssetPatch(content_hash="f" * 64))
    assert image_issues.count_unmeasured(catalog) == 1
    assert state_of(catalog, "dark").num_measured == 9
    assert image_issues.measure_images(catalog).num_failed == 1, "its file is not that one"


def test_what_lies_beyond_a_line_is_a_filter__until_its_picture_is_confirmed(catalog):
    image_issues.measure_images(catalog)
    assert state_of(catalog, "dark").is_drawn is False
    image_issues.draw_line(catalog, "dark", 0.01, actor=ACTOR)
    image_issues.draw_line(catalog, "blurred", 30.0, actor=ACTOR)
    assert paths_beyond(catalog, "dark") == {"black.png"}
    assert paths_beyond(catalog, "blurred") == {"black.png", "blurred.png"}
    black = next(a for a in list_all(catalog) if "black" in a.file_path)
    decisions.decide(catalog, [black.asset_id], "keep", question="picture", actor=ACTOR)
    assert paths_beyond(catalog, "dark") == set()
    assert state_of(catalog, "blurred").line == 30


def test_the_histogram_has_every_measured_image(catalog):
    assert state_of(catalog, "grey").counts == [0], "nothing was measured yet"
    image_issues.measure_images(catalog)
    of_pictures = {field.name for field in fields(PictureMeasures)}
    states = [s for s in image_issues.list_states(catalog) if s.issue.measure in of_pictures]
    assert len(states) > 5
    for state in states:
        assert sum(state.counts) == state.num_measured == 10
        assert len(state.edges) == len(state.counts) + 1


@pytest.mark.parametrize("text", ["sharpness", "sharpness<", "weather<1", "sharpness<-1", "x<1e99"])
def test_what_is_no_condition_is_refused(catalog, text):
    with pytest.raises(InvalidInput):
        asset_list.list_ids(catalog, AssetFilter(measured=text))


def test_a_line_that_is_none_is_refused(catalog):
    with pytest.raises(InvalidInput, match="no image issue"):
        image_issues.draw_line(catalog, "ugly", 1, actor=ACTOR)
    with pytest.raises(InvalidInput):
        image_issues.draw_line(catalog, "dark", float("nan"), actor=ACTOR)
