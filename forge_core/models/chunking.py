"""How many images go through a network at once where nothing depends on it but the time.

Measured on 2 cores, float32, channels last, forward, milliseconds an image with 4, 8, 16 and 32
images at once: MobileNetV2 at 224 px 13.1, 11.3, 11.2, 11.9, at 128 px 6.9, 5.0, 4.3, 4.2;
EfficientNet-B2 at 288 px 51, 48, 45, 45; ResNet-18 at 224 px 33, 30, 29, 30. That is where the
process keeps freed memory (see `allocator`); elsewhere many at once are slower: MobileNetV2 at
224 px 13.9, 17.1, 18.5, 26.4.
"""

PROCESSOR_PIXELS = 16 * 224**2
"""Pixels of all inputs at once on a processor: 16 images of 224 px, 32 of 128 px."""
MOST = 64


def images_at_once(device_kind: str, side: int) -> int:
    """Images of a forward pass: a power of two from 1 to 64.

    Args:
        device_kind: cpu, cuda or mps.
        side: Of the square inputs, in pixels.
    """
    if device_kind != "cpu":
        return MOST
    fitting = max(1, PROCESSOR_PIXELS // side**2)
    return min(MOST, 1 << (fitting.bit_length() - 1))
