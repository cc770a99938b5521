"""Which images are typical and which are strange: by the definition, as order and as queue."""

import numpy as np
import pytest

from db.records import AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list, neighbours, queues
from forge_core.catalog.quality import image_issues
from forge_core.predictions.embeddings import computing, vector_store
from forge_core.predictions.embeddings.nearness import comparing, scenes, strangeness
from forge_core.predictions.embeddings.nearness.pairs import PairCollector
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.progress import Cancelled, Progress
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.predictions.test_scoring import ALL

RUN = NetworkSource(run_id=1)


def by_definition(values, labels, own):
    """Mean of one less the cosine to the 10 nearest others, one image after another."""
    whole = values.astype("f8")
    units = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    found = []
    for i, unit in enumerate(units):
        cosines = [
            unit @ other
            for j, other in enumerate(units)
            if j != i and (not own or (labels[i] and labels[j] == labels[i]))
        ]
        found.append(1 - np.mean(sorted(cosines)[-10:]) if cosines else np.nan)
    return np.array(found)


def test_measure__is_the_definition_in_blocks_of_any_size(monkeypatch):
    random = np.random.default_rng(0)
    values = random.normal(1, 1, (60, 8)).astype("f2")
    labels = random.integers(0, 4, 60)
    labels[7] = 9  # alone in its class
    monkeypatch.setattr(strangeness, "AT_ONCE", 17)
    found = strangeness.measure(values, labels)
    np.testing.assert_allclose(found.overall, by_definition(values, labels, False), atol=1e-5)
    np.testing.assert_allclose(found.in_class, by_definition(values, labels, True), atol=1e-5)
    assert np.isnan(found.in_class[7])
    assert np.isnan(found.in_class[labels == 0]).all()


def test_measure__many_images_are_compared_by_their_main_directions(monkeypatch):
    random = np.random.default_rng(0)
    values = (random.normal(0, 1, (400, 3)) @ random.normal(0, 1, (3, 300))).astype("f2")
    exact = strangeness.measure(values, np.ones(400)).overall
    monkeypatch.setattr(strangeness, "MOST_EXACT", 100)
    np.testing.assert_allclose(strangeness.measure(values, np.ones(400)).overall, exact, atol=2e-3)


@pytest.fixture
def compared(finished):
    comparing.compare_images(finished, RUN, device="cpu")
    return finished


def listed(workspace, sort):
    """All of a list, read in pages."""
    found, after = [], None
    while True:
        page = asset_list.list_assets(workspace, AssetFilter(), sort=sort, after=after, limit=7)
        found += page.assets
        after = page.next_cursor
        if after is None:
            return found


def test_compare__orders_the_gallery_until_bytes_or_label_change(compared):
    [facts] = vector_store.list_networks(compared)
    embedded = computing.read_catalog(compared, facts)
    labels = embedded.columns.label_ids
    ids = [embedded.columns.id_at(i) for i in range(len(labels))]
    overall = dict(zip(ids, by_definition(embedded.values, labels, False), strict=True))
    in_class = dict(zip(ids, by_definition(embedded.values, labels, True), strict=True))
    strangest = [overall[asset.asset_id] for asset in listed(compared, "strangest")]
    assert len(strangest) == ALL
    np.testing.assert_allclose(strangest, sorted(overall.values(), reverse=True), atol=1e-4)
    typical = listed(compared, "most_typical")
    known = sorted(value for value in in_class.values() if not np.isnan(value))
    np.testing.assert_allclose([in_class[a.asset_id] for a in typical], known, atol=1e-4)
    place = neighbours.find_position(
        compared, AssetFilter(), typical[3].asset_id, sort="most_typical"
    )
    assert place == 3
    other = next(a.label_id for a in typical if a.label_id != typical[0].label_id)
    label_edits.relabel(compared, [typical[0].asset_id], other, actor=ACTOR)
    assert typical[0].asset_id not in {a.asset_id for a in listed(compared, "most_typical")}
    assert len(listed(compared, "strangest")) == ALL


def test_outliers__lie_beyond_a_line_that_a_person_draws(compared):
    strangest = listed(compared, "strangest")
    page = asset_list.list_assets(compared, AssetFilter(), sort="strangest", limit=3)
    values = [page.strangeness[asset.asset_id] for asset in page.assets]
    image_issues.draw_line(compared, "unlike_all", (values[1] + values[2]) / 2, actor=ACTOR)
    states = {state.issue.name: state for state in image_issues.list_states(compared)}
    state = states["unlike_all"]
    expected = [asset.asset_id for asset in strangest if asset in page.assets[:2]]
    assert (state.num_beyond, state.num_measured, state.is_drawn) == (2, ALL, True)
    where = AssetFilter(**state.where)
    found = asset_list.list_assets(compared, where, sort="strangest").assets
    assert [asset.asset_id for asset in found] == expected
    assert states["unlike_class"].num_measured > 0
    assert states["dark"].num_measured == 0
    assert queues.find_queue("outliers").question == "picture"


def test_compare__ended_early_keeps_what_was_there(finished):
    computing.embed_catalog(finished, RUN, device="cpu")
    with pytest.raises(Cancelled):
        comparing.compare_images(
            finished, RUN, device="cpu", progress=Progress(should_stop=lambda: True)
        )
    assert listed(finished, "strangest") == []


def test_command__lists_the_strangest_and_how_many_lie_beyond(finished):
    if not finished.settings.resolved_database_url.startswith("sqlite"):
        pytest.skip("commands open the workspace by its folder")
    found = forge_json("outliers", "--network", "run:1", "--top", 3, "-w", finished.folder)
    strangest = [asset.file_path for asset in listed(finished, "strangest")[:3]]
    assert [each["path"] for each in found["strangest"]] == strangest
    assert found["report"]["num_compared"] == ALL == len(arrange.list_all(finished))
    told = forge("outliers", "--network", "run:1", "--top", 1, "-w", finished.folder).stdout
    assert strangest[0] in told.replace("\n", "")
    assert "Unlike any other" in told


def test_scenes__pairs_in_two_splits_come_first_and_what_is_put_away_stays_away(compared):
    state = scenes.find_state(compared)
    everything = scenes.list_pairs(compared, -1, limit=10_000)
    assert not state.is_drawn
    assert len(everything) == state.num_pairs > 10
    order = [(not pair.is_across, -pair.similarity) for pair in everything]
    assert order == sorted(order)
    last = everything[-1]
    assert not last.is_across
    label_edits.set_split(compared, [last.first.asset_id], "train", actor=ACTOR)
    label_edits.set_split(compared, [last.second.asset_id], "test", actor=ACTOR)
    now = scenes.list_pairs(compared, -1, limit=10_000)
    assert [
        pair.is_across
        for pair in now
        if pair.first.asset_id == last.first.asset_id
        and pair.second.asset_id == last.second.asset_id
    ] == [True]
    line = sorted(pair.similarity for pair in now)[-4]
    scenes.draw_line(compared, line, actor=ACTOR)
    state = scenes.find_state(compared)
    assert state.is_drawn
    assert state.num_beyond == sum(pair.similarity >= line for pair in now)
    assert state.num_across == sum(pair.is_across for pair in now if pair.similarity >= line)
    scenes.dismiss(compared, last.first.asset_id, last.second.asset_id)
    comparing.compare_images(compared, RUN, device="cpu")
    left = {
        (p.first.asset_id, p.second.asset_id) for p in scenes.list_pairs(compared, -1, limit=9999)
    }
    assert left == {(p.first.asset_id, p.second.asset_id) for p in everything[:-1]}
    label_edits.remove_assets(compared, [everything[0].first.asset_id], actor=ACTOR)
    gone = everything[0].first.asset_id
    assert all(gone not in pair for pair in pairs_of(compared))


def pairs_of(workspace):
    return [
        (p.first.asset_id, p.second.asset_id) for p in scenes.list_pairs(workspace, -1, limit=9999)
    ]


def test_pairs__are_the_nearest_of_each_image_once():
    random = np.random.default_rng(0)
    values = random.normal(1, 0.8, (40, 6)).astype("f2")
    collector = PairCollector()
    strangeness.measure(values, np.zeros(40, int), pairs=collector)
    units = values.astype("f8") / np.linalg.norm(values.astype("f8"), axis=1, keepdims=True)
    cosines = units @ units.T
    np.fill_diagonal(cosines, -1)
    nearest = np.argsort(-cosines, axis=1)[:, :5]
    expected = {
        (min(i, j), max(i, j)) for i in range(40) for j in nearest[i] if cosines[i, j] >= 0.7
    }
    found = collector.finish()
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == expected
    assert list(found.cosines) == sorted(found.cosines, reverse=True)
