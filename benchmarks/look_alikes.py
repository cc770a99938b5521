"""Drawn pictures that look alike and are none: forms, scans, X-rays, icons, garments.

Every picture is another one, and most of their hashes are nearly the same: what a search for
near-duplicates must keep apart. Letters: all sizes are pixels.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

_WORDS = ("invoice", "total", "amount", "street", "city", "order", "price", "tax", "client", "kilo")
_COLORS = ("#d32f2f", "#1976d2", "#388e3c", "#fbc02d", "#7b1fa2", "#455a64", "#f57c00")
_GLYPHS = "ABCEFGHKMNPRSTUXZ+?!23456789"
Random = np.random.Generator


def draw_form(random: Random) -> Image.Image:
    """An invoice: one letterhead and one table, other words and numbers."""
    image = Image.new("L", (620, 877), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 40, 200, 90), fill=60)
    pen.text((220, 50), "ACME Trading Ltd.", fill=0, font=_font(28))
    for place, title in enumerate(("Name:", "Street:", "City:", "Date:")):
        pen.text((40, 190 + 28 * place), title, fill=0, font=_font(16))
        pen.text((140, 190 + 28 * place), _phrase(random, 2), fill=20, font=_font(16))
    for row in range(12):
        y = 340 + 32 * row
        pen.line((40, y, 580, y), fill=100)
        pen.text((50, y + 6), _phrase(random, 2), fill=20, font=_font(15))
        pen.text((500, y + 6), f"{random.random() * 999:.2f}", fill=20, font=_font(15))
    for x in (40, 410, 490, 580):
        pen.line((x, 340, x, 724), fill=100)
    return image.convert("RGB")


def draw_scan(random: Random) -> Image.Image:
    """A slice of a head: one outline, other folds and chambers."""
    size = 128
    y, x = _grid(size)
    wide, high = 0.38 + 0.01 * random.normal(), 0.46 + 0.01 * random.normal()
    radius = np.sqrt((x / wide) ** 2 + (y / high) ** 2)
    picture = 0.9 * np.exp(-(((radius - 1) / 0.03) ** 2))
    folds = np.tanh(2 * _noise(random, size, 2.5))
    picture += (radius < 0.93) * (0.45 + 0.12 * folds * (radius > 0.55))
    for side in (-1, 1):
        across = (x - side * (0.05 + 0.005 * random.normal())) / 0.035
        down = y / (0.12 + 0.01 * random.normal())
        picture -= 0.4 * np.exp(-((across**2 + down**2) ** 2))
    return _grey(picture + 0.015 * random.normal(size=(size, size)))


def draw_x_ray(random: Random) -> Image.Image:
    """A chest: lungs, ribs and heart at nearly one place, other shades inside."""
    size = 256
    y, x = _grid(size)
    vary = random.normal(size=8)
    picture = 0.25 + 0.5 * np.exp(-((x / 0.42) ** 2 + (y / 0.5) ** 2) * 1.2)
    for side in (-1, 1):
        across = (x - side * (0.2 + 0.006 * vary[0])) / (0.12 + 0.006 * vary[1])
        down = (y + 0.01 * vary[2]) / (0.27 + 0.01 * vary[3])
        picture -= 0.42 * np.exp(-((across**2 + down**2) ** 2))
    picture += 0.3 * np.exp(-(((x - 0.004 * vary[4]) / 0.04) ** 2))
    heart = ((x + 0.06) / (0.12 + 0.01 * vary[5])) ** 2 + ((y - 0.18) / 0.1) ** 2
    picture += 0.25 * np.exp(-(heart**2))
    for rib in range(9):
        away = y + 0.38 - 0.085 * rib + 0.5 * np.abs(x) ** 1.4 + 0.004 * random.normal()
        picture += 0.05 * np.exp(-((away / 0.012) ** 2)) * (np.abs(x) > 0.05)
    picture += 0.02 * _noise(random, size, 4)
    return _grey(picture + 0.01 * random.normal(size=(size, size)))


def draw_exposure(random: Random) -> Image.Image:
    """An X-ray of another exposure: darker, or brightened until its bones are clipped at white."""
    return ImageEnhance.Brightness(draw_x_ray(random)).enhance(float(random.uniform(0.6, 1.7)))


def draw_icon(random: Random) -> Image.Image:
    """A shape, a colour and a sign; the caller leaves out those that were drawn before."""
    size = 256
    color, sign = str(random.choice(_COLORS)), str(random.choice(list(_GLYPHS)))
    image = Image.new("RGB", (size, size), "white")
    pen = ImageDraw.Draw(image)
    edge = size // 8
    match int(random.integers(4)):
        case 0:
            pen.ellipse((edge, edge, size - edge, size - edge), fill=color)
        case 1:
            pen.rounded_rectangle((edge, edge, size - edge, size - edge), 40, fill=color)
        case 2:
            pen.polygon([(size // 2, edge), (size - edge, size - edge), (edge, size - edge)], color)
        case _:
            pen.ellipse((edge, edge, size - edge, size - edge), outline=color, width=20)
    fill = "white" if image.getpixel((size // 2, size // 2)) != (255, 255, 255) else color
    pen.text((size // 2, size // 2), sign, fill=fill, font=_font(96), anchor="mm")
    return image.resize((64, 64), Image.Resampling.LANCZOS)


def draw_garment(random: Random) -> Image.Image:
    """Trousers, a dress or a shirt of 28 x 28, as a known public set has them."""
    size = 224
    image = Image.new("L", (size, size), 0)
    outline = (
        (33, 3, 67, 3, 72, 97, 56, 97, 50, 35, 44, 97, 28, 97),
        (40, 3, 60, 3, 58, 40, 75, 97, 25, 97, 42, 40),
        (30, 10, 70, 10, 95, 35, 85, 45, 72, 35, 72, 90, 28, 90, 28, 35, 15, 45, 5, 35),
    )[int(random.integers(3))]
    points = [float(value / 100 * size + random.normal() * 0.012 * size) for value in outline]
    ImageDraw.Draw(image).polygon(points, fill=int(random.integers(120, 255)))
    shade = 1 + 0.08 * _noise(random, size, 16) * random.random()
    picture = np.clip(np.asarray(image, dtype=np.float64) * shade, 0, 255).astype(np.uint8)
    small = Image.fromarray(picture).resize((28, 28), Image.Resampling.LANCZOS)
    return small.convert("RGB")


KINDS: dict[str, Callable[[Random], Image.Image]] = {
    "forms": draw_form,
    "scans": draw_scan,
    "x-rays": draw_x_ray,
    "exposures": draw_exposure,
    "icons": draw_icon,
    "garments": draw_garment,
}


def draw(kind: str, number: int, seed: int = 0) -> list[Image.Image]:
    """So many pictures of a kind, no two the same; the same for the same seed."""
    random = np.random.default_rng(seed)
    drawn: dict[bytes, Image.Image] = {}
    while len(drawn) < number:
        image = KINDS[kind](random)
        drawn.setdefault(image.tobytes(), image)
    return list(drawn.values())


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _phrase(random: Random, words: int) -> str:
    return f"{' '.join(random.choice(_WORDS, words))} {random.integers(1, 999)}"


def _grid(size: int) -> NDArray[np.float64]:
    return np.mgrid[0:size, 0:size] / size - 0.5


def _noise(random: Random, size: int, grain: float) -> NDArray[np.float64]:
    """Soft noise with mean 0 and spread 1, whose spots are about `grain` pixels."""
    frequency = np.fft.fftfreq(size)
    weight = np.exp(-2 * (np.pi * grain) ** 2 * (frequency[:, None] ** 2 + frequency[None] ** 2))
    soft = np.fft.ifft2(np.fft.fft2(random.normal(size=(size, size))) * weight).real
    return np.asarray(soft / soft.std())


def _grey(picture: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8)).convert("RGB")
