"""Open a page through the shell, as a visit to its address, and read what it says."""

import re
from functools import cache
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.util import calc_hash

from pages.components.frame import navigation

SHELL = Path(__file__).parents[2] / "pages" / "shell.py"
ADDRESS_OF_FILE = {
    entry.file: entry.url_path for entries in navigation.SECTIONS.values() for entry in entries
}

# Each `AppTest` looks for components in all installed packages: 0.7 s, the page itself takes 0.05.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
look_until_it_stopped = local_script_runner.require_widgets_deltas


def wait_until_it_stopped(runner: local_script_runner.LocalScriptRunner, timeout: float) -> None:
    """`AppTest` looks a thousand times a second, and takes the turn of what it waits for."""
    thread = runner._script_thread
    assert thread is not None
    thread.join(timeout)
    look_until_it_stopped(runner, 1.0 if runner.script_stopped() else 0.0)


local_script_runner.require_widgets_deltas = wait_until_it_stopped


def visit(file: str, /, **query: str | int | list[str]) -> AppTest:
    """The page of this file under `pages/`, with these query parameters, drawn once.

    As a browser that is given this address. `AppTest.switch_page` takes a page for the name of its
    file until a first page has been drawn, which is the gallery, and costs as much as the test.
    """
    app = AppTest.from_file(str(SHELL), default_timeout=90)
    for name, value in query.items():
        app.query_params[name] = value if isinstance(value, list) else str(value)
    app._page_hash = calc_hash(ADDRESS_OF_FILE[file])
    return app.run()


def words(app: AppTest) -> str:
    """Everything the page says in words, a line an element; as it is read, without escapes."""
    headings = (*app.title, *app.header, *app.subheader)
    boxes = (*app.error, *app.warning, *app.info, *app.success)
    said = (*headings, *app.markdown, *app.caption, *boxes)
    links = [link.value for link in app.page_link]
    links += [re.sub("<[^>]*>", "", small.proto.body) for small in app.get("html")]
    return as_read("\n".join([*(element.value for element in said), *links]))


def as_read(markdown: str) -> str:
    """Markdown without the backslashes that keep its marks from being formatting."""
    return re.sub(r"\\([^A-Za-z0-9\s])", r"\1", markdown)


def primary(app: AppTest):
    """The one primary action at the top right."""
    return app.button(key="page_frame_action")


def links(app: AppTest) -> dict[str, str]:
    """Where each door leads: its words and the query it carries, besides the workspace's id."""
    return {as_read(link.value): query_of(link) for link in app.page_link}


def query_of(link) -> str:
    """What a door asks for."""
    query: str = link.proto.query_string
    return query.partition("&workspace=")[0]


def press(app: AppTest, label: str) -> AppTest:
    """Press the button with these words."""
    next(button for button in app.button if button.label == label).click()
    return app.run()


def labels_of_buttons(app: AppTest) -> list[str]:
    """What can be pressed, in order."""
    return [button.label for button in app.button]


def figures(app: AppTest) -> dict[str, str]:
    """The metrics of the page, by their label."""
    return {metric.label: metric.value for metric in app.metric}
