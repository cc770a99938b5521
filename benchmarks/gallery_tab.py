"""Scroll in a browser that nobody listens in on: frames, long tasks, elements, memory of the tab.

Playwright records the network, and for that the tab keeps every answer: about 16 kB a thumbnail,
which would be measured as the gallery's. So this browser is started and asked by hand.
"""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from websockets.sync.client import ClientConnection, connect

from tests.journeys.conftest import CHROMIUM_FLAGS, find_chromium

PATIENCE_SECONDS = 180


class Tab:
    """One page of a browser of its own, asked over its debugging port."""

    def __init__(self, connection: ClientConnection, process: psutil.Process) -> None:
        self._connection = connection
        self._process = process
        self._asked = 0

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command, and its answer."""
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": parameters}
        self._connection.send(json.dumps(asked))
        while True:
            answer = json.loads(self._connection.recv(timeout=PATIENCE_SECONDS))
            if answer.get("id") == self._asked:
                result: dict[str, Any] = answer.get("result", {})
                return result

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or of its promise."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer.get("result", {}).get("value")

    def memory(self) -> dict[str, float]:
        """Megabytes of the tab's process after a collection, its heap, and its DOM nodes."""
        self.send("HeapProfiler.collectGarbage")
        self.send("Performance.enable")
        metrics = {m["name"]: m["value"] for m in self.send("Performance.getMetrics")["metrics"]}
        renderers = [
            child.memory_full_info()
            for child in self._process.children(recursive=True)
            if "--type=renderer" in child.cmdline()
        ]
        largest = max(renderers, key=lambda info: info.pss)
        return {
            "heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1),
            "dom_nodes": int(metrics["Nodes"]),
            "process_pss_mb": round(largest.pss / 1e6),
            "process_rss_mb": round(largest.rss / 1e6),
        }


@contextmanager
def open_tab(folder: Path, width: int, height: int) -> Iterator[Tab]:
    """A tab of a fresh browser; the browser ends with it."""
    profile = folder / "profile"
    process = subprocess.Popen(
        [
            find_chromium(),
            *CHROMIUM_FLAGS,
            "--headless=new",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        told = profile / "DevToolsActivePort"
        while not (told.exists() and "\n" in told.read_text()):
            assert process.poll() is None, "the browser ended by itself"
            time.sleep(0.1)
        address = f"http://127.0.0.1:{told.read_text().split()[0]}/json"
        with urllib.request.urlopen(address) as answer:
            (page,) = [tab for tab in json.load(answer) if tab["type"] == "page"]
        with connect(page["webSocketDebuggerUrl"], max_size=None) as connection:
            yield Tab(connection, psutil.Process(process.pid))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        shutil.rmtree(profile, ignore_errors=True)


def scroll(tab: Tab, images: int) -> dict[str, Any]:
    """Scroll over so many thumbnails, a line a frame; the gallery is open and painted."""
    before = tab.memory()
    shape = tab.evaluate(
        """(() => {
          const tiles = probe.pictures(".tile:not([hidden])").map((t) => t.getBoundingClientRect());
          const tops = [...new Set(tiles.map((t) => Math.round(t.top)))].sort((a, b) => a - b);
          return { columns: tiles.filter((t) => Math.round(t.top) === tops[1]).length,
                   line: tops[2] - tops[1] };
        })()"""
    )
    given = {"pixels": images / shape["columns"] * shape["line"], "step": shape["line"]}
    found = tab.evaluate(f"probe.scroll({json.dumps(given)})")
    long_tasks = [duration for _, duration in found.pop("long_tasks")]
    found.pop("images")
    return {
        **{name: round(value, 1) for name, value in found.items()},
        "frames_per_second": round(found["frames"] / found["seconds"], 1),
        "thumbnails": images,
        "long_tasks": len(long_tasks),
        "longest_task_ms": round(max(long_tasks, default=0), 1),
        **tab.memory(),
        "process_pss_mb_before": before["process_pss_mb"],
    }
