"""Every page of the app, in one visible list, and the ways to get to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlencode

import streamlit as st

from pages.components.frame import workspace_address

PAGES_FOLDER = Path(__file__).parents[2]


@dataclass(frozen=True)
class PageEntry:
    """One page: its file under `pages/`, its address, its name and its icon."""

    file: str
    url_path: str
    title: str
    icon: str
    needs_torch: bool = False
    """Whether it imports torch: it then waits until `torch_loading` is done."""

    def exists(self) -> bool:
        """Whether the page is there; a page that is not is not offered."""
        return (PAGES_FOLDER / self.file).is_file()


SECTIONS: dict[str, tuple[PageEntry, ...]] = {
    "Data": (
        PageEntry("data/gallery.py", "gallery", "Gallery", ":material/grid_view:"),
        PageEntry("data/balance.py", "balance", "Class balance", ":material/bar_chart:", True),
        PageEntry("data/review.py", "review", "Review", ":material/rule:"),
        PageEntry("data/import_export.py", "import", "Import & export", ":material/swap_vert:"),
    ),
    "Train": (
        PageEntry(
            "training/augmentation.py", "augmentation", "Augmentation", ":material/tune:", True
        ),
        PageEntry("training/train.py", "train", "Train", ":material/model_training:", True),
        PageEntry("training/runs.py", "runs", "Runs", ":material/show_chart:"),
    ),
    "Models": (
        PageEntry("models/evaluation.py", "evaluation", "Evaluation", ":material/fact_check:"),
        PageEntry(
            "models/predict.py", "predict", "Predict", ":material/center_focus_strong:", True
        ),
        PageEntry("models/drift.py", "drift", "Drift", ":material/monitoring:"),
    ),
    "Workspace": (PageEntry("setup/settings.py", "settings", "Settings", ":material/settings:"),),
}


def find_page(url_path: str) -> PageEntry | None:
    """The page with this address, or None when it is not there."""
    entries = (entry for section in SECTIONS.values() for entry in section)
    return next((e for e in entries if e.url_path == url_path and e.exists()), None)


def go_to(url_path: str, query: Mapping[str, str | int] | None = None) -> NoReturn:
    """Leave this page for another, as after a click on a button.

    Raises:
        LookupError: There is no such page; ask `find_page` before offering the button.
    """
    entry = find_page(url_path)
    if entry is None:
        raise LookupError(f"there is no page {url_path!r}")
    st.switch_page(entry.file, query_params=workspace_address.named(query or {}))


def link_to(url_path: str, **query: str | int | None) -> str:
    """A relative address such as `gallery?label=3&split=val`; None values are left out.

    For links in markdown, tables and charts. Relative, so that it also works behind a prefix.
    """
    given = {name: value for name, value in query.items() if value is not None}
    return f"{url_path}?{urlencode(given)}" if given else url_path
