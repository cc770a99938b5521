"""Memory that was freed is used again, where the C library can do so."""

import ctypes
import json
import subprocess
import sys

import pytest

CODE = """
import json, resource, threading, torch
from forge_core.models import allocator

found = {}

def pages(name):
    for _ in range(8):
        torch.ones(16 * 2**20)  # 64 MiB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(16 * 2**20)
    found[name] = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 5

pages("usual")
assert allocator.keep_freed_memory()
pages("kept")
thread = threading.Thread(target=pages, args=["in a thread"])
thread.start()
thread.join()
print(json.dumps(found))
"""


@pytest.mark.process
@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="this C library has no mallopt"
)
def test_keep_freed_memory__pages_are_taken_once():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    # 64 MiB are 16,384 pages of 4 KiB, or 32 of 2 MiB; a block may find its place late
    assert found["usual"] >= 32
    assert found["kept"] < found["usual"] / 2
    assert found["in a thread"] < found["usual"] / 2
