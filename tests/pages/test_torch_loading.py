"""Pages that import torch leave that to the thread which loads it at the start."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal

import app
from forge_core.workspace import Workspace
from pages.components.frame import navigation, torch_loading
from tests.pages.visiting import visit, words

ROOT = Path(__file__).parents[2]
ENTRIES = [entry for section in navigation.SECTIONS.values() for entry in section]


def run_code(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def imports_of(needs_torch: bool) -> dict[str, str]:
    """The lines that import, of each page that says that it needs torch, or not; by address."""
    found = {}
    for entry in ENTRIES:
        body = ast.parse((navigation.PAGES_FOLDER / entry.file).read_text(encoding="utf-8")).body
        lines = [
            ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        if entry.needs_torch == needs_torch:
            found[entry.url_path] = "\n".join(lines)
    assert found
    return found


IMPORT_EACH = """
import sys
for address, lines in {pages}.items():
    known = {{name for name in sys.modules if name.startswith(("torch", "forge_core"))}}
    exec(lines, {{}})
    new = {{name for name in sys.modules if name.split(".")[0] in ("torch", "torchvision")}} - known
    assert not new, (address, sorted(new))
"""


LOAD_IN_A_THREAD = """
import gc, sys, app
from pages.components.frame import torch_loading
assert "torch" not in sys.modules
thread = torch_loading.start()
assert thread is torch_loading.start()
assert thread.name == "torch-loading"
thread.join()
assert all(name in sys.modules for name in ("torch", *torch_loading.LOADED))
assert gc.get_freeze_count() > 100_000 > len(gc.get_objects())  # garbage is cheap to find
"""


@pytest.mark.slow
def test_the_app_starts_without_torch__a_thread_loads_all_that_pages_need():
    """In one process: what a page would load itself is new with that page, whoever was before.

    Pages that do not say that they need torch come first, and import none of it.
    """
    light, heavy = (imports_of(needs_torch=needs) for needs in (False, True))
    before, after = IMPORT_EACH.format(pages=light), IMPORT_EACH.format(pages=heavy)
    run_code(f"{before}\n{LOAD_IN_A_THREAD}\n{after}")


def test_only_pages_that_need_torch__wait_for_it(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    waited = []
    monkeypatch.setattr(torch_loading, "wait", lambda: waited.append(True))
    visit("data/gallery.py")
    assert waited == []
    visit("models/predict.py")
    assert waited == [True]


def test_wait__returns_when_everything_is_loaded(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    may_end = threading.Event()
    thread = threading.Thread(target=may_end.wait)
    thread.start()
    monkeypatch.setattr(torch_loading, "start", lambda: thread)
    timer = threading.Timer(1.0, may_end.set)
    timer.start()
    app = visit("models/predict.py")
    assert not thread.is_alive()
    assert "Predict" in words(app)
    assert not app.exception


@pytest.mark.parametrize("is_wanted", [True, False])
def test_server__loads_torch_when_it_starts_unless_told_not_to(
    is_wanted: bool, sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FORGE_PRELOAD_TORCH", str(is_wanted))
    app.served_workspace.cache_clear()
    started = []
    monkeypatch.setattr(torch_loading, "start", lambda: started.append(True))

    async def start_and_stop() -> None:
        async with app.lifespan(app.app):
            pass

    with start_blocking_portal() as portal:
        portal.call(start_and_stop)
    app.served_workspace.cache_clear()
    assert started == [True] * is_wanted
