"""Images that look alike: by brute force, of a catalog or a file."""

import numpy as np
import pytest

from forge_core.errors import InvalidInput, NotFound
from forge_core.predictions.embeddings import computing, similar, similarity_index
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.predictions.embeddings.similarity_index import SimilarityIndex
from tests import arrange
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.predictions.test_scoring import ALL, add_image

RUN = NetworkSource(run_id=1)


def clouds(num_images=3_000, width=300, seed=0):
    """Embeddings around 30 centres."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, 1, (30, width))
    around = centres[random.integers(0, 30, num_images)]
    return (around + random.normal(0, 0.4, around.shape)).astype("f2")


def nearest(values, vector, number):
    """By the definition, one by one."""
    whole = values.astype("f8")
    cosines = whole @ vector / np.linalg.norm(whole, axis=1) / np.linalg.norm(vector)
    order = np.argsort(-cosines, kind="stable")[:number]
    return order, cosines[order]


@pytest.mark.parametrize("width", [16, 300])
def test_search__finds_what_the_definition_finds(width):
    values = clouds(width=width)
    index = SimilarityIndex(values)
    for place in (0, 7, 2_999):
        vector = values[place].astype("f8")
        places, likeness = index.search(vector, 20)
        expected, cosines = nearest(values, vector, 20)
        assert places[0] == place
        assert len(set(places) & set(expected)) >= 19  # the last may be a tie in half precision
        np.testing.assert_allclose(likeness, cosines, atol=2e-3)


def test_search__wide_vectors_of_few_images_and_none(monkeypatch):
    values = clouds(40, width=500)
    places, likeness = SimilarityIndex(values).search(values[3], 100)
    assert sorted(places.tolist()) == list(range(40))
    assert likeness[0] == pytest.approx(1, abs=1e-3)
    nothing = SimilarityIndex(np.empty((0, 500), np.float16)).search(values[0], 5)
    assert len(nothing[0]) == 0
    monkeypatch.setattr(similarity_index, "BLOCK_ROWS", 7)
    again, _ = SimilarityIndex(values).search(values[3], 100)
    assert again[0] == 3


def test_similar__to_an_image_of_the_catalog_and_to_a_file(finished, tmp_path):
    computing.embed_catalog(finished, RUN, device="cpu")
    circle = next(a for a in arrange.list_all(finished) if a.label_name == "circle")
    result = similar.find_similar(finished, circle.asset_id, top=10)
    assert [each.rank for each in result.found] == list(range(1, 11))
    assert circle.asset_id not in {each.asset.asset_id for each in result.found}
    assert sum(each.asset.label_name == "circle" for each in result.found) >= 8
    values = [each.similarity for each in result.found]
    assert values == sorted(values, reverse=True)
    same = similar.find_similar(finished, finished.store.read(circle.file_path), top=3)
    assert same.found[0].asset.asset_id == circle.asset_id
    assert same.found[0].similarity == pytest.approx(1, abs=1e-3)
    added = add_image(finished, tmp_path / "more")  # no embedding yet: computed for the question
    later = similar.find_similar(finished, added.asset_id, top=ALL + 5)
    assert (len(later.found), later.num_missing) == (ALL, 1)


def test_similar__refuses_in_words(finished):
    asset = arrange.list_all(finished)[0]
    with pytest.raises(InvalidInput, match="not been embedded yet"):
        similar.find_similar(finished, asset.asset_id)
    with pytest.raises(InvalidInput, match="1 to 1,000"):
        similar.find_similar(finished, asset.asset_id, top=0)
    computing.embed_catalog(finished, RUN, device="cpu")
    with pytest.raises(NotFound, match="no image"):
        similar.find_similar(finished, type(asset.asset_id)(int=5))
    other = NetworkSource(architecture="mobilenet_v2")
    with pytest.raises(InvalidInput, match="by mobilenet_v2"):
        similar.find_similar(finished, asset.asset_id, source=other)


def test_similar_command__takes_a_path_of_the_catalog_an_id_or_a_file(finished, tmp_path):
    if not finished.settings.resolved_database_url.startswith("sqlite"):
        pytest.skip("commands open the workspace by its folder")
    forge("embed", "--network", "run:1", "-w", finished.folder)
    asset = arrange.list_all(finished)[0]
    file = tmp_path / "query.png"
    file.write_bytes(finished.store.read(asset.file_path))
    named = ("--top", 3, "-w", finished.folder)
    by_id, by_path = (
        forge_json("similar", target, *named) for target in (asset.asset_id, asset.file_path)
    )
    assert by_id == by_path
    assert len(by_id["found"]) == 3
    by_file = forge_json("similar", file, *named)
    assert by_file["found"][0]["path"] == asset.file_path
    assert forge("similar", "nothing.png", *named).exit_code == 1
