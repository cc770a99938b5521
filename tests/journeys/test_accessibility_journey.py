"""What axe finds on the pages: nothing serious and nothing critical, in light and dark.

A page is visited once and turned dark where it stands: what it is made of stays, so that in the
dark only axe's rules of colour are asked again.

axe looks at no disabled element, so the contrast of disabled buttons is measured beside it.

Left out, with the reason: the list of pages at the left is Streamlit's own, and has its sections
as `div` between `ul` and `li` (axe: list, listitem); no option of ours changes that.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
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
LOOKS = 5
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
    """What axe calls serious or critical in light and in dark, as `scheme: rule: element`, and
    buttons that cannot be pressed and hardly be read, which axe does not look at.

    What is found must stay: parts of a page follow a change of scheme one after the other.
    """
    wait_until_drawn(page)
    lasting: list[str] = []
    for scheme in in_light_and_dark(page):
        for _ in range(LOOKS):
            found = look(page, scheme)
            if not found:
                break
            page.wait_for_timeout(1000)
        lasting += found
    return lasting


def look(page: Page, scheme: str) -> list[str]:
    """What is found in the scheme in which the page stands; in the dark it is about colours."""
    options = {} if scheme == "light" else COLOUR_RULES
    return unreadable_buttons(page, scheme) + [
        f"{scheme}: {rule['id']}: {node['html'][:120]}: {node.get('failureSummary', '')[:200]}"
        for rule in violations(page, options)
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


def in_light_and_dark(page: Page) -> Iterator[str]:
    """Each scheme while the page is painted in it; light again at the end."""
    for scheme, is_dark in (("light", False), ("dark", True)):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(IS_PAINTED, arg=is_dark)
        yield scheme
    page.emulate_media(color_scheme="light")


def violations(page: Page, options: dict[str, object]) -> list[dict[str, Any]]:
    """What axe finds. It is read once by each page, and does not list what is in order."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(
        "([where, options]) => axe.run(where, options).then((results) => results.violations)",
        [{"exclude": [STREAMLITS_OWN]}, {"resultTypes": ["violations"], **options}],
    )
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


def unreadable_buttons(page: Page, scheme: str) -> list[str]:
    """Buttons that cannot be pressed and whose words or shape can hardly be seen."""
    return [
        f"{scheme}: {button}"
        for button in disabled_buttons(page)
        if button.text_contrast < TEXT_CONTRAST
        or not (button.is_text_alone or button.edge_contrast >= EDGE_CONTRAST)
    ]


def test_disabled_buttons__can_be_read(catalog: Workspace, server: ForgeServer, page: Page):
    ids = [asset.asset_id for asset in arrange.list_all(catalog)]
    label_edits.set_split(catalog, ids, "val", actor=Actor("anna"))  # nothing is left to be split
    for name, button in DISABLED_ON.items():
        visit(page, f"{server.url}/{name}")
        expect(page.get_by_role("button", name=button)).to_be_disabled(timeout=60_000)
        wait_until_drawn(page)
        for scheme in in_light_and_dark(page):
            assert disabled_buttons(page)
            assert unreadable_buttons(page, scheme) == [], name


def test_other_pages__have_no_serious_finding(server: ForgeServer, page: Page):
    first, *others = OTHER_PAGES
    visit(page, f"{server.url}/{first}")
    title = page.locator(MAIN_TITLE).first
    expect(title).to_be_visible(timeout=60_000)
    assert findings(page) == [], first
    for name in others:  # as a person goes on, who does not load the browser's part again
        before = title.inner_text()
        page.locator(f'{STREAMLITS_OWN[0]} a[href$="/{name}"]').click()
        expect(page).to_have_url(re.compile(f"/{name}"))
        expect(title).not_to_have_text(before)
        assert findings(page) == [], name
