"""The filters behind "More": address, controls and chips say the same, whichever is changed."""

import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.enums import RunStatus
from db.models import Prediction
from db.records import Asset, AssetFilter
from forge_core.catalog.editing import assignments, label_edits
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.pages.test_gallery_page import mounted, open_page, words
from tests.pages.visiting import as_read


@pytest.fixture
def assets(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    """12 drawn images; runs 1 and 2 have looked at them; Ana relabelled one and has the circles."""
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    assets = arrange.list_all(sqlite_workspace)
    label_edits.relabel(sqlite_workspace, [assets[0].asset_id], None, actor=Actor("Ana"))
    with sqlite_workspace.database.write() as uow:
        for _ in range(2):
            run_id = uow.runs.add(
                status=RunStatus.SUCCEEDED.value,
                author="Ana",
                config={},
                revision_id=1,
                class_names=[],
                label_ids=[],
            )
            for i, asset in enumerate(assets):
                uow.session.add(
                    Prediction(
                        run_id=run_id,
                        asset_id=asset.asset_id,
                        label_id=1,
                        confidence=i / 12,
                        margin=0.0,
                        entropy=0.0,
                        label_quality=i / 12,
                        given_label_id=asset.label_id,
                    )
                )
    assignments.assign(sqlite_workspace, AssetFilter(text="circle_"), ["Ana"], actor=Actor("Ana"))
    return assets


def chips(app: AppTest) -> list[str]:
    return [button.label for button in app.button if (button.key or "").startswith("chip_")]


LINK = {
    "run": "2",
    "disagrees": "yes",
    "predicted": "1",
    "confidence_min": "0.2",
    "confidence_max": "0.9",
    "side_min": "10",
    "side_max": "500",
    "since": "2020-01-01",
    "until": "2030-12-31",
    "author": "tester",
    "changed_since": "1",
    "duplicates": "any",
    "augmented": "no",
    "review": "none",
    "measured": "sharpness<12.5",
    "decided": "label",
    "undecided": "picture",
    "assigned": "Ana",
    "sort": "least_confident",
}


def test_a_deep_link__sets_every_control_and_stays_as_it_is(assets: list[Asset]):
    app = open_page(**LINK)
    assert not app.exception
    assert not app.error
    boxes = {
        name: app.selectbox(key=f"filters_{name}").value
        for name in ("run", "disagrees", "predicted", "author", "duplicates", "augmented")
    }
    assert boxes == {name: LINK[name] for name in boxes}
    assert app.selectbox(key="filters_sort").value == "least_confident"
    assert app.slider(key="filters_confidence").value == (20, 90)
    assert app.number_input(key="filters_side_min").value == 10
    assert app.number_input(key="filters_changed_since").value == 1
    assert app.date_input(key="filters_since").value == datetime.date(2020, 1, 1)
    assert {name: app.query_params[name] for name in LINK} == LINK
    assert chips(app) == [
        "run 2 says circle",
        "run 2 disagrees",
        "run 2 sure 20 to 90 %",
        "least sure first, run 2",
        "changed by tester",
        "changed since revision 1",
        "imported 2020-01-01 to 2030-12-31",
        "shorter side 10 to 500 px",
        "near-duplicates",
        "originals only",
        "not marked",
        "sharpness below 12.5",
        "label confirmed",
        "picture not confirmed",
        "assigned to Ana",
    ]


def test_chips__are_taken_away_one_by_one_until_nothing_is_left(assets: list[Asset]):
    app = open_page(**LINK)
    while chips(app):
        before = chips(app)
        next(b for b in app.button if b.label == before[0] and b.key.startswith("chip_")).click()
        app.run()
        assert len(chips(app)) < len(before)
        assert not app.error
    assert not set(LINK) & set(app.query_params)
    assert mounted(app)


def test_an_opinion__without_a_run_is_of_the_newest_one(assets: list[Asset]):
    app = open_page()
    assert app.selectbox(key="filters_run").options == ["run 2", "run 1"]
    app.selectbox(key="filters_disagrees").set_value("yes").run()
    assert (app.query_params["run"], app.query_params["disagrees"]) == ("2", "yes")
    assert chips(app) == ["run 2 disagrees"]
    app.selectbox(key="filters_disagrees").set_value(None).run()
    assert "run" not in app.query_params
    app.slider(key="filters_confidence").set_value((0, 40)).run()
    assert (app.query_params["run"], app.query_params["confidence_max"]) == ("2", "0.4")
    assert "confidence_min" not in app.query_params
    app.selectbox(key="filters_run").set_value(None).run()
    assert chips(app) == []


def test_an_order_of_a_run__is_of_the_newest_one_and_ends_with_it(assets: list[Asset]):
    app = open_page(sort="highest_entropy")
    assert (app.query_params["run"], chips(app)) == ("2", ["most undecided first, run 2"])
    app.selectbox(key="filters_run").set_value("1").run()
    assert chips(app) == ["most undecided first, run 1"]
    app.button(key="chip_sort").click().run()
    assert not {"sort", "run"} & set(app.query_params)
    app = open_page(run="1", sort="lowest_quality")
    app.selectbox(key="filters_run").set_value(None).run()
    assert not {"sort", "run"} & set(app.query_params)


def test_controls__write_the_address(assets: list[Asset]):
    app = open_page()
    app.number_input(key="filters_side_min").set_value(20).run()
    app.date_input(key="filters_until").set_value(datetime.date(2030, 1, 2)).run()
    app.selectbox(key="filters_author").set_value("Ana").run()
    assert app.query_params["side_min"] == "20"
    assert app.query_params["until"] == "2030-01-02"
    assert app.query_params["author"] == "Ana"
    assert mounted(app)
    app.button(key="filters_clear").click().run()
    assert not {"side_min", "until", "author"} & set(app.query_params)
    app.number_input(key="filters_side_max").set_value(5).run()
    assert "None of the 12 images matches" in words(app)


def test_no_run_has_looked__is_said_instead_of_offered(sqlite_workspace: Workspace, tmp_path: Path):
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    app = open_page()
    assert any("No run has looked" in caption.value for caption in app.caption)
    assert app.selectbox(key="filters_sort").options == [
        "Newest first",
        "Oldest first",
        "By path",
        "Shuffled, the same for all",
        "Labels that look wrong first",
        "Strangest first",
        "Most typical of its class first",
    ]


@pytest.mark.parametrize(
    "link",
    [
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"changed_since": "0"},
        {"side_max": "2147483647"},
        {"run": "2", "confidence_max": "0.123456"},
        {"run": "2", "disagrees": "false", "predicted": "77"},
        {"author": "<b>*nobody*</b>"},
        {"assigned": "Zoë & Co"},
        {"duplicates": "01a204b7-6d81-70c3-996a-970319e6d47c"},
    ],
)
def test_a_deep_link__at_the_edge_is_shown_or_matches_nothing(
    assets: list[Asset], link: dict[str, str]
):
    app = open_page(**link)
    assert not app.exception
    assert not app.error
    assert {name: app.query_params[name] for name in link} == link
    assert len(chips(app)) >= 1
    assert mounted(app) or "None of the 12 images matches" in words(app)


def test_a_deep_link__beyond_every_column_is_told_in_words(assets: list[Asset]):
    app = open_page(side_max="999999999999999")
    assert not app.exception
    assert "side_max is larger than any number here: 999999999999999." in as_read(
        app.error[0].value
    )
    assert not mounted(app)


def test_a_range_that_is_empty__is_explained_and_one_chip_is_taken_away(assets: list[Asset]):
    app = open_page(side_min="24", author="tester")
    app.number_input(key="filters_side_max").set_value(5).run()
    assert "side_min 24 px is above side_max 5 px" in as_read(app.error[0].value)
    assert not mounted(app)
    app.number_input(key="filters_side_max").set_value(24).run()
    assert not app.error
    assert mounted(app)
    assert app.query_params["author"] == "tester"
