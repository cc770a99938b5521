"""The map: neighbours stay neighbours, old points stay where they are, and a line is a filter."""

import json
from dataclasses import replace

import numpy as np
import pytest

from db.records import AssetFilter
from forge_core.catalog.listing import asset_list
from forge_core.errors import Conflict, InvalidInput, NotFound
from forge_core.predictions.embeddings import vector_store
from forge_core.predictions.embeddings.maps import drawing, fitting, layout, map_points, placing
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.progress import Cancelled, Progress
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.api import browsing
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.predictions.test_scoring import ALL, add_image

RUN = NetworkSource(run_id=1)


@pytest.fixture
def drawn_soon(finished, monkeypatch):
    """A finished run whose images are laid out badly and fast."""
    monkeypatch.setattr(layout, "PHASES", (4, 4, 4))
    monkeypatch.setattr(fitting, "EPOCHS", 2)
    return finished


def clouds(num_images=120, width=40, seed=0):
    """Embeddings around 4 centres, and which."""
    random = np.random.default_rng(seed)
    groups = np.arange(num_images) % 4
    return (
        random.normal(0, 3, (4, width))[groups] + random.normal(0, 1, (num_images, width))
    ).astype("f2"), groups


def share_of_own(places, groups):
    """How often the nearest point of the plane is of the same group."""
    apart = np.square(places[:, None] - places[None]).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    return (groups[apart.argmin(axis=1)] == groups).mean()


def test_layout__neighbours_stay_neighbours_and_the_same_points_lie_the_same():
    values, groups = clouds()
    places = layout.lay_out(values.astype("f4"))
    assert share_of_own(places, groups) > 0.98
    np.testing.assert_array_equal(places, layout.lay_out(values.astype("f4")))
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-4)
    for few in (1, 2, 3, 5):
        assert np.isfinite(layout.lay_out(np.ones((few, 6), "f4"))).all()


def test_placing__images_that_took_no_part_lie_among_their_like(monkeypatch):
    monkeypatch.setattr(fitting, "EPOCHS", 20)
    values, groups = clouds(200)
    fitted = fitting.fit(values[:120])
    assert share_of_own(fitted.place(values), groups) > 0.98


def test_draw_map__images_that_come_are_placed_and_no_other_moves(drawn_soon, tmp_path):
    with pytest.raises(NotFound, match="No map"):
        map_points.load(drawn_soon)
    report = drawing.draw_map(drawn_soon, RUN, device="cpu")
    assert (report.num_placed, report.is_new, report.num_missing) == (ALL, True, 0)
    before = map_points.load(drawn_soon)
    add_image(drawn_soon, tmp_path)
    waiting = map_points.load(drawn_soon)
    assert (len(waiting), waiting.num_missing) == (ALL, 1)
    report = drawing.draw_map(drawn_soon, device="cpu")  # the network of the map that is there
    assert (report.num_embedded, report.is_new, report.network) == (1, False, "run:1")
    after = map_points.load(drawn_soon)
    assert len(after) == ALL + 1
    old = np.isin(after.columns.ids, before.columns.ids)
    np.testing.assert_allclose(after.places[old], before.places, atol=1e-6)
    assert after.state != before.state


def test_draw_map__ended_early_or_damaged_leaves_no_half_map(drawn_soon):
    asked = iter([False] * 5)
    with pytest.raises(Cancelled):
        drawing.draw_map(
            drawn_soon, RUN, device="cpu", progress=Progress(should_stop=lambda: next(asked, True))
        )
    assert map_points.find_network(drawn_soon) is None
    drawing.draw_map(drawn_soon, RUN, device="cpu")
    path = placing.path_of(drawn_soon, map_points.find_network(drawn_soon))
    path.write_bytes(path.read_bytes()[:-100])
    assert map_points.find_network(drawn_soon) is None
    assert drawing.draw_map(drawn_soon, RUN, device="cpu").is_new


def test_list_inside__is_what_lies_inside_by_the_definition(drawn_soon):
    drawing.draw_map(drawn_soon, RUN, device="cpu")
    points = map_points.load(drawn_soon)
    x, y = points.places[:, 0], points.places[:, 1]
    middle = np.median(x)
    low, high = y.min() - 1, y.max() + 1
    box = [[x.min() - 1, low], [middle, low], [middle, high], [x.min() - 1, high]]
    found = map_points.list_inside(points, box, points.state)
    assert found == [points.columns.id_at(int(i)) for i in np.flatnonzero(x < middle)]
    triangle = [[-9, -9], [9, -9], [-9, 9]]
    expected = np.flatnonzero((x > -9) & (y > -9) & (x + y < 0))
    found = map_points.list_inside(points, triangle, points.state)
    assert found == [points.columns.id_at(int(i)) for i in expected]
    with pytest.raises(Conflict, match="came or left"):
        map_points.list_inside(points, box, "another")
    with pytest.raises(InvalidInput, match="3 to"):
        map_points.list_inside(points, box[:2], points.state)


def unpack(data):
    """As a browser reads it."""
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    start = 4 + length
    assert start % 8 == 0
    ends = [each["offset"] for each in head["arrays"][1:]] + [len(data) - start]
    arrays = {
        each["name"]: np.frombuffer(data[start + each["offset"] : start + end], each["type"])
        for each, end in zip(head["arrays"], ends, strict=True)
    }
    return head, arrays


def test_routes__tell_the_points_and_keep_what_a_line_surrounds(drawn_soon):
    browser = browsing.with_token(drawn_soon, ACTOR)
    assert browser.get("/map").status_code == 404
    drawing.draw_map(drawn_soon, RUN, device="cpu")
    assets = arrange.list_all(drawn_soon)
    head, arrays = unpack(browser.get("/map", params={"run": 1}).content)
    assert (head["number"], head["missing"], head["network"]) == (ALL, 0, "run 1")
    assert arrays["ids"].tobytes()[: 16 * ALL] == b"".join(a.asset_id.bytes for a in assets)
    assert arrays["labels"][:ALL].tolist() == [asset.label_id or 0 for asset in assets]
    assert set(arrays["doubts"][:ALL]) == {255}
    circle = next(asset.label_id for asset in assets if asset.label_name == "circle")
    answer = browser.get("/map/matching", params={"label": circle}).content
    _, matching = unpack(answer)
    assert matching["matching"][:ALL].tolist() == [asset.label_id == circle for asset in assets]

    around = [[-99, -99], [99, -99], [99, 99], [-99, 99]]
    kept = browser.post("/map/lasso", json={"line": around, "state": head["state"]}).json()
    assert kept["number"] == ALL
    where = AssetFilter(selected=kept["selection"], label=circle)
    assert asset_list.count_assets(drawn_soon, where) == sum(a.label_id == circle for a in assets)
    nowhere = [[98, 98], [99, 98], [99, 99]]
    nothing = browser.post("/map/lasso", json={"line": nowhere, "state": head["state"]}).json()
    assert nothing == {"selection": None, "number": 0}
    stale = browser.post("/map/lasso", json={"line": around, "state": "old"})
    assert stale.status_code == 409
    for wrong in ([[1, 2], [3, "x"], [4, 5]], [[1, 2, 3]] * 3, "around"):
        refused = browser.post("/map/lasso", json={"line": wrong, "state": head["state"]})
        assert refused.status_code == 400
    stranger = browsing.without_token(drawn_soon)
    assert stranger.get("/map").status_code == stranger.post("/map/lasso").status_code == 401
    with pytest.raises(NotFound, match="no selection"):
        asset_list.list_assets(drawn_soon, AssetFilter(selected=99))


def test_routes__show_the_map_of_the_network_that_is_asked_for(drawn_soon):
    report = drawing.draw_map(drawn_soon, RUN, device="cpu")
    first = map_points.load(drawn_soon, report.key)
    other = replace(first.network, key="e" * 64, words="another network", num_values=6)
    store = vector_store.VectorStore(drawn_soon, other)
    keys, values = vector_store.keys_of(first.columns.content_hashes), clouds(ALL, 6)[0]
    store.append(keys, values)
    store.close()
    browser = browsing.with_token(drawn_soon, ACTOR)
    assert browser.get("/map", params={"network": other.key}).status_code == 404, "not drawn yet"
    placing.write(drawn_soon, other, fitting.fit(values))
    states = {}
    for key, words in ((report.key, "run 1"), (other.key, "another network")):
        head, _ = unpack(browser.get("/map", params={"network": key}).content)
        matching, _ = unpack(browser.get("/map/matching", params={"network": key}).content)
        assert (head["network"], head["state"]) == (words, matching["state"])
        states[key] = head["state"]
    around = {"line": [[-99, -99], [99, -99], [99, 99], [-99, 99]], "state": states[report.key]}
    asked = around | {"network": report.key}
    assert browser.post("/map/lasso", json=asked).json()["number"] == ALL
    asked = around | {"network": other.key}
    assert browser.post("/map/lasso", json=asked).status_code == 409, "of another network's map"


def test_command__draws_once_places_what_comes_and_writes_a_table(drawn_soon):
    if not drawn_soon.settings.resolved_database_url.startswith("sqlite"):
        pytest.skip("commands open the workspace by its folder")
    told = forge("map", "--network", "run:1", "--device", "cpu", "-w", drawn_soon.folder)
    assert f"{ALL} images have a place, a new layout" in told.stdout
    again = forge_json("map", "-w", drawn_soon.folder)
    assert (again["num_placed"], again["is_new"]) == (ALL, False)
    rows = forge("map", "--csv", "-w", drawn_soon.folder).stdout.splitlines()
    assert rows[0] == "path,x,y,label,split"
    assert len(rows) == ALL + 1
