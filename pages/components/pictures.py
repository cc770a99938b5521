"""Pictures for the page: tiny ones with crisp pixels, large ones small enough to send."""

from PIL import Image

TINY_SIDE = 96


def fit(image: Image.Image, side: int) -> Image.Image:
    """The image at about this long side: shrunk smoothly, or enlarged pixel by pixel.

    Args:
        image: RGB.
        side: Wanted long side in pixels.

    Returns:
        A tiny image is repeated by a whole factor so that every pixel stays a square; one
        in between is returned as it is.
    """
    longest = max(image.size)
    if longest > side:
        shrunk = image.copy()
        shrunk.thumbnail((side, side), Image.Resampling.LANCZOS)
        return shrunk
    if longest > TINY_SIDE:
        return image
    factor = max(1, -(-side // longest))
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def is_tiny(image: Image.Image) -> bool:
    """Whether the image is drawn pixel by pixel."""
    return max(image.size) <= TINY_SIDE
