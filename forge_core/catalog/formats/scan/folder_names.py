"""What the name of a folder says, by the words in it: a split, a mere container, no label."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS = re.compile(r"[^\W\d_]+|\d+")
_HELD_OUT = re.compile(r"\bh[eo]ld[ _-]?out\b", re.IGNORECASE)

# fmt: off
_SPLIT_WORDS: dict[str, str] = {
    "train": "train", "training": "train", "trainings": "train", "entrainement": "train",
    "entrenamiento": "train", "treino": "train", "addestramento": "train", "обучение": "train",
    "训练": "train", "訓練": "train", "訓練集": "train", "训练集": "train",
    "val": "val", "valid": "val", "validate": "val", "validation": "val", "validating": "val",
    "validierung": "val", "validacion": "val", "validacao": "val", "валидация": "val",
    "验证": "val", "验证集": "val", "検証": "val", "驗證集": "val",
    "test": "test", "testing": "test", "tests": "test", "prueba": "test", "pruebas": "test",
    "teste": "test", "тест": "test", "测试": "test", "测试集": "test", "測試集": "test",
    "テスト": "test", "heldout": "held_out",
}
_WEAK_WORDS: dict[str, str] = {
    "trn": "train", "tr": "train", "vld": "val", "dev": "val", "devel": "val", "eval": "val",
    "evaluation": "val", "tst": "test", "te": "test", "ts": "test",
}
"""Words that mean a split only beside another split of the same naming."""

_CONTAINERS = frozenset({
    "image", "images", "img", "imgs", "picture", "pictures", "pic", "pics", "photo", "photos",
    "jpg", "jpgs", "jpeg", "jpegs", "png", "pngs", "jpegimages", "bilder", "imagenes", "imagens",
    "data", "dataset", "datasets", "daten", "dados", "datos", "files", "folder", "folders",
    "database", "collection", "frames", "imagefolder", "input",
})
"""What holds a collection, or a part of it, and says nothing about what is shown."""

_COMPANIONS = _CONTAINERS | frozenset({
    "set", "sets", "dir", "file", "split", "splits", "part", "parts", "sample", "samples", "batch",
    "raw", "resized", "cropped", "crop", "crops", "clean", "cleaned", "processed", "original",
    "originals", "orig", "new", "final", "full", "all", "small", "mini", "public", "private",
    "labeled", "labelled", "augmented", "aug", "the", "of", "for", "class", "classes", "v",
    "version", "rev", "subset", "px", "x", "k", "classification", "only", "copy", "sorted",
})
"""Words that stand beside the word of a split and change nothing."""

_QUALIFIERS = frozenset({
    "seen", "unseen", "easy", "hard", "blind", "a", "b", "c", "i", "ii", "iii", "extra", "noisy",
    "gt", "challenge", "unlabeled", "unlabelled", "ood", "internal", "external", "additional",
})
"""What a split is called further beside a plain one: test_unseen."""

_ASIDE = frozenset({
    "example", "examples", "doc", "docs", "documentation", "figure", "figures", "asset", "assets",
    "demo", "demos", "screenshot", "screenshots", "result", "results", "output", "outputs",
    "paper", "logo", "logos", "sample", "samples", "readme", "static", "meta", "thumbnails",
    "preview", "previews", "github", "media", "notebooks", "runs", "web", "website", "plots",
})
"""Folders of a repository that stand beside its images."""

_MASKS = frozenset({
    "mask", "masks", "groundtruth", "trimap", "trimaps", "segmentation", "segmentations",
})
_MASK_WORDS = _MASKS | frozenset({
    "ground", "truth", "gt", "binary", "png", "lesion", "lung", "object", "instance", "semantic",
    "annotation", "annotations",
})
"""What is drawn over pictures, and says no class of them."""

_UNLABELLED = frozenset({
    "no label", "no labels", "nolabel", "unlabeled", "unlabelled", "not labeled", "not labelled",
    "unknown", "unannotated", "no class", "noclass", "unclassified", "to label", "unsorted",
    "without label", "unassigned",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class SplitName:
    """A folder name with the word of a split in it."""

    split: str
    """train, val, test or held_out."""
    rest: tuple[str, ...]
    """The words that are neither of the split nor of a container, in order."""
    is_weak: bool
    """Whether the word means a split only beside others."""


def words_of(name: str) -> list[str]:
    """The words and numbers of a name, folded: "TrainImages_2" is train, images, 2."""
    plain = name
    if not name.isascii():
        bases = (c for c in unicodedata.normalize("NFD", name) if unicodedata.category(c) != "Mn")
        plain = unicodedata.normalize("NFC", "".join(bases))
    plain = _HELD_OUT.sub("heldout", plain.replace("_", " "))
    return [word.casefold() for word in _WORDS.findall(spaced(plain))]


def spaced(name: str) -> str:
    """A name with a space before each word that begins with a capital."""
    return _CAMEL.sub(" ", name)


def parse_split(name: str) -> SplitName | None:
    """The one split that a name speaks of, however written; None for none or several."""
    found: list[tuple[str, bool]] = []
    rest: list[str] = []
    for word in words_of(name):
        read = _split_word(word)
        if read is not None:
            found.append(read)
        elif word not in _COMPANIONS and not word.isdigit():
            rest.append(word)
    if len({split for split, _ in found}) != 1:
        return None
    return SplitName(found[0][0], tuple(rest), all(is_weak for _, is_weak in found))


def _split_word(word: str) -> tuple[str, bool] | None:
    if word in _SPLIT_WORDS:
        return _SPLIT_WORDS[word], False
    if word in _WEAK_WORDS:
        return _WEAK_WORDS[word], True
    for length in range(len(word) - 2, 2, -1):  # trainset, testimages
        if word[:length] in _SPLIT_WORDS and word[length:] in _COMPANIONS:
            return _SPLIT_WORDS[word[:length]], False
    return None


def split_of_folder(name: str) -> str | None:
    """The split that a folder is called as, whatever stands beside it, or None."""
    parsed = parse_split(name)
    return parsed.split if parsed and not parsed.rest and not parsed.is_weak else None


def splits_among(names: Iterable[str]) -> dict[str, str]:
    """Which of the folders beside each other are called as splits, and as which.

    A name with other words in it counts where the same words stand with another split
    (seg_train, seg_test) or beside a plain one where it begins or ends with the split's word.
    """
    parsed = {name: split for name in names if (split := parse_split(name)) is not None}
    by_rest: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for split in parsed.values():
        by_rest[split.rest].add(split.split)
    chosen = {
        name: split.split
        for name, split in parsed.items()
        if len(by_rest[split.rest]) > 1 or (not split.rest and not split.is_weak)
    }
    several = len(set(chosen.values())) > 1
    for name, split in parsed.items():
        ends = [words_of(name)[0], words_of(name)[-1]]
        if split.is_weak or not chosen or not any(_split_word(word) for word in ends):
            continue
        if several or set(split.rest) <= _QUALIFIERS:
            chosen.setdefault(name, split.split)
    return chosen


def is_container(name: str) -> bool:
    """Whether a name only says that images are inside: images, data, JPEGImages, Dataset_v2."""
    words = words_of(name)
    return any(word in _CONTAINERS for word in words) and all(
        word in _COMPANIONS or word.isdigit() for word in words
    )


def is_aside(name: str) -> bool:
    """Whether a folder of this name stands beside the images of a repository."""
    words = words_of(name)
    return any(word in _ASIDE for word in words) and all(
        word in _ASIDE or word.isdigit() for word in words
    )


def says_masks(name: str) -> bool:
    """Whether a folder is called as one of masks, drawn over pictures that lie elsewhere."""
    words = words_of(name)
    said = any(word in _MASKS for word in words) or words[:2] == ["ground", "truth"]
    return said and all(word in _MASK_WORDS or word in _COMPANIONS for word in words)


def are_parts(names: Iterable[str]) -> bool:
    """Whether folders are numbered parts of one collection: images_001, images_002."""
    stems = set()
    for name in names:
        words = words_of(name)
        if not any(word.isdigit() for word in words):
            return False
        stems.add(tuple(word for word in words if not word.isdigit()))
    if len(stems) != 1:
        return False
    (stem,) = stems
    return any(word in _CONTAINERS or word in ("part", "batch", "chunk") for word in stem)


def says_unlabelled(name: str) -> bool:
    """Whether a folder name says that its images have no label yet."""
    return " ".join(words_of(name)) in _UNLABELLED
