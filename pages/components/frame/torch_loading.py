"""Torch and what else the pages about training and models import: loaded once, by one thread.

The server answers meanwhile. A page that needs it waits for the thread instead of importing beside
it: two threads that import torchvision from two ends find it half made.
"""

import gc
import importlib
import logging
import threading
import time
from functools import cache

import streamlit as st

LOADED = (
    "forge_core.runs.starting.forecast",
    "forge_core.predictions.labelling.label_learning_curve",
    "forge_core.runs.pauses",
    "forge_core.predictions.augmentation_check",
    "forge_core.augmentation.preview",
    "forge_core.inference.predictor",
)
log = logging.getLogger("forge.app")


@cache
def start() -> threading.Thread:
    """Load `LOADED` in a thread; whoever asks later gets the same thread."""
    # Not a daemon: a server that is stopped at once must not end in the middle of torch's import.
    thread = threading.Thread(target=_load, name="torch-loading")
    thread.start()
    return thread


def wait() -> None:
    """Return when it is loaded; a person sees why the page takes its time."""
    thread = start()
    if thread.is_alive():
        with st.spinner("Loading the networks, once after each start"):
            thread.join()


def _load() -> None:
    begin = time.monotonic()
    for name in LOADED:
        importlib.import_module(name)
    # A million objects that stay. Python collects all garbage only when a quarter of what there was
    # has come anew, and would then look at each of them while the server stands still.
    gc.freeze()
    gc.collect()
    log.info("torch is loaded, %.1f s", time.monotonic() - begin)
