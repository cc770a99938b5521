"""Pages that import torch leave that to the thread which loads it at the start."""

import ast
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from forge_core.workspace import Workspace
from pages.components.frame import navigation, torch_loading
from tests.pages.visiting import visit, words

ROOT = Path(__file__).parents[2]
ENTRIES = [entry for section in navigation.SECTIONS.values() for entry in section]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.url_path)
def test_a_page_that_imports_torch__says_so_and_finds_all_of_it_loaded(entry):
    body = ast.parse((navigation.PAGES_FOLDER / entry.file).read_text(encoding="utf-8")).body
    lines = [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    before = f"import {', '.join(torch_loading.LOADED)}" if entry.needs_torch else "pass"
    code = f"""
import sys
{before}
known = {{name for name in sys.modules if name.startswith(("torch", "forge_core"))}}
{chr(10).join(lines)}
new = {{name for name in sys.modules if name.split(".")[0] in ("torch", "torchvision")}} - known
assert not new, sorted(new)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


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
