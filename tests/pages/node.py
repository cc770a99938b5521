"""Where tests find the node that runs JavaScript."""

import os
import shutil

import pytest


def find_node() -> str:
    """The path of node; the test is skipped where there is none, and fails in CI."""
    node = shutil.which("node")
    if node is None:
        reason = "node is not installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return node
