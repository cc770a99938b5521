"""Near-duplicates: what is found and mistaken, by the hash and on the pixels, and how fast.

    python -m benchmarks.duplicates copies WHAT ... [--most 400]
    python -m benchmarks.duplicates photos FOLDER     copies of each photo: found at how many bits?
    python -m benchmarks.duplicates speed [--hashes 1000000] [--bits 4]

`copies` is what the product does: of each set (a folder, `digits`, or drawn look-alikes: forms,
scans, x-rays, exposures, icons, garments) it looks for groups among the images alone, and again
with an altered copy of every fourth one beside them. Groups that hold two different images are
false.
`photos` counts at each distance of the hash how many altered copies are that near to their photo,
and how many pairs of different photos are. `speed` groups random hashes, a tenth of them near
copies of others, and checks that every copy was found. Prints a table and JSON.
"""

import argparse
import io
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from sklearn.datasets import load_digits

from benchmarks import look_alikes
from forge_core.catalog.splits import same_pictures, similarity
from forge_core.catalog.splits.groups import DEFAULT_BITS
from forge_core.imaging import fingerprints
from forge_core.imaging.hashing import perceptual_hash

COPIES = (
    "scaled to 50 %",
    "JPEG quality 20",
    "50 % and JPEG 40",
    "grey",
    "cropped 1 % a side",
    "brighter by 1.3",
)
"""What `copies` does to images; it asks of every alteration for itself."""
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


@dataclass(frozen=True)
class Groups:
    """What a search among images and copies of the first of them found."""

    num_groups: int
    num_false: int
    """Groups that hold two images of which neither is a copy of the other."""
    num_found: int
    """Copies that are in a group with their image."""
    seconds: float


def measure_copies(what: str, most: int) -> dict[str, object]:
    """Groups among the images of a set, and among them with altered copies of every fourth."""
    images = read_set(what, most)
    copied = images[::4]
    alone = search(images, [])
    rows = {name: search(images, [ALTERED[name](image) for image in copied]) for name in COPIES}
    row = "".join(f"{100 * each.num_found / len(copied):>9.1f}%" for each in rows.values())
    false = max(each.num_false for each in (alone, *rows.values()))
    print(
        f"{Path(what).name[:16]:16}{len(images):>7,}{alone.num_groups:>8,}{false:>7,}{row}",
        flush=True,
    )
    return {
        "set": Path(what).name,
        "num_images": len(images),
        "num_copied": len(copied),
        "groups_without_copies": alone.num_groups,
        "alterations": {name: asdict(each) for name, each in rows.items()},
    }


def search(images: Sequence[Image.Image], copies: Sequence[Image.Image]) -> Groups:
    """As the catalog is searched; the copies are of every fourth image."""
    shown = [*images, *copies]
    source = np.array([*range(len(images)), *range(0, 4 * len(copies), 4)])
    hashes = np.array([int(perceptual_hash(image), 16) for image in shown], dtype=np.uint64)
    joined = similarity.find_groups(hashes, bits=DEFAULT_BITS).groups
    made = [
        fingerprints.make(image, *image.size) if joined[place] >= 0 else None
        for place, image in enumerate(shown)
    ]
    started = time.perf_counter()
    groups = same_pictures.find(made, joined, num_compared=len(shown))
    seconds = time.perf_counter() - started
    numbers = np.unique(groups[groups >= 0])
    false = sum(len(np.unique(source[groups == number])) > 1 for number in numbers)
    own, copy = groups[0 : 4 * len(copies) : 4], groups[len(images) :]
    return Groups(len(numbers), false, int(((own == copy) & (copy >= 0)).sum()), round(seconds, 2))


def read_set(what: str, most: int) -> list[Image.Image]:
    """Drawn look-alikes, the digits of scikit-learn, or images of a folder, spread over it."""
    if what in look_alikes.KINDS:
        return look_alikes.draw(what, most)
    if what == "digits":
        pixels = np.round(load_digits().images[:most] * (255 / 16)).astype(np.uint8)
        return [Image.fromarray(digit).convert("RGB") for digit in pixels]
    paths = sorted(path for path in Path(what).rglob("*") if path.suffix.lower() in SUFFIXES)
    return [Image.open(path).convert("RGB") for path in paths[:: max(1, len(paths) // most)][:most]]


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
    """Run one of the three."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    photos = commands.add_parser("photos")
    photos.add_argument("folder", type=Path)
    copies = commands.add_parser("copies")
    copies.add_argument("what", nargs="+", help="a folder, digits, or a kind of look-alikes")
    copies.add_argument("--most", type=int, default=400, help="images of each set")
    speed = commands.add_parser("speed")
    speed.add_argument("--hashes", type=int, default=1_000_000)
    speed.add_argument("--bits", type=int, default=4)
    asked = parser.parse_args()
    result: object
    if asked.command == "photos":
        result = measure_photos(asked.folder)
    elif asked.command == "copies":
        print(f"{'set':16}{'images':>7}{'groups':>8}{'false':>7}  {', '.join(COPIES)}")
        result = [measure_copies(what, asked.most) for what in asked.what]
    else:
        result = measure_speed(asked.hashes, asked.bits)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
