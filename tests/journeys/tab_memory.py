"""What a tab of the real browser has of memory."""

from collections.abc import Mapping

import psutil
from playwright.sync_api import Browser, Page

SWEEPING_MS = 500


def tab_memory(browser: Browser, page: Page, *, sweep: bool = True) -> Mapping[str, float]:
    """Live JavaScript heap after a collection, DOM nodes, and the memory of the tab's process.

    The process is the largest renderer, so the page must be the only large one. PSS counts what
    is shared with other processes in parts. One collection leaves nodes behind on a busy machine,
    where the sweeping goes on beside the page; after a second and a rest they are gone, which
    takes a second (`sweep`).
    """
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    if sweep:
        page.wait_for_timeout(SWEEPING_MS)
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(SWEEPING_MS)
    session.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    about = browser.new_browser_cdp_session()
    processes = about.send("SystemInfo.getProcessInfo")["processInfo"]
    about.detach()
    renderers = [p["id"] for p in processes if p["type"] == "renderer"]
    found = [psutil.Process(pid).memory_full_info() for pid in renderers]
    largest = max(found, key=lambda info: info.pss)
    return {
        "heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1),
        "dom_nodes": int(metrics["Nodes"]),
        "process_pss_mb": round(largest.pss / 1e6, 1),
        "process_rss_mb": round(largest.rss / 1e6, 1),
    }
