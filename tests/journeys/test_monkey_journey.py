"""Random keys, as fast as they come, against a model of what the catalog should hold."""

import os
import random
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from forge_core.catalog import browsing, classes
from forge_core.workspace import Workspace
from tests import arrange
from tests.journeys.servers import visit

pytestmark = pytest.mark.browser

NUM_IMAGES = 12
NUM_KEYS = int(os.environ.get("FORGE_TEST_MONKEY_KEYS", "200"))
CLASSES = {"1": "cat", "2": "dog", "3": "fox"}
SPLITS = {"t": "train", "v": "val", "e": "test"}


@dataclass
class Model:
    """What a person who presses these keys has a right to expect."""

    labels: list[str | None] = field(default_factory=lambda: [None] * NUM_IMAGES)
    splits: list[str | None] = field(default_factory=lambda: [None] * NUM_IMAGES)
    focus: int = 0
    done: list[tuple[str, int, str | None, str | None]] = field(default_factory=list)
    undone: list[tuple[str, int, str | None, str | None]] = field(default_factory=list)

    def press(self, key: str) -> None:
        """One key; undo and redo are pressed only when there is something to undo or redo."""
        if key in ("ArrowLeft", "ArrowRight", "Home"):
            step = {"ArrowLeft": -1, "ArrowRight": 1, "Home": -NUM_IMAGES}[key]
            self.focus = max(0, min(NUM_IMAGES - 1, self.focus + step))
        elif key == "z":
            kind, place, before, _ = change = self.done.pop()
            self.undone.append(change)
            self.put(kind, place, before)
        elif key == "Shift+Z":
            kind, place, _, after = change = self.undone.pop()
            self.done.append(change)
            self.put(kind, place, after)
        elif key in CLASSES or key == "0":
            self.change("labels", CLASSES.get(key))
        else:
            self.change("splits", SPLITS.get(key))

    def change(self, kind: str, after: str | None) -> None:
        before = getattr(self, kind)[self.focus]
        if before != after:
            self.done.append((kind, self.focus, before, after))
            self.undone.clear()
            self.put(kind, self.focus, after)
        self.focus = min(NUM_IMAGES - 1, self.focus + 1)

    def put(self, kind: str, place: int, value: str | None) -> None:
        getattr(self, kind)[place] = value
        self.focus = place

    def possible_keys(self) -> list[str]:
        keys = [*CLASSES, "0", *SPLITS, "x", "ArrowLeft", "ArrowRight", "Home"]
        return keys + ["z"] * 4 * bool(self.done) + ["Shift+Z"] * 3 * bool(self.undone)


@pytest.mark.parametrize("seed", [11])
def test_random_keys__leave_what_they_should(
    sqlite_workspace: Workspace, tmp_path, forge_server, browser_page: Page, seed: int
):
    drawn = arrange.draw_folder(tmp_path / "drawn", ("monkey",), per_class=NUM_IMAGES)
    arrange.import_folder(sqlite_workspace, drawn)
    for key, name in CLASSES.items():
        classes.create_class(sqlite_workspace, name, author="anna", hotkey=key)
    server = forge_server(sqlite_workspace)
    page = browser_page
    visit(page, f"{server.url}/gallery?sort=oldest")
    expect(page.locator(".count")).to_contain_text(f"{NUM_IMAGES} images", timeout=60_000)
    page.locator('.tile[data-position="0"]').wait_for()
    page.keyboard.press("Home")

    keys, model = random.Random(seed), Model()
    for number in range(NUM_KEYS):
        key = keys.choice(model.possible_keys())
        model.press(key)
        page.keyboard.press(key)
        if number % 50 == 49:
            expect(page.locator(".tile.focused")).to_have_attribute(
                "data-position", str(model.focus)
            )
    expect(page.locator(".saved")).to_have_text("saved", timeout=60_000)
    assets = arrange.list_all(sqlite_workspace)
    stored = [browsing.get_asset(sqlite_workspace, asset.asset_id) for asset in assets]
    assert [asset.label_name for asset in stored] == model.labels
    assert [asset.split_type for asset in stored] == model.splits
    page.reload()
    shown = page.locator(".tile:not([hidden]) .name")
    expect(shown).to_have_count(NUM_IMAGES, timeout=60_000)
    assert shown.all_inner_texts() == [label or "no label" for label in model.labels]
