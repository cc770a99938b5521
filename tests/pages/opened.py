"""Open a page through the shell, and read what a person would read on it."""

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

SHELL = Path(__file__).parents[2] / "pages" / "shell.py"
ESCAPED = re.compile(r"\\([^A-Za-z0-9\s])")


def open_page(file: str, **query: str | int) -> AppTest:
    """A page as a visit to its address; `file` is its path under `pages/`."""
    app = AppTest.from_file(str(SHELL), default_timeout=90)
    for name, value in query.items():
        app.query_params[name] = str(value)
    app.switch_page(file)
    return app.run()


def words(app: AppTest) -> str:
    """Every sentence on the page, without the escapes that keep markdown from formatting."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption)
    boxes = (app.error, app.warning, app.info, app.success)
    text = "\n".join(element.value for kind in (*kinds, *boxes) for element in kind)
    return ESCAPED.sub(r"\1", text)


def labels_of_buttons(app: AppTest) -> list[str]:
    """What can be pressed, in order."""
    return [button.label for button in app.button]


def press(app: AppTest, label: str) -> AppTest:
    """Click the button with this label and run the page again."""
    next(button for button in app.button if button.label == label).click()
    return app.run()


def figures(app: AppTest) -> dict[str, str]:
    """The metrics of the page, by their label."""
    return {metric.label: metric.value for metric in app.metric}
