"""What is labelled next, on points whose structure is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from db.enums import RequestReason
from forge_core.errors import InvalidInput
from forge_core.evaluation.label_next import choosing
from forge_core.evaluation.label_next.pool import MOST_IMAGES, Pool

NONE = np.empty(0, dtype=np.int64)


def make_groups(sizes: list[int], seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Groups of points far from each other, in many dimensions."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = random.normal(size=(len(sizes), 40)) * 6
    return (centres[labels] + random.normal(size=(len(labels), 40))).astype(np.float32), labels


def test_pool__balls_are_mutual_and_hold_their_own_image() -> None:
    pool = Pool.of(make_groups([60, 40])[0])
    balls = [set(pool.neighbours.of(place).tolist()) for place in range(len(pool))]
    assert all(place in ball for place, ball in enumerate(balls))
    assert all(place in balls[other] for place, ball in enumerate(balls) for other in ball)


@pytest.mark.parametrize(
    ("number", "value"), [(1, 0.0), (MOST_IMAGES + 1, 0.0), (2, np.nan), (2, np.inf)]
)
def test_pool__refuses_what_cannot_be_chosen_from(number: int, value: float) -> None:
    with pytest.raises(InvalidInput):
        Pool.of(np.full((number, 2), value))


def test_cover__takes_one_of_each_group_before_a_second_of_any() -> None:
    embeddings, groups = make_groups([50, 50, 50, 8])
    pool = Pool.of(embeddings)
    found = choosing.choose(pool, NONE, NONE, 4, num_classes=4, random_share=0)
    assert sorted(groups[[choice.place for choice in found]]) == [0, 1, 2, 3]
    assert {choice.why for choice in found} == {RequestReason.COVERS}


def test_cover__what_a_label_covers_already_is_not_chosen_again() -> None:
    embeddings, groups = make_groups([50, 50])
    labelled = np.flatnonzero(groups == 0)[:10]
    found = choosing.choose(
        Pool.of(embeddings), labelled, groups[labelled], 1, num_classes=2, random_share=0
    )
    assert groups[found[0].place] == 1


def test_choose__a_tenth_is_drawn_by_chance_with_its_probability() -> None:
    pool = Pool.of(make_groups([50, 50])[0])
    labelled = np.arange(20)
    found = choosing.choose(pool, labelled, labelled % 2, 25, num_classes=2)
    by_chance = [choice for choice in found if choice.why == RequestReason.CHANCE]
    assert [choice.probability for choice in by_chance] == [3 / 80] * 3
    assert all(choice.probability is None for choice in found if choice.why != RequestReason.CHANCE)
    places = [choice.place for choice in found]
    assert len(set(places)) == 25
    assert not set(places) & set(labelled.tolist())
    assert choosing.choose(pool, labelled, labelled % 2, 25, num_classes=2) == found


def test_choose__chance_takes_every_image_equally_often(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool.of(make_groups([30, 10])[0])
    monkeypatch.setattr(choosing, "cover", None)  # chance asks for no neighbours
    counts = np.zeros(40)
    for seed in range(400):
        found = choosing.choose(pool, NONE, NONE, 4, num_classes=2, seed=seed, random_share=1)
        counts[[choice.place for choice in found]] += 1
    assert counts.min() > 15  # 40 each are expected, with a deviation of 6
    assert counts.max() < 65


def test_choose__answers_all_that_are_left_when_more_are_asked_for() -> None:
    pool = Pool.of(make_groups([6, 6])[0])
    found = choosing.choose(pool, np.arange(8), np.arange(8) % 2, 100, num_classes=2)
    assert sorted(choice.place for choice in found) == [8, 9, 10, 11]


def test_choose__with_enough_labels_asks_about_what_a_head_doubts() -> None:
    random = np.random.default_rng(1)
    embeddings = random.normal(size=(600, 10)).astype(np.float32)
    labels = (embeddings[:, 0] > 0).astype(np.int64)
    labelled = np.arange(60)
    found = choosing.choose(
        Pool.of(embeddings), labelled, labels[labelled], 30, num_classes=2, random_share=0
    )
    assert {choice.why for choice in found} == {RequestReason.DOUBT}
    distances = np.abs(embeddings[:, 0])
    assert distances[[choice.place for choice in found]].mean() < 0.75 * distances[60:].mean()


@pytest.mark.parametrize("number", [0, -3])
def test_choose__refuses_no_images(number: int) -> None:
    with pytest.raises(InvalidInput, match=str(number)):
        choosing.choose(Pool.of(make_groups([5, 5])[0]), NONE, NONE, number, num_classes=2)


def test_fit_head__a_class_without_a_label_is_never_likely() -> None:
    embeddings, groups = make_groups([20, 20])
    answers = choosing.fit_head(embeddings, groups * 2, 3, embeddings)
    assert answers[:, 1].max() == 0
    assert (answers.argmax(axis=1) == groups * 2).all()
