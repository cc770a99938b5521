"""A field of the filter, declared once, is everywhere: page, chips, address, routes, commands."""

from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from db.enums import RunStatus, Split
from db.models import VisionAsset
from db.records import Asset, AssetFilter
from db.repositories import filters
from forge_core.catalog.listing import asset_list, filter_fields, text_values
from forge_core.catalog.listing.field_types import (
    ANSWER_FIELDS,
    OPINION_FIELDS,
    Control,
    FilterField,
    Group,
    Said,
)
from forge_core.catalog.listing.filter_fields import FIELDS
from forge_core.cli.main import app as forge
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components.gallery import filter_controls
from tests import arrange
from tests.forge_core.api import browsing
from tests.pages.test_gallery_page import open_page

PAGES_GUIDE = Path(__file__).parents[2] / "docs" / "pages.md"
VALUES = {
    "label": "none",
    "split": "none",
    "source": "drawn",
    "group": "none",
    "text": "circle",
    "predicted": "1",
    "disagrees": "yes",
    "confidence_min": "0.2",
    "confidence_max": "0.9",
    "issue_min": "0.5",
    "issue_max": "0.9",
    "suspected": "1",
    "audit": "any",
    "run": "1",
    "author": "tester",
    "changed_since": "1",
    "since": "2020-01-01",
    "until": "2030-12-31",
    "side_min": "10",
    "side_max": "500",
    "duplicates": "any",
    "augmented": "no",
    "review": "none",
    "measured": "sharpness<12.5",
    "alike": "1",
    "file": "pages",
    "selected": "1",
    "decided": "label",
    "undecided": "picture",
    "requested": "chance",
    "opinions": "any",
    "asked_of": "tester",
    "assigned": "none",
    "evaluation": "1",
    "outcome": "wrong",
    "true_label": "1",
    "answered": "1",
    "sure_min": "0.2",
    "sure_max": "0.9",
    "top": "2",
    "seen": "no",
    "against": "1",
    "against_outcome": "right",
}
"""A value of each field, as in an address: a new field needs one here."""


@pytest.fixture
def assets(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images; run 1 could have looked at them."""
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    with sqlite_workspace.database.write() as uow:
        uow.runs.add(
            status=RunStatus.SUCCEEDED.value,
            author="tester",
            config={},
            revision_id=1,
            class_names=[],
            label_ids=[],
        )
        uow.evaluations.add(
            run_id=1,
            checkpoint_hash="b" * 64,
            split=Split.TEST,
            revision_id=1,
            num_images=1,
            accuracy=1.0,
            report={},
            author="tester",
            data_digest="d" * 64,
        )
        uow.likeness_searches.add(
            name="a.png", network="run:1", revision_id=1, num_missing=0, actor="tester", found={}
        )
        uow.kept_selections.add(name="2 images", actor="tester", asset_ids=[])
    return arrange.list_all(sqlite_workspace)


@pytest.fixture
def browser(sqlite_workspace: Workspace) -> TestClient:
    """A browser that may read."""
    return browsing.with_token(sqlite_workspace, Actor("tester"))


def count(browser: TestClient, query: dict[str, str]) -> int:
    """How many images the routes find."""
    answer = browser.get("/assets/count", params=query)
    assert answer.status_code == 200, (query, answer.text)
    return int(answer.json()["matching"])


def assign(query: dict[str, str]) -> str:
    """What the command line says of the images that match."""
    parts = [part for name, value in query.items() for part in ("--where", f"{name}={value}")]
    result = CliRunner().invoke(forge, ["assign", "Ana", "--dry-run", *parts])
    assert result.exit_code == 0, (query, result.output)
    return result.stdout


def query_of(name: str) -> dict[str, str]:
    """An address with this field alone, and a run where it is of one."""
    query = {name: VALUES[name]}
    if name in ANSWER_FIELDS:
        return {**query, "evaluation": "1"}
    if name == "against_outcome":
        return {**query, "against": "1"}
    return {**query, "run": "1"} if name in OPINION_FIELDS else query


def control_key(field: FilterField) -> str:
    name = field.name.rpartition("_")[0] if field.upper or not field.seat else field.name
    return filter_controls.key(name if name in ("confidence", "sure", "issue") else field.name)


def chip_words(app: AppTest) -> list[str]:
    return [button.label for button in app.button if (button.key or "").startswith("chip_")]


def test_each_field__has_a_type_a_meaning_in_sql_a_value_here_and_a_line_in_the_guide() -> None:
    names = set(FIELDS)
    assert {known.name for known in fields(AssetFilter)} == names
    assert filters.field_names() == names
    assert set(VALUES) == names
    guide = PAGES_GUIDE.read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in guide] == []


def test_each_field__has_a_control_that_can_be_drawn_and_a_seat_of_its_own() -> None:
    assert set(filter_controls.DRAWN) == set(Control) - {Control.WITH_LOWER}
    drawn = [known for known in FIELDS.values() if known.control is not Control.WITH_LOWER]
    seats = [(known.group, known.seat) for known in drawn if known.group is not Group.ROW]
    assert len(seats) == len(set(seats))
    uppers = {known.upper for known in FIELDS.values() if known.control is Control.SHARES}
    assert {k.name for k in FIELDS.values() if k.control is Control.WITH_LOWER} == uppers


@pytest.mark.parametrize("name", list(FIELDS))
def test_each_field__is_written_as_it_was_read(name: str) -> None:
    where = filter_fields.read({name: VALUES[name]})
    assert getattr(where, name) is not None
    assert filter_fields.write(where) == {name: VALUES[name]}


@pytest.mark.parametrize("name", list(FIELDS))
def test_each_field__is_said_by_a_chip_or_by_the_row_of_filters(name: str) -> None:
    said = Said(where=query_of(name), sort="newest", class_names={})
    subjects = {"evaluation", "against"} - {name}
    chips = [chip for chip in filter_fields.describe(said) if not subjects & set(chip.names)]
    assert len(chips) == (0 if FIELDS[name].group is Group.ROW else 1)
    assert all(name in chip.names and chip.words for chip in chips)


def test_each_field__is_shown_on_the_page_and_taken_by_routes_and_commands(
    sqlite_workspace: Workspace, assets: list[Asset], browser: TestClient
) -> None:
    alone = {"asked_of": VALUES["asked_of"]}  # blind questions: no other field may stand beside
    shown: dict[str | None, Any] = {}
    for values in ({**VALUES, **dict.fromkeys(alone)}, alone):
        asked = {name: value for name, value in values.items() if value is not None}
        app = open_page(**asked)
        assert not app.exception
        assert not app.error
        assert {name: app.query_params[name] for name in asked} == asked
        kinds = (app.selectbox, app.text_input, app.number_input, app.date_input, app.slider)
        drawn = {element.key: element.value for kind in kinds for element in kind}
        shown |= {key: value for key, value in drawn.items() if value not in (None, "")}
    for name, known in FIELDS.items():
        assert control_key(known) in shown or name in alone, name
        query = query_of(name)
        number = asset_list.count_assets(sqlite_workspace, filter_fields.read(query))
        assert count(browser, query) == number
        assert f"{number} image" in assign(query)


def test_a_field_that_is_added__is_everywhere_at_once(
    sqlite_workspace: Workspace,
    assets: list[Asset],
    browser: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its three declarations: a type, a meaning in SQL, and an entry of the table."""
    with_mime = make_dataclass(
        "WithMime",
        [("mime", "str | None", None)],
        bases=(AssetFilter,),
        frozen=True,
        kw_only=True,
    )
    monkeypatch.setattr(filter_fields, "AssetFilter", with_mime)
    monkeypatch.setitem(
        filters.CONDITIONS, "mime", lambda value, column: [column(VisionAsset.mime) == value]
    )
    mime = FilterField(
        name="mime",
        read=text_values.parse_text,
        words="Kind of file",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=5,
        values={"image/png": "PNG", "image/jpeg": "JPEG"},
        say=lambda value, said: f"{value} files",
    )
    monkeypatch.setitem(FIELDS, "mime", mime)

    app = open_page(mime="image/jpeg")
    assert not app.exception
    assert app.selectbox(key="filters_mime").options == ["PNG", "JPEG"]
    assert chip_words(app) == ["image/jpeg files"]
    assert any("None of the 12 images matches" in element.value for element in app.markdown)
    app.selectbox(key="filters_mime").set_value("image/png").run()
    assert app.query_params["mime"] == "image/png"
    assert app.get("bidi_component")
    app.button(key="chip_mime").click().run()
    assert "mime" not in app.query_params

    assert (count(browser, {"mime": "image/png"}), count(browser, {"mime": "image/gif"})) == (12, 0)
    assert assign({"mime": "image/png", "text": "circle"}) == "Ana would get 4 images.\n"
