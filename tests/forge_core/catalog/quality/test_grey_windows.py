"""The window of greys is chosen for a workspace, and what files hold beyond their image is kept."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy
from PIL import Image

from db.records import AssetFilter
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.listing import asset_list
from forge_core.catalog.quality import grey_windows, image_issues
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.forge_core.api import browsing

WINDOW = "fixed:2048/4096"


@pytest.fixture
def catalog(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A scan of 12 bits in 16, one that uses all 16, two files of several parts, a plain one."""
    folder = tmp_path / "scans"
    folder.mkdir()
    greys = np.linspace(0, 4095, 1024).reshape(32, 32)
    Image.fromarray(greys.astype(np.uint16)).save(folder / "twelve.png")
    Image.fromarray((greys * 16).astype(np.uint16)).save(folder / "sixteen.png")
    pages = [Image.new("L", (32, 32), shade) for shade in (10, 20, 30)]
    pages[0].save(folder / "pages.tif", save_all=True, append_images=pages[1:])
    pages[1].save(folder / "frames.gif", save_all=True, append_images=pages[2:])
    pages[2].save(folder / "plain.png")
    take_in(workspace, folder)
    return workspace


def take_in(workspace: Workspace, folder: Path) -> run_import.ImportReport:
    return run_import.run_import(workspace, import_plan.prepare(workspace, folder), actor=ACTOR)


def names(workspace: Workspace, fact: str) -> set[str]:
    found = asset_list.list_assets(workspace, AssetFilter(file=fact), limit=10).assets
    return {asset.file_path.rpartition("/")[2] for asset in found}


def thumbnail(workspace: Workspace) -> tuple[str, int]:
    """Address and brightest pixel of the thumbnail of `twelve.png`, as the gallery gets them."""
    browser = browsing.with_token(workspace, Actor("tester"))
    (row,) = browser.get("/assets", params={"file": "few_greys"}).json()["assets"]
    address = f"/thumbnails/{row['id']}/{row['hash']}"
    picture = Image.open(BytesIO(browser.get(address).content))
    return row["hash"], int(np.asarray(picture).max())


def test_files__are_found_by_what_their_image_does_not_show(catalog: Workspace) -> None:
    assert names(catalog, "pages") == {"pages.tif", "frames.gif"}
    assert names(catalog, "deep") == {"twelve.png", "sixteen.png"}
    assert names(catalog, "few_greys") == {"twelve.png"}
    state = grey_windows.get_state(catalog)
    assert (state.num_deep, state.num_few_greys, state.leaves_black) == (2, 1, True)
    first, second = grey_windows.list_examples(catalog, 2)
    assert first.file_path.endswith("twelve.png"), "the black ones come first"
    assert second.file_path.endswith("sixteen.png")


def test_files__importing_again_tells_what_was_not_kept(catalog: Workspace, tmp_path: Path) -> None:
    with catalog.database.write() as uow:
        uow.session.execute(sqlalchemy.text("DELETE FROM file_facts"))
    assert names(catalog, "deep") == set()
    assert take_in(catalog, tmp_path / "scans").added == 0
    assert names(catalog, "deep") == {"twelve.png", "sixteen.png"}


def test_choose__gallery_and_new_runs_follow__and_deep_pictures_are_measured_again(
    catalog: Workspace,
) -> None:
    before, dark = thumbnail(catalog)
    image_issues.measure_images(catalog)
    assert launch.with_window(catalog, TrainConfig()).grey_window == ""
    assert "nearly black" in launch.check_data(catalog).warnings[0]

    assert str(grey_windows.choose(catalog, f" {WINDOW} ", actor=ACTOR)) == WINDOW
    after, bright = thumbnail(catalog)
    assert (dark, bright) == (pytest.approx(16, abs=2), pytest.approx(255, abs=3))
    assert after == f"{before}-fixed_2048_4096", "the browser forgets the old picture"
    assert launch.with_window(catalog, TrainConfig()).grey_window == WINDOW
    assert image_issues.count_unmeasured(catalog) == 2
    assert not any("nearly black" in each for each in launch.check_data(catalog).warnings)
    assert names(catalog, "few_greys") == {"twelve.png"}, "a fact of the file"

    grey_windows.choose(catalog, "declared", actor=ACTOR)
    assert thumbnail(catalog) == (before, dark)


def test_choose__the_setting_holds_until_then__and_nonsense_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(workspace.settings.__dict__, "grey_window", "percentile:2-98")
    assert str(grey_windows.get_state(workspace).window) == "percentile:2-98"
    with pytest.raises(InvalidInput, match="no window of greys"):
        grey_windows.choose(workspace, "percentile:98-2", actor=ACTOR)
    grey_windows.choose(workspace, "declared", actor=ACTOR)
    assert str(grey_windows.get_state(workspace).window) == "declared"


@pytest.mark.parametrize(
    ("highest", "window"), [(4095, (2048, 4096)), (16_000, (8192, 16_384)), (0.8, (0.5, 1.0))]
)
def test_suggestion__holds_the_greys_of_the_picture(
    highest: float, window: tuple[float, float]
) -> None:
    assert grey_windows.suggest_fixed(highest) == window
