"""The promise: exact at its borders, kept in the long run, and not made where it cannot be."""

import numpy as np
import pytest

from forge_core.errors import InvalidInput
from forge_core.evaluation.three_answers import promise

EVERY = np.ones(1_000, dtype=np.bool_)


def test_fewest_images__is_where_the_binomial_tail_falls_below() -> None:
    # 0.98 ** 149 = 0.0493, 0.98 ** 148 = 0.0503; with a certainty of 0.9: 0.98 ** 114 = 0.0999
    assert promise.fewest_images(0.02) == 149
    assert promise.fewest_images(0.02, 0.9) == 114
    # 236 images: 0.98 ** 236 + 236 * 0.02 * 0.98 ** 235 = 0.0494; 235: 0.0503
    assert promise.fewest_images(0.02, num_wrong=1) == 236
    with pytest.raises(InvalidInput, match="too small"):
        promise.fewest_images(1e-9)


def test_find_line__stops_before_the_wrong_ones() -> None:
    # 400 images at 0.99 all right, 600 at 0.6 of which half are wrong.
    confidence = np.repeat([0.99, 0.6], [400, 600])
    is_right = np.arange(1_000) % 2 == 0
    is_right[:400] = True
    line = promise.find_line(confidence, is_right, EVERY, max_error=0.02)
    assert line is not None
    assert 0.6 < line.min_confidence <= 0.99
    assert (line.num_images, line.num_accepted, line.num_wrong) == (1_000, 400, 0)


def test_find_line__never_accepts_what_is_unfamiliar() -> None:
    is_familiar = np.arange(1_000) < 300
    line = promise.find_line(np.full(1_000, 0.9), is_familiar, is_familiar, max_error=0.02)
    assert line is not None
    assert (line.num_accepted, line.num_wrong) == (300, 0)


def test_find_line__without_enough_images_none_and_says_what_could_be_promised() -> None:
    confidence, is_right, every = np.full(148, 0.9), EVERY[:148], EVERY[:148]
    assert promise.find_line(confidence, is_right, every, max_error=0.02) is None
    assert promise.smallest_error(confidence, is_right, every) == 0.03
    assert promise.smallest_error(confidence, ~is_right, every) is None


@pytest.mark.parametrize(("error", "certainty"), [(0, 0.95), (1, 0.95), (0.02, 0.2), (0.02, 1)])
def test_find_line__of_what_nobody_can_promise_is_refused(error: float, certainty: float) -> None:
    with pytest.raises(InvalidInput, match=r"cannot be promised|is none"):
        promise.find_line(np.ones(5), EVERY[:5], EVERY[:5], max_error=error, certainty=certainty)


@pytest.mark.parametrize("error", [0.02, 0.05])
def test_promise__is_kept_in_95_of_100_worlds(error: float) -> None:
    random = np.random.default_rng(7)

    def draw(number: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
        margin = random.normal(4, 2.5, number)
        is_right = random.random(number) < 1 / (1 + np.exp(-margin))
        return 1 / (1 + np.exp(-1.4 * margin)), is_right  # too sure, as networks are

    true_confidence, truly_right = draw(400_000)
    num_broken, coverage = 0, []
    for _ in range(200):
        confidence, is_right = draw(600)
        line = promise.find_line(confidence, is_right, EVERY[:600], max_error=error)
        if line is None:
            coverage.append(0.0)
            continue
        accepted = true_confidence >= line.min_confidence
        num_broken += int((~truly_right[accepted]).mean() > error)
        coverage.append(float(accepted.mean()))
    assert num_broken <= 10
    assert np.mean(coverage) > 0.4
