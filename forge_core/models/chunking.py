"""How many images go through a network at once where nothing depends on it but the time.

On a processor what a layer hands to the next one should still be in its cache. Measured on 2 cores
with 32 MiB of shared cache, float32, channels last, forward, milliseconds an image with 32, 16, 8
and 4 images at once: MobileNetV2 at 224 px 30.7, 30.4, 18.9, 19.1, at 128 px 6.2, 4.3, 5.0, 6.8;
EfficientNet-B2 at 288 px 88.9, 89.8, 76.7, 68.6; ResNet-18 at 224 px 34.8, 32.5, 33.3, 35.4.
Forward and backward of MobileNetV2 at 224 px with kept statistics: 85.3, 54.9, 44.0, 53.5.
"""

PROCESSOR_PIXELS = 420_000
"""Pixels of all inputs at once on a processor: 8 images of 224 px, 16 of 128 px."""
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
