"""What axe finds on the pages: nothing serious and nothing critical, in light and dark.

A page is visited once and turned dark where it stands: what it is made of stays, so that in the
dark only axe's rules of colour are asked again.

axe looks at no disabled element, so the contrast of disabled buttons is measured beside it.

Left out, with the reason: the list of pages at the left is Streamlit's own, and has its sections
as `div` between `ul` and `li` (axe: list, listitem); no option of ours changes that.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from forge_core.catalog.editing import classes, label_edits, review_flags
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import arrange
from tests.journeys.contrast import disabled_buttons
from tests.journeys.servers import ForgeServer, running_server, visit

pytestmark = pytest.mark.browser

COLOUR_RULES = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
IS_PAINTED = """(isDark) => {
  const ground = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  return (ground.match(/\\d+/g).slice(0, 3).every((part) => part < 128)) === isDark;
}"""
STREAMLITS_OWN = ['[data-testid="stSidebarNav"]']
TEXT_CONTRAST, EDGE_CONTRAST = 3.0, 1.1
"""At least, of a disabled button: its words on its ground, and its shape on the page."""
OTHER_PAGES = (
    "balance",
    "review",
    "import",
    "augmentation",
    "train",
    "runs",
    "evaluation",
    "predict",
    "drift",
    "settings",
)
ALL_PAGES = ("gallery", *OTHER_PAGES)
DISABLED_ON = {"balance": "Split images", "import": "Import images", "train": "Start training"}
"""A button that cannot be pressed, of the pages that have one when all images are in "val"."""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("axe")
    workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws", user="anna"))
    arrange.import_folder(workspace, arrange.draw_folder(folder / "drawn"))
    ids = [asset.asset_id for asset in arrange.list_all(workspace)]
    label_edits.relabel(workspace, ids[:2], None, actor=Actor("anna"))
    label_edits.set_split(workspace, ids[:6], "train", actor=Actor("anna"))
    review_flags.flag(workspace, ids[-1:], note="a fox?", actor=Actor("ben"))
    classes.create_class(workspace, "fox", actor=Actor("anna"), hotkey="4")
    return workspace


@pytest.fixture(scope="module")
def server(catalog: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with running_server(catalog, tmp_path_factory.mktemp("log")) as server:
        yield server


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def findings(page: Page) -> list[str]:
    """What axe calls serious or critical in light and in dark, as `scheme: rule: element`."""
    wait_until_drawn(page)
    return [
        f"{scheme}: {found['id']}: {node['html'][:120]}: {node.get('failureSummary', '')[:200]}"
        for scheme in in_light_and_dark(page)
        for found in violations(page, {} if scheme == "light" else COLOUR_RULES)
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def in_light_and_dark(page: Page) -> Iterator[str]:
    """Each scheme while the page is painted in it; light again at the end."""
    for scheme, is_dark in (("light", False), ("dark", True)):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(IS_PAINTED, arg=is_dark)
        yield scheme
    page.emulate_media(color_scheme="light")


def violations(page: Page, options: dict[str, object]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        Axe().run(page, context={"exclude": [STREAMLITS_OWN]}, options=options)
    ).response["violations"]
    return found


def wait_until_drawn(page: Page) -> None:
    """While a page is drawn again, its parts are faded, and so is the button that would stop it."""
    expect(page.locator('[data-test-script-state="notRunning"]').first).to_be_visible()
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    page.wait_for_timeout(400)


def press(*keys: str) -> Callable[[Page], None]:
    def run(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return run


STATES = {
    "grid": press("ArrowRight"),
    "film": press("Shift+Space"),
    "focus": press("Space"),
    "compare": press("Escape", "Shift+Space", "Home", "Shift+ArrowRight", "Shift+ArrowRight", "c"),
    "menu": lambda page: page.get_by_role("button", name="Show").click(),
    "help": press("Escape", "?"),
    "picker": press("Escape", "/"),
    "note": press("Escape", "m"),
}
"""Each from the one before it, and what is to be seen then."""

MAIN_TITLE = '[data-testid="stMain"] h1'
FIRST_OF = {"gallery": '.tile[data-position="0"]'}
SEEN = {
    "grid": ".tile.focused",
    "film": ".preview",
    "focus": ".preview",
    "compare": ".pane",
    "menu": ".menu input",
    "help": '[aria-label="Keys of this page"]',
    "picker": '[aria-label="Choose a class"]',
    "note": '[aria-label="Mark for review"]',
}


def test_gallery__has_no_serious_finding_in_any_view(server: ForgeServer, page: Page):
    visit(page, f"{server.url}/gallery")
    expect(page.locator('.tile[data-position="0"]')).to_be_visible(timeout=60_000)
    for name, reach in STATES.items():
        reach(page)
        expect(page.locator(SEEN[name]).first).to_be_visible()
        assert findings(page) == [], name


def check_disabled_buttons(server: ForgeServer, page: Page, name: str) -> None:
    """Each button of a page that cannot be pressed can be read."""
    visit(page, f"{server.url}/{name}")
    expect(page.locator(FIRST_OF.get(name, MAIN_TITLE)).first).to_be_visible(timeout=120_000)
    if name in DISABLED_ON:
        expect(page.get_by_role("button", name=DISABLED_ON[name])).to_be_disabled()
    wait_until_drawn(page)
    for scheme in in_light_and_dark(page):
        found = disabled_buttons(page)
        assert found or name not in DISABLED_ON
        for button in found:
            assert button.text_contrast >= TEXT_CONTRAST, (name, scheme, button)
            is_seen = button.is_text_alone or button.edge_contrast >= EDGE_CONTRAST
            assert is_seen, (name, scheme, button)


def test_disabled_buttons__can_be_read_on_every_page(
    catalog: Workspace, server: ForgeServer, page: Page
):
    ids = [asset.asset_id for asset in arrange.list_all(catalog)]
    label_edits.set_split(catalog, ids, "val", actor=Actor("anna"))  # nothing is left to be split
    for name in ALL_PAGES:
        check_disabled_buttons(server, page, name)


def test_other_pages__have_no_serious_finding(server: ForgeServer, page: Page):
    for name in OTHER_PAGES:
        visit(page, f"{server.url}/{name}")
        expect(page.locator(MAIN_TITLE).first).to_be_visible(timeout=60_000)
        assert findings(page) == [], name
