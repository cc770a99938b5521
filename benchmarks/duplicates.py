"""Near-duplicates: what the perceptual hash finds and mistakes, and how fast groups are found.

    python -m benchmarks.duplicates photos FOLDER     copies of each photo: found at how many bits?
    python -m benchmarks.duplicates speed [--hashes 1000000] [--bits 4]

`photos` makes altered copies of every photo in memory, counts at each distance how many are that
near to their photo, and how many pairs of different photos are. `speed` groups random hashes, a
tenth of them near copies of others, and checks that every copy was found. Prints a table and JSON.
"""

import argparse
import io
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from forge_core.catalog.splits import similarity
from forge_core.imaging.hashing import perceptual_hash

DISTANCES = (0, 2, 3, 4, 5, 6, 8, 10)
SUFFIXES = (".jpg", ".jpeg", ".png")


def reencode(image: Image.Image, format_: str, quality: int) -> Image.Image:
    """The image after a lossy file format."""
    file = io.BytesIO()
    image.save(file, format_, quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def scale(image: Image.Image, factor: float) -> Image.Image:
    """The image in other pixels."""
    return image.resize((round(image.width * factor), round(image.height * factor)))


def crop(image: Image.Image, share: float) -> Image.Image:
    """The image without this share on each side."""
    across, down = round(image.width * share), round(image.height * share)
    return image.crop((across, down, image.width - across, image.height - down))


ALTERED: dict[str, Callable[[Image.Image], Image.Image]] = {
    "scaled to 50 %": lambda image: scale(image, 0.5),
    "scaled to 200 %": lambda image: scale(image, 2),
    "scaled to 64 px": lambda image: image.resize((64, 64)),
    "JPEG quality 60": lambda image: reencode(image, "JPEG", 60),
    "JPEG quality 20": lambda image: reencode(image, "JPEG", 20),
    "WebP quality 50": lambda image: reencode(image, "WEBP", 50),
    "50 % and JPEG 40": lambda image: reencode(scale(image, 0.5), "JPEG", 40),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "brighter by 1.3": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "contrast by 1.3": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "cropped 1 % a side": lambda image: crop(image, 0.01),
    "cropped 2 % a side": lambda image: crop(image, 0.02),
    "cropped 5 % a side": lambda image: crop(image, 0.05),
    "turned by 2 degrees": lambda image: image.rotate(2, Image.Resampling.BILINEAR),
    "mirrored": ImageOps.mirror,
}


def measure_photos(folder: Path) -> dict[str, object]:
    """Hits in percent by alteration and distance, and pairs of different photos by distance."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    own = []
    distances: dict[str, list[int]] = {name: [] for name in ALTERED}
    for path in paths:
        image = Image.open(path).convert("RGB")
        own.append(int(perceptual_hash(image), 16))
        for name, alter in ALTERED.items():
            distances[name].append((int(perceptual_hash(alter(image)), 16) ^ own[-1]).bit_count())
    hits = {
        name: {
            limit: round(100 * float(np.mean(np.array(found) <= limit)), 1) for limit in DISTANCES
        }
        for name, found in distances.items()
    }
    hashes = np.array(own, dtype=np.uint64)
    pairs = np.zeros(similarity.HASH_BITS + 1, dtype=np.int64)
    for place in range(len(hashes) - 1):
        apart = np.bitwise_count(hashes[place + 1 :] ^ hashes[place])
        pairs += np.bincount(apart, minlength=len(pairs))
    between = {limit: int(pairs[: limit + 1].sum()) for limit in DISTANCES}
    print(f"{'bits':22}" + "".join(f"{limit:>8}" for limit in DISTANCES))
    for name, row in hits.items():
        print(f"{name:22}" + "".join(f"{value:>7.1f}%" for value in row.values()))
    print(f"{'pairs of others':22}" + "".join(f"{value:>8,}" for value in between.values()))
    return {
        "num_photos": len(paths),
        "hits_percent": hits,
        "num_pairs": len(paths) * (len(paths) - 1) // 2,
        "pairs_of_others": between,
    }


def measure_speed(number: int, bits: int) -> dict[str, object]:
    """Seconds to group random hashes of which a tenth are copies with up to `bits` other bits."""
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, number, dtype=np.uint64)
    copies = number // 10
    sources = random.integers(0, number - copies, copies)
    hashes[number - copies :] = hashes[sources]
    for _ in range(bits):
        flipped = random.integers(0, similarity.HASH_BITS, copies).astype(np.uint64)
        hashes[number - copies :] ^= np.uint64(1) << flipped
    started = time.perf_counter()
    found = similarity.find_groups(hashes, bits=bits)
    seconds = time.perf_counter() - started
    together = found.groups[number - copies :] == found.groups[sources]
    return {
        "num_hashes": number,
        "bits": bits,
        "num_sorts": len(similarity.block_masks(bits, many=number > similarity.MANY)),
        "seconds": round(seconds, 2),
        "copies_found_percent": round(100 * float(together.mean()), 2),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    photos = commands.add_parser("photos")
    photos.add_argument("folder", type=Path)
    speed = commands.add_parser("speed")
    speed.add_argument("--hashes", type=int, default=1_000_000)
    speed.add_argument("--bits", type=int, default=4)
    asked = parser.parse_args()
    if asked.command == "photos":
        result = measure_photos(asked.folder)
    else:
        result = measure_speed(asked.hashes, asked.bits)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
