"""Searches by likeness that stay: what they found is a filter and an order of the gallery."""

import numpy as np
import pytest

from db.records import AssetFilter
from db.repositories import likeness_searches
from forge_core.catalog.listing import asset_list, neighbours
from forge_core.errors import InvalidInput, NotFound
from forge_core.predictions.embeddings import computing, kept_searches, similar
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.predictions.embeddings.test_similar import RUN
from tests.forge_core.predictions.test_scoring import ALL


@pytest.fixture
def embedded(finished):
    computing.embed_catalog(finished, RUN, device="cpu")
    return finished


def test_search__the_list_is_what_was_found_the_most_alike_first(embedded):
    circle = next(a for a in arrange.list_all(embedded) if a.label_name == "circle")
    wanted = similar.find_similar(embedded, circle.asset_id, top=ALL)
    kept = kept_searches.search(embedded, [circle.asset_id], actor=ACTOR)
    assert (kept.name, kept.network, kept.num_missing) == (circle.file_path, "run:1", 0)
    where = AssetFilter(alike=kept.search_id)
    expected = [circle.asset_id, *(each.asset.asset_id for each in wanted.found)]
    found, after = [], None
    while True:
        page = asset_list.list_assets(embedded, where, sort="most_alike", after=after, limit=5)
        found += [asset.asset_id for asset in page.assets]
        after = page.next_cursor
        if after is None:
            break
    assert found[0] == circle.asset_id
    assert set(found) == set(expected)
    similarity = {each.asset.asset_id: each.similarity for each in wanted.found}
    values = [similarity[asset_id] for asset_id in found[1:]]
    assert values == sorted(values, reverse=True)
    assert asset_list.count_assets(embedded, where, sort="most_alike") == ALL
    assert neighbours.find_position(embedded, where, found[3], sort="most_alike") == 3
    squares = AssetFilter(alike=kept.search_id, label=circle.label_id)
    assert asset_list.count_assets(embedded, squares) < ALL


def test_search__of_several_images_is_for_their_middle_and_lists_them_first(embedded):
    assets = arrange.list_all(embedded)
    pair = [next(a for a in assets if a.label_name == name) for name in ("circle", "square")]
    ids = [asset.asset_id for asset in pair]
    kept = kept_searches.search(embedded, ids, actor=ACTOR)
    where = AssetFilter(alike=kept.search_id)
    page = asset_list.list_assets(embedded, where, sort="most_alike", limit=2)
    assert {asset.asset_id for asset in page.assets} == set(ids)
    assert kept.name == f"{pair[0].file_path} and 1 more"


def test_search__of_a_file_is_named_by_it_and_old_searches_say_that_they_are_gone(
    embedded, monkeypatch
):
    monkeypatch.setattr(likeness_searches, "MOST_KEPT", 2)
    asset = arrange.list_all(embedded)[0]
    data = embedded.store.read(asset.file_path)
    first, *_, last = (
        kept_searches.search(embedded, data, actor=ACTOR, name=f"{n}.png") for n in range(3)
    )
    assert [each.name for each in asset_list.list_searches(embedded)] == ["2.png", "1.png"]
    listed = asset_list.list_assets(
        embedded, AssetFilter(alike=last.search_id), sort="most_alike", limit=1
    )
    assert listed.assets[0].asset_id == asset.asset_id
    with pytest.raises(NotFound, match="old ones are not kept"):
        asset_list.list_assets(embedded, AssetFilter(alike=first.search_id))


def test_search__refuses_in_words(embedded):
    ids = [asset.asset_id for asset in arrange.list_all(embedded)]
    with pytest.raises(InvalidInput, match="1 to 50"):
        kept_searches.search(embedded, ids * 2 if len(ids) > 50 else [], actor=ACTOR)
    with pytest.raises(InvalidInput, match="alike to what"):
        asset_list.list_assets(embedded, AssetFilter(), sort="most_alike")


def test_middle__an_image_in_which_the_network_sees_nothing_takes_no_part(monkeypatch):
    vectors = {0: np.array([0, 0], "f2"), 1: np.array([0, 3], "f2"), 2: np.array([4, 0], "f2")}
    monkeypatch.setattr(similar, "_vector_of", lambda _, seed, *__: vectors[seed])
    middle = similar._middle(None, [0, 1, 2], None, "cpu")
    np.testing.assert_allclose(middle, [1 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_array_equal(similar._middle(None, [0], None, "cpu"), [0, 0])
