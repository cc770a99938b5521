"""What chance allows of a share of images."""

import numpy as np

from forge_core.errors import InvalidInput

WILSON_Z_95 = 1.959963984540054


def wilson_interval(
    num_correct: int, num_images: int, z: float = WILSON_Z_95
) -> tuple[float, float]:
    """Interval that holds the true rate with the confidence of `z`, both ends in [0, 1].

    Raises:
        InvalidInput: When there are no images, or more correct ones than images.

    Source: Wilson 1927, score interval without continuity correction.
    """
    if num_images < 1 or not 0 <= num_correct <= num_images:
        raise InvalidInput(f"Cannot give an interval for {num_correct} of {num_images} images.")
    return wilson_of_rate(num_correct / num_images, num_images, z)


def wilson_of_rate(rate: float, num_images: float, z: float = WILSON_Z_95) -> tuple[float, float]:
    """`wilson_interval` of a rate in [0, 1] and a number above 0 that need not be whole."""
    denominator = 1 + z**2 / num_images
    centre = (rate + z**2 / (2 * num_images)) / denominator
    half_width = (
        z
        / denominator
        * float(np.sqrt(rate * (1 - rate) / num_images + z**2 / (4 * num_images**2)))
    )
    return max(0.0, centre - half_width), min(1.0, centre + half_width)
