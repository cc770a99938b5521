"""Random keys, as fast as they come, against a model of what the catalog should hold."""

import os
import random
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from forge_core.catalog.editing import classes
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.journeys.servers import visit

pytestmark = pytest.mark.browser

NUM_IMAGES = 12
NUM_KEYS = int(os.environ.get("FORGE_TEST_MONKEY_KEYS", "200"))
CLASSES = {"1": "cat", "2": "dog", "3": "fox"}
SPLITS = {"t": "train", "v": "val", "e": "test"}
VIEWS = {"Space": "focus", "Shift+Space": "film", "c": "compare"}
STEPS = {
    "ArrowLeft": -1,
    "ArrowRight": 1,
    "Home": -NUM_IMAGES,
    "Shift+ArrowLeft": -1,
    "Shift+ArrowRight": 1,
}


Change = tuple[str, int, str | None, str | None]
"""What (labels or splits), the place, before, after."""


@dataclass
class Model:
    """What a person who presses these keys has a right to expect."""

    labels: list[str | None] = field(default_factory=lambda: [None] * NUM_IMAGES)
    splits: list[str | None] = field(default_factory=lambda: [None] * NUM_IMAGES)
    focus: int = 0
    anchor: int = 0
    chosen: set[int] = field(default_factory=set)
    only: int | None = None
    """The one of the compared images that keys act on."""
    view: str = "grid"
    base: str = "grid"
    """Grid or film: what lies under focus and compare."""
    done: list[list[Change]] = field(default_factory=list)
    undone: list[list[Change]] = field(default_factory=list)

    def press(self, key: str) -> None:
        """One key; undo and redo are pressed only when there is something to undo or redo."""
        if key in STEPS:
            self.move(key)
        elif key in ("z", "Shift+Z"):
            self.go_back(redo=key != "z")
        elif key in CLASSES or key == "0":
            self.change("labels", CLASSES.get(key))
        elif key in SPLITS or key == "x":
            self.change("splits", SPLITS.get(key))
        elif key in ("u", "Shift+U"):
            self.find_unlabelled(1 if key == "u" else -1)
        elif key in ("Shift+Enter", "n"):
            self.choose(self.chosen ^ ({self.focus} if key != "n" else set(range(NUM_IMAGES))))
            self.anchor = self.focus if key != "n" else self.anchor
        elif key in VIEWS:
            self.look(VIEWS[key])

    def move(self, key: str) -> None:
        if self.view == "compare":
            self.step({"Home": 0}.get(key, STEPS[key]))
        elif key.startswith("Shift+"):
            self.focus = clamp(self.focus + STEPS[key])
            low, high = sorted((self.anchor, self.focus))
            self.choose(set(range(low, high + 1)))
        else:
            self.move_to(self.focus + STEPS[key])

    def move_to(self, place: int) -> None:
        self.focus = self.anchor = clamp(place)
        self.choose(set())

    def choose(self, places: set[int]) -> None:
        self.chosen, self.only = places, None
        if self.view == "compare" and len(places) < 2:
            self.view = self.base

    def step(self, by: int) -> None:
        """From one compared image to the next; before the first and behind the last are all."""
        compared = sorted(self.chosen)[:6]
        if self.only is None:
            place = {1: 0, -1: len(compared) - 1, 0: -1}[by]
        else:
            place = compared.index(self.only) + by
        self.only = compared[place] if 0 <= place < len(compared) else None
        self.focus = self.focus if self.only is None else self.only

    def look(self, view: str) -> None:
        if view == self.view:
            view = "grid" if view == self.base else self.base
        if view == "compare" and len(self.chosen) < 2:
            return
        self.view = view
        self.base = view if view in ("grid", "film") else self.base
        self.only = self.only if view == "compare" else None

    def change(self, kind: str, after: str | None) -> None:
        values = getattr(self, kind)
        places = sorted(self.chosen) or [self.focus]
        places = places if self.only is None else [self.only]
        changes = [(kind, place, values[place], after) for place in places]
        changes = [change for change in changes if change[2] != after]
        if changes:
            self.done.append(changes)
            self.undone.clear()
        for place in places:
            values[place] = after
        if self.view == "compare":
            if self.only is not None:
                self.step(1)
        elif kind == "labels":
            self.move_to(places[-1] + 1)
        elif not self.chosen:
            self.move_to(self.focus + 1)

    def go_back(self, *, redo: bool) -> None:
        changes = (self.undone if redo else self.done).pop()
        (self.done if redo else self.undone).append(changes)
        for kind, place, before, after in changes:
            getattr(self, kind)[place] = after if redo else before
        places = [place for _, place, _, _ in changes]
        if self.view == "compare" and self.chosen.issuperset(places):
            return
        self.move_to(places[0])
        if len(places) > 1:
            self.choose(set(places))

    def find_unlabelled(self, step: int) -> None:
        around = [(self.focus + step * n) % NUM_IMAGES for n in range(1, NUM_IMAGES)]
        found = next((place for place in around if self.labels[place] is None), None)
        if found is not None:
            self.move_to(found)

    def possible_keys(self) -> list[str]:
        keys = [*CLASSES, "0", *SPLITS, "x", *STEPS, "u", "Shift+U", "Shift+Enter", "n", "Enter"]
        keys += [*VIEWS, *["c"] * 3 * (len(self.chosen) > 1)]
        return keys + ["z"] * 4 * bool(self.done) + ["Shift+Z"] * 3 * bool(self.undone)


def clamp(place: int) -> int:
    return max(0, min(NUM_IMAGES - 1, place))


@pytest.mark.parametrize("seed", [11])
def test_random_keys__leave_what_they_should(
    sqlite_workspace: Workspace, tmp_path, forge_server, browser_page: Page, seed: int
):
    drawn = arrange.draw_folder(tmp_path / "drawn", ("monkey",), per_class=NUM_IMAGES)
    arrange.import_folder(sqlite_workspace, drawn)
    for key, name in CLASSES.items():
        classes.create_class(sqlite_workspace, name, actor=Actor("anna"), hotkey=key)
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
            expect(page.locator(".gallery")).to_have_attribute("data-view", model.view)
            number_chosen = page.locator(".selected-count")
            if model.chosen:
                expect(number_chosen).to_have_text(f"{len(model.chosen)} selected")
            else:
                expect(number_chosen).to_be_hidden()
        if number % 50 == 49 and model.view != "compare":
            expect(page.locator(".tile.focused")).to_have_attribute(
                "data-position", str(model.focus)
            )
    expect(page.locator(".saved")).to_have_text("saved", timeout=60_000)
    assets = arrange.list_all(sqlite_workspace)
    stored = [asset_list.get_asset(sqlite_workspace, asset.asset_id) for asset in assets]
    assert [asset.label_name for asset in stored] == model.labels
    assert [asset.split_type for asset in stored] == model.splits
    page.get_by_role("button", name="Grid").click()
    page.reload()
    shown = page.locator(".tile:not([hidden]) .name")
    expect(shown).to_have_count(NUM_IMAGES, timeout=60_000)
    assert shown.all_inner_texts() == [label or "no label" for label in model.labels]
