"""What a run's network says of images: shown, doubted, accepted one by one and together."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from db.enums import RunStatus
from db.models import Prediction, TrainingRun
from db.records import AssetFilter
from forge_core.catalog.editing import classes, label_edits
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.servers import ForgeServer, running_server, visit

pytestmark = pytest.mark.browser

PARTS = {"one": 5, "some": 6, "all": 230}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run says "dog" of every third image, from the newest on, and "cat" of the others."""
    folder = tmp_path_factory.mktemp("suggestions")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    for name, number in PARTS.items():
        drawn = arrange.draw_folder(folder / "drawn" / name, (name,), per_class=number, size=8)
        arrange.import_folder(workspace, drawn)
    cat, dog = (
        classes.create_class(workspace, name, actor=Actor("anna"), hotkey=key).label_id
        for key, name in (("1", "cat"), ("2", "dog"))
    )
    with workspace.database.write() as uow:
        run = TrainingRun(
            status=RunStatus.SUCCEEDED.value,
            author="anna",
            config={},
            revision_id=1,
            class_names=["cat", "dog"],
            label_ids=[cat, dog],
        )
        uow.session.add(run)
        uow.session.flush()
    for name in PARTS:
        ids = part_ids(workspace, name)
        label_edits.relabel(workspace, ids, None, actor=Actor("anna"))
        with workspace.database.write() as uow:
            for place, asset_id in enumerate(ids):
                said = {"label_id": cat if place % 3 else dog, "confidence": 0.93, "margin": 0.9}
                uow.session.add(
                    Prediction(run_id=run.run_id, asset_id=asset_id, entropy=0.2, **said)
                )
    label_edits.relabel(workspace, part_ids(workspace, "one")[1:2], dog, actor=Actor("anna"))
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with running_server(catalog, tmp_path_factory.mktemp("log")) as server:
        yield server


def part_ids(catalog: Workspace, part: str) -> list:
    return list(reversed(asset_list.list_ids(catalog, AssetFilter(text=f"/{part}_"))))


def labels_of(catalog: Workspace, part: str) -> list[str | None]:
    return [asset_list.get_asset(catalog, i).label_name for i in part_ids(catalog, part)]


def open_part(page: Page, server: ForgeServer, part: str) -> None:
    visit(page, f"{server.url}/gallery?text=/{part}_")
    expect(tile(page, 0)).to_be_visible(timeout=60_000)
    expect(page.locator(".count")).to_contain_text(" of ")


def tile(page: Page, position: int) -> Locator:
    return page.locator(f'.tile[data-position="{position}"]')


def expect_saved(page: Page) -> None:
    expect(page.locator(".saved")).to_have_text("saved")


def test_suggestion__is_shown_doubted_and_accepted_with_one_key(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "one")
    expect(page.locator(".says-line")).to_contain_text("model says: dog 0.93 (run 1)")
    expect(tile(page, 0).locator(".says")).to_have_text("dog0.93")
    expect(tile(page, 0).locator(".doubt")).to_be_hidden()
    expect(tile(page, 1).locator(".doubt")).to_be_visible()
    expect(tile(page, 1)).to_have_attribute("aria-label", re.compile("model says cat 0.93"))
    page.keyboard.press(".")
    expect(page.locator(".tile.focused")).to_have_attribute("data-position", "1")

    page.keyboard.press("Home")
    page.keyboard.press("Space")
    first = page.locator(".focus-classes .class").first
    expect(first).to_contain_text("dog")
    expect(first).to_contain_text("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".preview .place")).to_have_text("2 of 5")
    expect(first).to_contain_text("cat")
    page.keyboard.press("Enter")
    expect_saved(page)
    assert labels_of(catalog, "one") == ["dog", "cat", None, None, None]
    expect(tile(page, 1).locator(".doubt")).to_be_hidden()


def test_accept__for_a_selection_each_its_own_and_one_step_of_undo(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.append(request.post_data or "") if request.url.endswith("/operations") else None
        ),
    )
    open_part(page, server, "some")
    page.keyboard.press("Control+a")
    expect(page.locator(".says-line")).to_contain_text("model says: 4 cat, 2 dog (run 1)")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("6 images labelled as the model says.")
    expect_saved(page)
    assert labels_of(catalog, "some") == ["dog", "cat", "cat", "dog", "cat", "cat"]
    assert sum(body.count('"kind":"relabel"') for body in sent) == 2  # one a class
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_contain_text("Undone: 6 images.")
    expect_saved(page)
    assert labels_of(catalog, "some") == [None] * 6
    page.keyboard.press("Shift+Z")
    expect_saved(page)
    assert labels_of(catalog, "some") == ["dog", "cat", "cat", "dog", "cat", "cat"]


def test_accept__all_that_match_also_what_was_not_loaded(
    catalog: Workspace, server: ForgeServer, browser_page: Page
):
    page = browser_page
    open_part(page, server, "all")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+a")
    expect(page.locator(".selected-count")).to_have_text("all 230 that match")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("230 images changed.")
    expect_saved(page)
    assert labels_of(catalog, "all") == ["cat" if n % 3 else "dog" for n in range(230)]
    page.locator(".toast button").click()
    expect_saved(page)
    assert labels_of(catalog, "all") == [None] * 230
