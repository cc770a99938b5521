"""Real browser, real server. Create the data through forge_core first, then drive the page.

`forge_server(workspace)` starts the app on that workspace and returns it (`.url`, `.stop()`,
`.start()`, `.log`). `browser_page` is a fresh page of Debian's Chromium; the test fails at its
end when the browser's console held an error that `console.allowed` does not name.
"""

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from forge_core.workspace import Workspace
from tests.journeys.servers import ForgeServer, running_server

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
SERVERS = pytest.StashKey[list[ForgeServer]]()
"""What a test has started."""
PATIENCE_MS = 30_000  # a promise about what is shown, not about how fast a busy machine is
# A picture that a rerun replaced while the browser was still asking for it is gone: the browser
# says so with the picture's address, and Streamlit's page once more in words.
STREAMLIT_MISSES = re.compile(r"/media/[0-9a-f]+\.\w+$")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A journey that fails shows what its server wrote."""
    report = yield
    if report.failed:
        for server in item.stash.get(SERVERS, []):
            state = "runs" if server.is_running() else "has ended"
            report.sections.append((f"the log of a server that {state}", server.log[-20_000:]))
    return report


@dataclass
class Console:
    """What the browser complained about: console errors, uncaught exceptions, CSP violations."""

    errors: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    """Patterns of errors that the test provokes, such as a lost network."""

    def watch(self, page: Page) -> None:
        page.on("console", self._on_message)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _on_message(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        is_miss = STREAMLIT_MISSES.search(where) or STREAMLIT_MISSES.search(message.text)
        if message.type == "error" and not is_miss:
            self.errors.append(f"{message.text} ({where})")

    def unexpected(self) -> list[str]:
        return [e for e in self.errors if not any(re.search(p, e) for p in self.allowed)]


def find_chromium() -> str:
    """Debian's Chromium; without one the test is skipped, or fails where CI promised it."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        reason = "chromium is not installed (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return executable


def find_headless() -> str:
    """Chromium without the parts of a window: a visit takes it 0.6 of the processor time."""
    return shutil.which("chromium-headless-shell") or find_chromium()


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    """Starts browsers; one for all journeys."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright_driver: Playwright) -> Iterator[Browser]:
    """One Chromium for all journeys."""
    browser = playwright_driver.chromium.launch(
        executable_path=find_headless(), args=CHROMIUM_FLAGS
    )
    yield browser
    browser.close()


@pytest.fixture
def console() -> Iterator[Console]:
    """The browser's complaints; any that the test did not allow fails it."""
    console = Console()
    yield console
    assert console.unexpected() == []


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own: storage, cookies, network state."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def browser_page(browser_context: BrowserContext, console: Console) -> Page:
    """A page whose console is watched."""
    page = browser_context.new_page()
    console.watch(page)
    return page


@pytest.fixture
def forge_server(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., ForgeServer]]:
    """Start the app on a workspace: `server = forge_server(workspace, NAME="value")`."""
    servers = request.node.stash.setdefault(SERVERS, [])
    with ExitStack() as stack:

        def start(workspace: Workspace, **environment: str) -> ForgeServer:
            servers.append(stack.enter_context(running_server(workspace, tmp_path, **environment)))
            return servers[-1]

        yield start
