"""Documents that are called as an image: beside it, or in a folder parallel to the images' own.

`a.json` and `a.jpg.json` beside `a.jpg`; `ann/a.jpg.json` for `img/a.jpg` (Supervisely);
`labels/train/a.txt` for `images/train/a.jpg` (YOLO).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

ENDINGS = (".cls", ".json", ".txt", ".xml")
"""Endings of what goes with one image, the surest first."""


def by_image(documents: Iterable[str], images: Sequence[str]) -> dict[str, dict[str, str]]:
    """Path of an image to the documents called as it, by their endings.

    A document of a parallel folder counts where one image alone can be meant.
    """
    named: dict[str, list[str]] = defaultdict(list)
    for image in images:
        name = image.rpartition("/")[2]
        for key in {name, name.rpartition(".")[0]}:
            named[key].append(image)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for document in documents:
        stem, _, ending = document.rpartition(".")
        if f".{ending.lower()}" in ENDINGS and (meant := _meant(stem, named)) is not None:
            found[meant].setdefault(f".{ending.lower()}", document)
    return found


def _meant(stem: str, named: Mapping[str, Sequence[str]]) -> str | None:
    folder, _, name = stem.rpartition("/")
    candidates = named.get(name, ())
    for image in candidates:
        if image.rpartition("/")[0] == folder:
            return image
    if not folder:
        return None
    parallel = [image for image in candidates if _are_parallel(image, folder)]
    return parallel[0] if len(parallel) == 1 else None


def _are_parallel(image: str, folder: str) -> bool:
    """Whether the image's folders are those of a document but for one."""
    ours, theirs = image.split("/")[:-1], folder.split("/")
    return len(ours) == len(theirs) and sum(a != b for a, b in zip(ours, theirs, strict=True)) == 1
