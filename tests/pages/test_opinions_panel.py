"""Second opinions on Review: asked for by a button, counted, compared on request."""

from forge_core.catalog.editing import decisions
from forge_core.catalog.opinions import answering
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import make_catalog
from tests.pages.visiting import figures, press, visit, words

PAGE = "data/review.py"


def test_second_opinions__are_asked_for_and_compared(sqlite_workspace: Workspace, tmp_path):
    assets = make_catalog(sqlite_workspace, tmp_path / "drawn", train=4, val=0, test=0)
    named = [asset.asset_id for asset in assets]
    decisions.decide(sqlite_workspace, named, "keep", actor=Actor("anna"))
    app = visit(PAGE)
    assert not app.toggle, "nobody has answered yet"
    app.number_input(key="opinions_share").set_value(100)
    press(app, "Ask for second opinions")
    assert figures(app)["Second opinions"] == "12"
    assert "12 of 12 decided images are asked about; 12 are new." in words(app)
    answering.answer(sqlite_workspace, named, assets[0].label_id, actor=Actor("ben"))
    app.run()
    assert "Second opinions" not in figures(app), "an empty queue has no card"
    assert figures(app)["Opinions differ"] == "8"
    app.toggle(key="agreement").set_value(True).run()
    assert not app.exception
    pairs, by_class = (each.value for each in app.dataframe[-2:])
    # Ben says one class of all: 4 of 12 agree, as chance would.
    assert pairs.iloc[0].tolist() == ["anna and ben", 12, "0.00", "-0.29 to 0.41"]
    assert by_class["Who"].tolist()[0].startswith("anna and ben: ")
