"""Bands of measures: their words are their lines, and neighbours share no image."""

import pytest

from db.enums import Measure
from db.repositories import measure_conditions
from forge_core.predictions import image_parts


def test_bands_of_a_measure__hold_each_number_once_and_say_their_lines() -> None:
    numbers = [0.1004, 0.2, 0.2, 0.30049, 0.4, 0.5, 0.6, 0.7]
    bands = image_parts.cut_measures(numbers)
    # Quartiles 0.2, 0.35, 0.525; the lines have three digits.
    assert [words for _, _, words in bands] == [
        "below 0.2",
        "0.2 to 0.35",
        "0.35 to 0.525",
        "0.525 and more",
    ]
    held = [sum(low <= number < high for number in numbers) for low, high, _ in bands]
    assert held == [1, 3, 2, 2]
    assert image_parts.cut_measures([0.5] * 4) == [(0.0, 2.0, "0 to 2")]
    assert image_parts.cut_measures([]) == []


@pytest.mark.parametrize("line", [0.0, 0.2, 12300.0, 1e-05])
def test_a_band__is_written_as_it_is_read(line: float) -> None:
    text = measure_conditions.write_band(Measure.BRIGHTNESS, line, 20000.0)
    found = measure_conditions.read(text)
    assert (found.start, found.below, found.above) == (line, 20000.0, None)
