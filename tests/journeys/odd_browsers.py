"""Browsers out of the ordinary: killed and opened again, or with a clock that a person changes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, Playwright

from tests.journeys.conftest import CHROMIUM_FLAGS, find_chromium

SHIFTED_CLOCK = """
(() => {
  const Real = Date;
  let shift = Number(sessionStorage.getItem("shift") ?? 0);
  window.shiftClock = (ms) => sessionStorage.setItem("shift", (shift += ms));
  const now = () => Real.now() + shift;
  window.Date = new Proxy(Real, {
    construct: (_, given) => (given.length ? new Real(...given) : new Real(now())),
    apply: () => new Real(now()).toString(),
    get: (_, name) => (name === "now" ? now : Real[name]),
  });
})();
"""
"""The wall clock of a page can be changed, as by a person or a time server; timers go on."""


@contextmanager
def own_browser(
    playwright: Playwright, folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Page]]:
    """A Chromium that we started, so that it can be killed; its profile outlives it."""
    profile = folder / "profile"
    told = profile / "DevToolsActivePort"
    told.unlink(missing_ok=True)
    options = [*CHROMIUM_FLAGS, "--headless=new", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [find_chromium(), *options, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not (told.exists() and told.read_text().count("\n")):
            assert process.poll() is None, "the browser ended by itself"
            assert time.monotonic() < deadline, "the browser did not start"
            time.sleep(0.1)
        browser = playwright.chromium.connect_over_cdp(
            f"http://127.0.0.1:{told.read_text().splitlines()[0]}"
        )
        context = browser.contexts[0]
        context.set_default_timeout(30_000)
        yield process, context.new_page()
        if process.poll() is None:
            browser.close()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
