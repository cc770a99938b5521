"""Whether one picture is another that was brightened or given contrast until parts were clipped.

What is clipped at white or black follows no gain any more, each colour for itself. So the
flatter picture is brightened here as the other was, its colours clipped, and the two compared: a
form or an X-ray that is only alike differs as much as before.

Letters: P pairs, h and w the pixels of a fingerprint.
"""

import numpy as np
from numpy.typing import NDArray

from forge_core.imaging import planes
from forge_core.imaging.planes import Distances, Planes

LEAST_GAIN, MOST_GAIN = 1.08, 2.2
"""Less is no brightening worth a second look, and more leaves too little of a picture."""
_LEAST_OPEN = 0.3
"""Share of the places that are not clipped, by which gain and level are found."""
_LEAST_SPREAD = 8.0
"""Grey levels that these places must spread over."""
_INSIDE = 12.0
"""Grey levels from black and white within which parts of a place may be clipped."""
_CLIPPED_PART = 0.5
"""Of the spread around a place, what clipping its brightest parts may take off its mean."""
_ROUNDS = 4
FAR = 9.0


def distances(
    a: Planes, b: Planes, colors_a: Planes, colors_b: Planes, noise: Distances
) -> tuple[Distances, Planes, Planes]:
    """How far apart two are once the flatter one was brightened like the other.

    Args:
        a: (P, h, w) greys.
        b: (P, h, w) greys.
        colors_a: (P, 2, h', w') colours, 0 where there are none.
        colors_b: (P, 2, h', w').
        noise: (P,) grey levels that re-encoding leaves.

    Returns:
        The distance of the greys in units of noise, (P,), `FAR` where neither is the other
        brightened; and the colours of both, (P, 2, h', w'), those of the flatter one brightened.
    """
    swap = (a.std((1, 2)) > b.std((1, 2)))[:, None, None]
    source, target = np.where(swap, b, a), np.where(swap, a, b)
    swap_colors = swap[..., None]
    source_colors = np.where(swap_colors, colors_b, colors_a)
    target_colors = np.where(swap_colors, colors_a, colors_b)
    reds = _to_rgb(source, source_colors)
    gain, level, is_open = _fit(source, target, reds)
    bright = gain[:, None, None, None] * reds + level[:, None, None, None]
    clipped = np.clip(bright, 0, 255)
    predicted, predicted_colors = _from_rgb(clipped, source_colors.shape[-2:])
    rest = planes.blur(predicted) - planes.blur(target)
    around = gain[:, None, None] * _spread_around(source) * _CLIPPED_PART
    near_white = bright.max(1) > 255 - _INSIDE
    near_black = bright.min(1) < _INSIDE
    rest = np.where(near_white & (rest > 0), np.maximum(rest - around, 0), rest)
    rest = np.where(near_black & (rest < 0), np.minimum(rest + around, 0), rest)
    size = max(3, min(a.shape[1:]) // 16)
    found = planes.largest_place(rest[:, 1:-1, 1:-1], size) / noise
    share = is_open.mean((1, 2))
    spread = np.sqrt(_moments(source, is_open)[1])
    is_told = (gain >= LEAST_GAIN) & (gain <= MOST_GAIN)
    is_told &= (share >= _LEAST_OPEN) & (spread >= _LEAST_SPREAD)
    return np.where(is_told, found, FAR).astype(np.float32), predicted_colors, target_colors


def _fit(source: Planes, target: Planes, reds: Planes) -> tuple[Planes, Planes, NDArray[np.bool_]]:
    """Gain and level, (P,), by the places that neither loses to clipping, and which these are."""
    a, b = planes.blur(source), planes.blur(target)
    is_open = (b < 200) & (b > _INSIDE)
    for _ in range(_ROUNDS):
        mean_a, var_a = _moments(a, is_open)
        mean_b, var_b = _moments(b, is_open)
        gain = np.clip(np.sqrt((var_b + 1) / (var_a + 1)), 0.5, 2.5)
        level = mean_b - gain * mean_a
        bright = gain[:, None, None, None] * reds + level[:, None, None, None]
        is_open = (bright.max(1) < 255 - 2 * _INSIDE) & (bright.min(1) > _INSIDE / 2)
    return gain, level, is_open


def _moments(values: Planes, where: NDArray[np.bool_]) -> tuple[Planes, Planes]:
    """Mean and variance of some places of each, (P,)."""
    weight = where.astype(np.float32)
    total = weight.sum((1, 2)) + 1e-3
    mean = (values * weight).sum((1, 2)) / total
    variance = ((values - mean[:, None, None]) ** 2 * weight).sum((1, 2)) / total
    return mean, variance


def _spread_around(values: Planes) -> Planes:
    """The standard deviation of each place and its neighbours, (P, h, w)."""
    mean = planes.blur(values)
    squares = planes.blur(values * values)
    return np.sqrt(np.maximum(squares - mean * mean, 0))


def _to_rgb(luma: Planes, colors: Planes) -> Planes:
    """(P, 3, h, w) of JPEG's YCbCr."""
    down, across = luma.shape[1:]
    blue, red = (planes.resampled(colors[:, place], down, across) for place in (0, 1))
    return np.stack(
        [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], axis=1
    )


def _from_rgb(values: Planes, color_shape: tuple[int, ...]) -> tuple[Planes, Planes]:
    """Greys (P, h, w) and colours (P, 2, h', w')."""
    luma = 0.299 * values[:, 0] + 0.587 * values[:, 1] + 0.114 * values[:, 2]
    full = ((values[:, 2] - luma) / 1.772, (values[:, 0] - luma) / 1.402)
    colors = np.stack([planes.resampled(plane, *color_shape) for plane in full], axis=1)
    return luma, colors
