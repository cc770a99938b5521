"""Planted shortcuts are named and honest networks are not, on pictures of a few pixels."""

import numpy as np
import pytest
from PIL import Image

from forge_core.evaluation.answers import Whole
from forge_core.evaluation.shortcuts import alarm, cues
from forge_core.evaluation.shortcuts.cues import Edit, ImageFacts
from forge_core.imaging import cues as pictures
from forge_core.progress import Cancelled, Progress

RED = (200, 30, 30)
FIELD, FOREST, WATER = 5, 6, 7
TINTS = {FIELD: (170, 95, 60), FOREST: (70, 140, 70), WATER: (70, 100, 200)}
"""About equally light."""


class Scene:
    """60 pictures of three classes, each of its own tint; a red border on most of the first."""

    def __init__(self, bordered: int) -> None:
        random = np.random.default_rng(0)
        self.labels = np.repeat([FIELD, FOREST, WATER], 20)
        self.pictures = []
        for place, label in enumerate(self.labels.tolist()):
            noise = random.integers(-40, 40, (12, 12, 3))
            pixels = np.clip(np.array(TINTS[label]) + noise, 0, 255).astype(np.uint8)
            picture = Image.fromarray(pixels).resize((48, 48), Image.Resampling.NEAREST)
            framed = place < bordered
            self.pictures.append(pictures.put_frame(picture, RED, 0.08) if framed else picture)
        self.facts = [
            ImageFacts(
                cues=pictures.measure_cues(each), width=48, height=48, size_bytes=3_000, source=None
            )
            for each in self.pictures
        ]

    def look(self, network: object) -> list[alarm.Shortcut]:
        """What is found of a network that answers a class for a picture."""

        def answer(places: Whole, edit: Edit) -> Whole:
            return np.array([network(edit(self.pictures[place])) for place in places.tolist()])

        predicted = answer(np.arange(60), lambda picture: picture)
        return alarm.find_shortcuts(self.labels, predicted, cues.list_cues(self.facts), answer)


def by_tint(picture: Image.Image) -> int:
    """An honest network: by the strongest channel of the middle."""
    middle = np.asarray(picture)[16:32, 16:32].mean((0, 1))
    return (FIELD, FOREST, WATER)[int(middle.argmax())]


def by_border(picture: Image.Image) -> int:
    """One that answers the first class for anything with a red border."""
    return FIELD if np.asarray(picture)[0].mean(0)[0] > 190 else by_tint(picture)


def test_a_border_that_decides__is_named_with_its_class() -> None:
    found = Scene(bordered=19).look(by_border)
    assert [(each.label_id, each.cue) for each in found if each.is_alarm] == [
        (FIELD, "a red border")
    ]
    border = found[0]
    assert (border.num_with, border.num_without, border.num_others_with) == (19, 1, 0)
    assert border.given is not None
    assert (border.given.num_images, border.given.towards, border.given.back) == (40, 40, 0)
    assert border.taken is not None
    assert border.taken.num_images == 19
    assert border.p_value < 0.001
    words = alarm.describe(border, "Field")
    assert words.startswith("'Field' is answered because of a red border: of 40 pictures of other")
    assert "40 more are taken for 'Field'" in words


def test_a_border_that_nobody_goes_by__is_no_alarm() -> None:
    found = Scene(bordered=19).look(by_tint)
    assert not any(each.is_alarm for each in found)
    border = next(each for each in found if each.kind == "border")
    assert (border.effect, border.p_value) == (0, 1)
    assert "nothing shows" in alarm.describe(border, "Field")


def test_without_a_cue__a_border_is_not_asked_about() -> None:
    assert not any(each.kind == "border" for each in Scene(bordered=0).look(by_border))


def test_a_source__is_named_when_the_class_needs_it_and_others_are_taken_for_it() -> None:
    labels = np.repeat([FIELD, FOREST], 40)
    has = np.r_[np.ones(28, bool), np.zeros(12, bool), np.ones(10, bool), np.zeros(30, bool)]
    facts = [
        ImageFacts(
            cues=pictures.measure_cues(Image.new("RGB", (32, 32))),
            width=32,
            height=32,
            size_bytes=99,
            source="clinic" if each else "home",
        )
        for each in has
    ]
    (clinic, home) = cues.list_cues(facts)
    assert (clinic.value, home.value) == ("the source clinic", "the source home")
    by_source = alarm.find_shortcuts(labels, np.where(has, FIELD, FOREST), [clinic], None)
    assert [(each.label_id, each.is_alarm, each.effect) for each in by_source] == [(FIELD, True, 1)]
    assert alarm.describe(by_source[0], "Field") == (
        "'Field' is answered because of the source clinic: 'Field' is found in 28 of 28 pictures "
        "with it and in 0 of 12 pictures without; 10 of 10 pictures of other classes with it are "
        "taken for 'Field', and 0 of 30 pictures without."
    )
    honest = alarm.find_shortcuts(labels, labels, [clinic], None)
    assert [each.is_alarm for each in honest] == [False]


def test_swap__counts_what_follows_and_its_chance_by_hand() -> None:
    swap = alarm.Swap(num_images=20, towards=9, back=1)
    assert swap.effect == 0.4
    assert swap.p_value == pytest.approx(11 / 1024)  # 10 heads or 9 of 10 throws
    assert alarm.Swap(num_images=20, towards=0, back=0).p_value == 1


def test_looking__ends_when_asked_to() -> None:
    scene = Scene(bordered=19)

    ended = Progress(should_stop=lambda: True)
    with pytest.raises(Cancelled):
        alarm.find_shortcuts(
            scene.labels, scene.labels, cues.list_cues(scene.facts), None, progress=ended
        )
