"""The gallery page in each state a person can meet. The component itself: tests/journeys."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from db.records import Asset, AssetFilter
from db.repositories.label_issues import LabelIssue
from forge_core.api import assets as api_assets
from forge_core.catalog.editing import classes, label_edits, review_flags
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from pages.components.gallery import filter_groups, gallery, view_list
from tests import arrange
from tests.pages.visiting import visit


def open_page(**query: str) -> AppTest:
    """The gallery through the shell, as a visit to `/gallery?...`."""
    return visit("data/gallery.py", **query)


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.title, *app.markdown, *app.error))


def mounted(app: AppTest) -> list:
    """The gallery component, when it is on the page."""
    return [found for found in app.get("bidi_component") if found.key.startswith("gallery-")]


@pytest.fixture
def assets(sqlite_workspace: Workspace, tmp_path: Path) -> list[Asset]:
    arrange.make_unsplit(sqlite_workspace, tmp_path / "drawn")
    return arrange.list_all(sqlite_workspace)


def test_empty__offers_import_and_the_demo(sqlite_workspace: Workspace):
    app = open_page()
    assert "No images yet. Drop a folder here, or start with 1,797 handwritten digits." in words(
        app
    )
    assert [button.label for button in app.button] == ["Import images", "Use the demo"]
    assert not mounted(app)
    assert not app.exception


def test_empty__the_demo_button_fills_the_gallery(sqlite_workspace: Workspace):
    app = open_page()
    next(button for button in app.button if button.label == "Use the demo").click()
    app.run(timeout=120)
    assert len(arrange.list_all(sqlite_workspace)) == 1_797
    assert mounted(app)
    assert "1,797 images" in words(app)


def test_filled__shows_filters_and_the_grid(assets: list[Asset]):
    app = open_page()
    assert [box.placeholder for box in app.selectbox[:3]] == ["Label", "Split", "Source"]
    assert app.selectbox[0].options == ["circle", "square", "stripe", "any label", "no label"]
    assert mounted(app)
    assert "12 images" in words(app)
    assert not app.error


def test_filled__the_first_rows_come_with_the_grid_as_the_route_answers_them(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    (grid,) = mounted(open_page(split="none", sort="path"))
    sent = json.loads(json.loads(grid.proto.json)["first"])
    where = AssetFilter(split="none")
    assert sent == api_assets.read_page(sqlite_workspace, where, sort="path", by=None)
    assert [row["id"] for row in sent["assets"]] == [
        str(asset.asset_id) for asset in sorted(assets, key=lambda asset: asset.file_path)
    ]


def test_filled__the_grid_is_drawn_before_what_is_hidden(
    assets: list[Asset], monkeypatch: pytest.MonkeyPatch
):
    drawn = []
    for module in (gallery, filter_groups, view_list):
        show = module.show
        monkeypatch.setattr(
            module, "show", lambda *a, _of=module, _do=show, **k: drawn.append(_of) or _do(*a, **k)
        )
    open_page()
    assert drawn == [gallery, filter_groups, view_list]


def test_header__counts_what_is_unlabelled(sqlite_workspace: Workspace, assets: list[Asset]):
    label_edits.relabel(sqlite_workspace, [assets[0].asset_id], None, actor=Actor("tester"))
    assert "12 images, 1 unlabelled" in words(open_page())


def test_deep_link__sets_the_widgets(sqlite_workspace: Workspace, assets: list[Asset]):
    square = arrange.class_id(sqlite_workspace, "square")
    app = open_page(label=str(square), split="none", text="square", sort="path")
    assert app.selectbox[0].value == str(square)
    assert app.selectbox[1].value == "none"
    assert app.text_input(key="filters_text").value == "square"
    assert mounted(app)


def test_a_choice__goes_into_the_address_by_number(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    square = arrange.class_id(sqlite_workspace, "square")
    app = open_page()
    app.selectbox[0].select(str(square)).run()
    assert app.query_params["label"] == str(square)
    classes.rename_class(sqlite_workspace, square, "box", actor=Actor("tester"))
    app = open_page(label=str(square))
    assert app.selectbox[0].value == str(square)
    assert mounted(app)


def test_marked_for_review__is_a_filter_in_the_address(
    sqlite_workspace: Workspace, assets: list[Asset]
):
    review_flags.flag(sqlite_workspace, [assets[0].asset_id], actor=Actor("tester"))
    app = open_page(review="flagged")
    assert app.selectbox(key="filters_review").value == "flagged"
    assert mounted(app)
    app.selectbox(key="filters_review").set_value(None).run()
    assert "review" not in app.query_params


def test_nothing_matches__says_so_and_clears(assets: list[Asset]):
    app = open_page(text="no such picture")
    assert "None of the 12 images matches these filters." in words(app)
    assert not mounted(app)
    [button for button in app.button if button.label == "Clear filters"][-1].click().run()
    assert "text" not in app.query_params
    assert mounted(app)


def test_a_link_to_a_class_that_is_gone__matches_nothing_and_clears(assets: list[Asset]):
    app = open_page(label="4711")
    assert "None of the 12 images matches" in words(app)
    assert app.selectbox[0].value == "4711"


@pytest.mark.parametrize(
    "query",
    [
        {"label": "cat"},
        {"split": "dev"},
        {"augmented": "perhaps"},
        {"review": "maybe"},
        {"text": "x" * 300},
        {"side_min": "64", "side_max": "32"},
        {"since": "soon"},
        {"since": "2026-03-02", "until": "2026-03-01"},
        {"run": "99"},
        {"disagrees": "yes"},
        {"confidence_min": "2", "run": "1"},
        {"sort": "lowest_quality"},
        {"duplicates": "all"},
    ],
)
def test_a_broken_link__is_explained(assets: list[Asset], query: dict[str, str]):
    app = open_page(**query)
    assert len(app.error) == 1
    assert not app.exception
    next(button for button in app.button if button.label == "Clear filters").click().run()
    assert not app.error
    assert mounted(app)


def test_a_fault__is_told_calmly_and_logged(
    sqlite_workspace: Workspace, assets: list[Asset], caplog: pytest.LogCaptureFixture
):
    with sqlite_workspace.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE asset_counts RENAME TO gone")
    app = open_page()
    assert not app.exception
    assert all("was not foreseen" in error.value for error in app.error)
    assert "asset_counts" not in words(app)
    assert any("asset_counts" in str(record.exc_info) for record in caplog.records)


def test_person__another_name_is_used_for_changes(assets: list[Asset]):
    app = open_page()
    assert app.text_input(key="session_author").value == "tester"
    app.text_input(key="session_author").set_value("Åsa").run()
    assert app.session_state["session_author"] == "Åsa"
    assert mounted(app)


def test_judging__is_said_above_the_labels_that_look_wrong_and_an_audit_tells(
    assets: list[Asset], sqlite_workspace: Workspace
):
    app = open_page(sort="label_issues")
    assert "No label has been judged yet." in words(app)
    square, circle = (arrange.class_id(sqlite_workspace, name) for name in ("square", "circle"))
    with sqlite_workspace.database.write() as uow:
        uow.label_issues.add(
            [
                LabelIssue(
                    asset_id=asset.asset_id,
                    score=place / 12,
                    suggested_label_id=circle if asset.label_id == square else square,
                    label_id=asset.label_id,
                    content_hash=asset.content_hash,
                    network="mobilenet_v2",
                    revision_id=1,
                )
                for place, asset in enumerate(assets)
            ]
        )
    app = open_page(sort="label_issues")
    assert "12 labels judged" in words(app)
    next(button for button in app.button if button.label == "How many are wrong?").click()
    app.run()
    assert app.query_params["task"] == ["audit"] or app.query_params["task"] == "audit"
    assert "Audit 1: 0 of 12 images answered" in words(app)
    assert "not known" in words(app)
    assert not app.exception
    assert not app.error
