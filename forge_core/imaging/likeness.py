"""Whether two fingerprints show one picture: how far apart they are once laid on each other.

A copy that was scaled, re-encoded, brightened or cropped a little differs from its original by
noise that is small everywhere; another picture of the same layout differs a lot somewhere. So the
largest difference of any small place is what counts, after a shift, a stretch and a change of
brightness were taken out. How much noise re-encoding leaves depends on how many pixels of the image
one of the fingerprint covers; distances are in units of that.

Letters: P pairs, h and w the pixels of a fingerprint.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from forge_core.imaging import brightening
from forge_core.imaging.fingerprints import Fingerprint
from forge_core.imaging.planes import Distances, Planes, blur, largest_place, resampled

SMALLEST_SIDE = 12
"""Pixels; of smaller pictures nobody can say whether they are copies or only alike."""
LEAST_DETAIL = 4.0
"""Grey levels; a picture whose detail is less, such as an even sky, could be any other."""
_DETAIL_A_NOISE = 2.0
"""Two pictures of little detail must be nearer than others: by so much nearer than it is large."""
DESCRIPTOR_SIDE = 16
OWN_SIDE = 32
_OWN_NOISE = 1.5
"""Grey levels of contrast below which a place shows noise."""
_MUCH_CLIPPED = 0.02
"""The part of a picture."""
FAR = 9.0
"""The distance of pairs that are not worth a closer look."""
_NOISE = 1_088.0
_LEAST_NOISE, MOST_NOISE = 4.25, 17.0
_COLOR_NOISE = 1.5
"""Of the colours of a place, in units of the noise of the greys."""
_COLOR_SHARE, _COLOR_REST = 0.2, 0.2
"""By how much all colours may differ: a share of their strength, and one of the noise."""
_AT_ONCE = 64
_HALF = 32
_WORTH_BRIGHTENING = 0.5
_CLIPPED = 8.0
_LEAST_OPEN = 0.25


def noise_of(side: int) -> float:
    """Grey levels by which a place of a strongly re-encoded copy may differ.

    JPEG of quality 20 leaves up to 17 levels where a pixel of the fingerprint is one of the image,
    and 3 to 4 where it is the mean of many.

    Args:
        side: Pixels, the shorter side of the smaller image.
    """
    return float(np.clip(_NOISE / max(side, 1), _LEAST_NOISE, MOST_NOISE))


def details_of(fingerprints: Sequence[Fingerprint]) -> Distances:
    """How much each shows beside an even shade, in grey levels, (N,); 0 where it is too small.

    Below `LEAST_DETAIL` no claim can be made of a picture.
    """
    found = np.zeros(len(fingerprints), dtype=np.float32)
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, each in enumerate(fingerprints):
        if each.side >= SMALLEST_SIDE:
            by_shape.setdefault(each.luma.shape, []).append(place)
    for places in by_shape.values():
        for start in range(0, len(places), _AT_ONCE):
            part = places[start : start + _AT_ONCE]
            luma = np.stack([fingerprints[place].luma for place in part]).astype(np.float32)
            found[part] = largest_place(blur(luma - _smooth(luma)), 3)
    return found


def descriptors(fingerprints: Sequence[Fingerprint]) -> tuple[Planes, Planes]:
    """What near ones are looked up by: (P, 256) of length 1 and mean 0, and (P,) their contrast."""
    side = DESCRIPTOR_SIDE
    rows = np.empty((len(fingerprints), side * side), dtype=np.float32)
    for place, found in enumerate(fingerprints):
        rows[place] = resampled(found.luma[None].astype(np.float32), side, side).ravel()
    rows -= rows.mean(axis=1, keepdims=True)
    contrast = np.sqrt((rows * rows).mean(axis=1))
    rows /= np.maximum(contrast, 1e-3)[:, None] * side
    return rows, contrast


def own_details(fingerprints: Sequence[Fingerprint]) -> Planes:
    """What tells each from the others, whatever its brightness: (P, 1024), mean 0, length 1.

    Each place is taken beside its neighbours and in units of their contrast, what is clipped at
    white or black is left out, and what all P have in common says nothing of any of them.
    """
    side = OWN_SIDE
    rows = np.empty((len(fingerprints), side * side), dtype=np.float32)
    for start in range(0, len(fingerprints), _AT_ONCE):
        part = fingerprints[start : start + _AT_ONCE]
        small = np.concatenate(
            [resampled(found.luma[None].astype(np.float32), side, side) for found in part]
        )
        around = blur(blur(small))
        rest = small - around
        contrast = np.sqrt(blur(blur(rest * rest)))
        is_open = (around > _CLIPPED) & (around < 255 - _CLIPPED)
        rows[start : start + len(part)] = np.where(
            is_open, rest / (contrast + _OWN_NOISE), 0
        ).reshape(len(part), -1)
    rows -= rows.mean(axis=0, keepdims=True)
    rows /= np.maximum(np.sqrt((rows * rows).sum(axis=1, keepdims=True)), 1e-3)
    return rows


def has_clipped(fingerprints: Sequence[Fingerprint]) -> NDArray[np.bool_]:
    """Which lose part of what they show to white or black, as brightened ones do, (P,)."""
    low, high = _CLIPPED, 255 - _CLIPPED
    shares = [((x.luma <= low) | (x.luma >= high)).mean() for x in fingerprints]
    return np.array(shares) >= _MUCH_CLIPPED


def distances(pairs: Sequence[tuple[Fingerprint, Fingerprint]]) -> Distances:
    """How far apart the two of each pair are, (P,): up to 1 is what re-encoding alone may do."""
    found = np.full(len(pairs), FAR, dtype=np.float32)
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for place, (first, second) in enumerate(pairs):
        shape = np.minimum(first.luma.shape, second.luma.shape)
        colors = np.minimum(first.color.shape, second.color.shape)
        by_shape.setdefault((*shape.tolist(), *colors[1:].tolist()), []).append(place)
    for shape, places in by_shape.items():
        if min(shape) < SMALLEST_SIDE:
            continue
        for start in range(0, len(places), _AT_ONCE):
            part = places[start : start + _AT_ONCE]
            found[part] = _distances_of([pairs[place] for place in part], *shape)
    return found


def _distances_of(
    pairs: Sequence[tuple[Fingerprint, Fingerprint]],
    down: int,
    across: int,
    color_down: int,
    color_across: int,
) -> Distances:
    noise = np.array([noise_of(min(a.side, b.side)) for a, b in pairs], dtype=np.float32)
    a, b = (
        np.concatenate(
            [resampled(pair[end].luma[None].astype(np.float32), down, across) for pair in pairs]
        )
        for end in (0, 1)
    )
    colors_a, colors_b = (
        np.stack(
            [
                resampled(pair[end].color.astype(np.float32) - 128, color_down, color_across)
                for pair in pairs
            ]
        )
        for end in (0, 1)
    )
    detail = np.minimum(*(largest_place(blur(x - _smooth(x)), 3) for x in (a, b)))
    full_noise, noise = noise, np.minimum(noise, detail / _DETAIL_A_NOISE)
    found, gain = _residual(a, b)
    found /= noise
    # Those that differ as they lie are laid on each other first, unless they are far apart.
    apart = np.flatnonzero(found > 0.5)
    if len(apart):
        rough, shift = _rough_fit(a[apart], b[apart])
        apart, shift = apart[rough <= 5 * noise[apart]], shift[rough <= 5 * noise[apart]]
    if len(apart):
        aligned, gain_aligned = _residual(_aligned(a[apart], b[apart], shift), b[apart])
        aligned /= noise[apart]
        better = aligned < found[apart]
        found[apart[better]] = aligned[better]
        gain[apart[better]] = gain_aligned[better]
    found = np.maximum(found, _color_distance(colors_a, colors_b, gain, full_noise))
    return _with_brightened(found, (a, b), (colors_a, colors_b), full_noise)


def _with_brightened(
    found: Distances, luma: tuple[Planes, Planes], colors: tuple[Planes, Planes], noise: Distances
) -> Distances:
    """The distances, smaller where one is the other brightened until parts were clipped."""
    apart = np.flatnonzero(found > _WORTH_BRIGHTENING)
    if not len(apart):
        return found
    (a, b), (colors_a, colors_b) = ((x[apart], y[apart]) for x, y in (luma, colors))
    greys, one, other = brightening.distances(a, b, colors_a, colors_b, noise[apart])
    as_bright = np.ones(len(apart), dtype=np.float32)
    bright = np.maximum(greys, _color_distance(one, other, as_bright, noise[apart]))
    found[apart] = np.minimum(found[apart], bright)
    return found


def _residual(a: Planes, b: Planes) -> tuple[Distances, Planes]:
    """The largest difference of a place after brightness is taken out, (P,), and the gain (P,).

    What the brighter one lost by being clipped at white or black is no difference.
    """
    a, b = blur(a)[:, 1:-1, 1:-1], blur(b)[:, 1:-1, 1:-1]
    low, high = _CLIPPED, 255 - _CLIPPED
    clipped_a, clipped_b = (((x <= low) | (x >= high)).mean((1, 2)) for x in (a, b))
    swap = (clipped_a > clipped_b)[:, None, None]
    source, target = np.where(swap, b, a), np.where(swap, a, b)
    inside = (source > low) & (source < high) & (target > low) & (target < high)
    few = inside.mean((1, 2)) < _LEAST_OPEN
    inside[few] = True
    weight = inside.astype(np.float32)
    total = weight.sum((1, 2), keepdims=True)
    mean_s = (source * weight).sum((1, 2), keepdims=True) / total
    mean_t = (target * weight).sum((1, 2), keepdims=True) / total
    var_s = ((source - mean_s) ** 2 * weight).sum((1, 2), keepdims=True) / total
    var_t = ((target - mean_t) ** 2 * weight).sum((1, 2), keepdims=True) / total
    gain = np.clip(np.sqrt((var_t + 1) / (var_s + 1)), 0.5, 2.0)
    predicted = np.clip(gain * (source - mean_s) + mean_t, 0, 255)
    size = max(3, min(a.shape[1:]) // 16)
    gain = np.where(swap, 1 / gain, gain)[:, 0, 0]
    return largest_place(predicted - target, size), gain


def _color_distance(a: Planes, b: Planes, gain: Planes, noise: Planes) -> Distances:
    """How far the colours are apart, of one place and of all, (P,): up to 1 is noise.

    One without any colour may be the grey copy of the other; then its greys are the very same,
    which a picture drawn in grey has not.
    """
    difference = b - gain[:, None, None, None] * a
    grey = [(np.abs(x) <= 2).all((1, 2, 3)) for x in (a, b)]
    copied = (grey[0] ^ grey[1]) & (np.abs(gain - 1) < 0.03)
    place = np.max([largest_place(difference[:, plane], 3) for plane in (0, 1)], axis=0)
    strength, all_of_it = (
        np.sqrt((x * x).mean((1, 2, 3)))
        for x in (np.where((np.abs(a) > np.abs(b)), a, b), difference)
    )
    found = np.maximum(
        place / (_COLOR_NOISE * noise),
        all_of_it / (_COLOR_SHARE * strength + _COLOR_REST * noise),
    )
    # Another colour is another thing: beyond noise it counts for more than a difference of grey.
    return np.where(copied, 0, np.maximum(found, found**2 * (found > 1))).astype(np.float32)


def _rough_fit(a: Planes, b: Planes) -> tuple[Distances, Planes]:
    """At half the size: what no shift, stretch or brightness explains, and those (P, 4)."""
    down, across = (max(8, side // 2) if side > _HALF else side for side in a.shape[1:])
    small_a, small_b = (blur(resampled(x, down, across)) for x in (a, b))
    rest, shift = _fit(small_a, small_b)
    scale = np.array([a.shape[2] / across, a.shape[1] / down] * 2, dtype=np.float32)
    shift = np.asarray(np.clip(shift * scale, -3, 3), dtype=np.float32)
    return largest_place(rest, max(3, min(down, across) // 8)), shift


def _aligned(a: Planes, b: Planes, shift: Planes) -> Planes:
    """The first of each pair, moved onto the second."""
    _, more = _fit(blur(_moved(a, shift)), blur(b))
    return _moved(a, shift + np.clip(more, -1, 1))


def _fit(a: Planes, b: Planes) -> tuple[Planes, Planes]:
    """The second of each pair as the first with shift, stretch, gain and level, to first order.

    Returns:
        What is left (P, h, w), and across, down, stretch across, stretch down in pixels (P, 4).
    """
    number, down, across = a.shape
    rise_down, rise_across = np.gradient(a, axis=(1, 2))
    y, x = _grid(down, across)
    columns = np.stack(
        [np.ones_like(a), a, rise_across, rise_down, rise_across * x, rise_down * y], axis=1
    ).reshape(number, 6, down * across)
    gram = (columns @ columns.transpose(0, 2, 1)).astype(np.float64)
    gram += np.eye(6) * (0.02 * down * across)
    sides = (columns @ b.reshape(number, down * across, 1)).astype(np.float64)
    found = np.linalg.solve(gram, sides)[..., 0].astype(np.float32)
    rest = b - (found[:, None] @ columns).reshape(a.shape)
    gain = np.where(np.abs(found[:, 1:2]) < 0.2, 1, found[:, 1:2])
    shift = np.asarray(found[:, 2:] / gain, dtype=np.float32)
    return np.asarray(rest, dtype=np.float32), shift


def _moved(planes: Planes, shift: Planes) -> Planes:
    """Sampled at shifted and stretched places, between pixels by their distance."""
    number, down, across = planes.shape
    y, x = _grid(down, across)
    at_x = np.arange(across)[None, None] + shift[:, 0, None, None] + shift[:, 2, None, None] * x
    at_y = np.arange(down)[None, :, None] + shift[:, 1, None, None] + shift[:, 3, None, None] * y
    at_x, at_y = np.clip(at_x, 0, across - 1.001), np.clip(at_y, 0, down - 1.001)
    left, top = at_x.astype(np.int64), at_y.astype(np.int64)
    to_x, to_y = (at_x - left).astype(np.float32), (at_y - top).astype(np.float32)
    n = np.arange(number)[:, None, None]
    upper = planes[n, top, left] * (1 - to_x) + planes[n, top, left + 1] * to_x
    lower = planes[n, top + 1, left] * (1 - to_x) + planes[n, top + 1, left + 1] * to_x
    return np.asarray(upper * (1 - to_y) + lower * to_y, dtype=np.float32)


def _smooth(planes: Planes) -> Planes:
    """The nearest plane or bowl to each: what a picture without detail consists of."""
    number, down, across = planes.shape
    y, x = _grid(down, across)
    flat = [np.broadcast_to(part, (down, across)).ravel() for part in (x * 0 + 1, x, y)]
    columns = np.stack([*flat, flat[1] ** 2, flat[2] ** 2, flat[1] * flat[2]], axis=1)
    known = np.linalg.pinv(columns)
    rows = planes.reshape(number, -1)
    return np.asarray((rows @ known.T @ columns.T).reshape(planes.shape), dtype=np.float32)


@lru_cache(maxsize=256)
def _grid(down: int, across: int) -> tuple[Planes, Planes]:
    """(h, 1) and (1, w), from -1 to 1."""
    return (
        np.linspace(-1, 1, down, dtype=np.float32)[:, None],
        np.linspace(-1, 1, across, dtype=np.float32)[None, :],
    )
