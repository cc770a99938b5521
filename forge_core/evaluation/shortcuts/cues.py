"""Which images have which cue, and how a picture gets a cue or loses it.

Legend: N images.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from forge_core.evaluation.answers import Flags, Floats, Whole
from forge_core.imaging import cues as pictures
from forge_core.imaging.cues import Colour, PictureCues

Edit = Callable[[Image.Image], Image.Image]
FIFTH = 0.2
MOST_SIZES = 8
"""With no more different sizes each is a cue; of more, the smallest and the largest fifth."""
WIDE, TALL = 1.15, 1 / 1.15
"""Width by height from which on a picture is not about square."""


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """What is known of one image without knowing what it shows."""

    cues: PictureCues
    width: int
    """Pixels of the original."""
    height: int
    size_bytes: int
    source: str | None


@dataclass(frozen=True, kw_only=True)
class Cue:
    """One cue, and the images that have it."""

    kind: str
    value: str
    """In words, with the kind: "a red border"."""
    has: Flags
    """(N,)."""
    can_swap: Flags
    """(N,) images that can be given the cue where they have it not, and lose it where they do."""
    give: Callable[[Whole], Edit] | None = None
    """Makes an edit that gives a picture the cue as these images have it; None where none can."""
    take: Callable[[Whole], Edit] | None = None
    """The same, to be like these images, which have it not."""


def list_cues(facts: Sequence[ImageFacts]) -> list[Cue]:
    """Every cue that some of the N images have and others have not."""
    found = [
        *_sources(facts),
        *_borders(facts),
        *_backgrounds(facts),
        *_levels(facts),
        *_shapes(facts),
    ]
    return [cue for cue in found if cue.has.any() and not cue.has.all()]


def _sources(facts: Sequence[ImageFacts]) -> list[Cue]:
    values = np.array([each.source or "" for each in facts])
    nowhere = np.zeros(len(facts), np.bool_)
    return [
        Cue(kind="source", value=f"the source {name}", has=values == name, can_swap=nowhere)
        for name in sorted(set(values.tolist()) - {""})
    ]


def _borders(facts: Sequence[ImageFacts]) -> list[Cue]:
    widths = np.array([each.cues.frame_width for each in facts])
    anywhere = np.ones(len(facts), np.bool_)

    def give(places: Whole) -> Edit:
        colour = _middle_colour(facts, places)
        return partial(pictures.put_frame, colour=colour, width=float(np.median(widths[places])))

    return [
        Cue(
            kind="border",
            value=f"a {name} border",
            has=has,
            can_swap=anywhere,
            give=give,
            take=lambda _: pictures.take_frame,
        )
        for name, has in _by_colour(facts, widths > 0)
    ]


def _backgrounds(facts: Sequence[ImageFacts]) -> list[Cue]:
    plain = np.array([each.cues.is_background for each in facts])

    def recolour(places: Whole) -> Edit:
        return partial(pictures.recolour_background, colour=_middle_colour(facts, places))

    return [
        Cue(
            kind="background",
            value=f"a plain {name} background",
            has=has,
            can_swap=plain,
            give=recolour,
            take=recolour,
        )
        for name, has in _by_colour(facts, plain)
    ]


def _levels(facts: Sequence[ImageFacts]) -> list[Cue]:
    """Measures that can be moved to that of other images."""
    brightness = np.array([each.cues.brightness for each in facts])
    sides = np.array([min(each.width, each.height) for each in facts], float)
    rates = np.array([each.size_bytes / (each.width * each.height) for each in facts])
    found = _ends("brightness", brightness, ("darkness", "brightness"), pictures.with_brightness)
    if len(set(sides.tolist())) > MOST_SIZES:
        found += _ends("size", sides, ("a small size", "a large size"), pictures.with_short_side)
    else:
        move = _mover(sides, pictures.with_short_side)
        found += [
            _level("size", f"a shorter side of {side:,.0f} px", sides == side, move)
            for side in sorted(set(sides.tolist()))
        ]
    words = ("strong compression", "weak compression")
    return found + _ends("compression", rates, words, pictures.with_compression)


def _shapes(facts: Sequence[ImageFacts]) -> list[Cue]:
    ratios = np.array([each.width / each.height for each in facts])
    move = _mover(ratios, pictures.with_shape)
    return [
        _level("shape", words, has, move)
        for words, has in (
            ("a wide shape", ratios >= WIDE),
            ("a square shape", (ratios < WIDE) & (ratios > TALL)),
            ("a tall shape", ratios <= TALL),
        )
    ]


def _ends(
    kind: str,
    values: Floats,
    words: tuple[str, str],
    move: Callable[[Image.Image, float], Image.Image],
) -> list[Cue]:
    low, high = np.quantile(values, [FIFTH, 1 - FIFTH])
    if low == high:
        return []
    edit = _mover(values, move)
    return [
        _level(kind, words[0], values <= low, edit),
        _level(kind, words[1], values >= high, edit),
    ]


def _level(kind: str, value: str, has: Flags, edit: Callable[[Whole], Edit]) -> Cue:
    anywhere = np.ones(len(has), np.bool_)
    return Cue(kind=kind, value=value, has=has, can_swap=anywhere, give=edit, take=edit)


def _mover(
    values: Floats, move: Callable[[Image.Image, float], Image.Image]
) -> Callable[[Whole], Edit]:
    def edit(places: Whole) -> Edit:
        wanted = float(np.median(values[places]))
        return lambda picture: move(picture, wanted)

    return edit


def _by_colour(facts: Sequence[ImageFacts], where: Flags) -> list[tuple[str, Flags]]:
    names = np.array([pictures.name_colour(each.cues.edge_colour) for each in facts])
    counts = Counter(names[where].tolist())
    return [(name, where & (names == name)) for name in sorted(counts)]


def _middle_colour(facts: Sequence[ImageFacts], places: Whole) -> Colour:
    colours = np.array([facts[place].cues.edge_colour for place in places.tolist()])
    red, green, blue = (int(part) for part in np.median(colours, axis=0))
    return red, green, blue
