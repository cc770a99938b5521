"""The folders that images lie in, as a tree; and which of them hold masks of the others' images."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath

from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.formats.scan.name_index import FoundFile

_MASK_ENDING = re.compile(r"[ _.-]*(?:mask|gt|groundtruth|segmentation|seg|trimap|label)s?$", re.I)
_HASH = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f-]{12,}")
_MOST_SPREAD, _LONGEST_SPREAD = 4, 3
_MOST_COMPARED = 1_000
_ALIKE = 0.8
"""Share of the masks that are called as images beside them."""


@dataclass(slots=True)
class Node:
    """A folder with images in it or below."""

    name: str
    files: list[FoundFile] = field(default_factory=list)
    children: dict[str, "Node"] = field(default_factory=dict)
    num_files: int = 0
    """With those further down."""

    @property
    def is_deep(self) -> bool:
        """Whether it has folders that are no containers: places for classes."""
        only = self.only_container()
        return only.is_deep if only is not None else bool(self.children)

    def only_container(self) -> "Node | None":
        """The one folder inside that only holds the images of this one."""
        if len(self.children) != 1:
            return None
        (child,) = self.children.values()
        repeats = child.name.casefold() == self.name.casefold()
        return child if repeats or folder_names.is_container(child.name) else None

    def all_files(self) -> Iterator[FoundFile]:
        """Its images and those further down."""
        yield from self.files
        for child in self.children.values():
            yield from child.all_files()

    def names_inside(self) -> set[str]:
        """Names of the folders inside, containers looked through."""
        only = self.only_container()
        return only.names_inside() if only is not None else set(self.children)


def build(files: Sequence[FoundFile], name: str) -> Node:
    """The tree of the folders that images lie in.

    Folders that only spread files by the first letters of their names (`a/b/c/abc1f9.jpg`) are
    passed over.
    """
    root = Node(name)
    num_spread = _num_spread(files)
    for file in files:
        node = root
        root.num_files += 1
        folders = file.parts[:-1]
        for part in folders[: len(folders) - num_spread]:
            if part not in node.children:
                node.children[part] = Node(part)
            node = node.children[part]
            node.num_files += 1
        node.files.append(file)
    return root


def _num_spread(files: Sequence[FoundFile]) -> int:
    """How many folders above each image are called as its first letters, one after the other."""
    fewest = _MOST_SPREAD
    for file in files:
        stem = _stem(file).casefold()
        folders = [part.casefold() for part in file.parts[:-1]]
        number = next(
            (n for n in range(min(fewest, len(folders)), 0, -1) if _spreads(folders[-n:], stem)), 0
        )
        fewest = min(fewest, number)
        if not fewest:
            return 0
    return fewest if files else 0


def _spreads(folders: Sequence[str], stem: str) -> bool:
    """One folder alone spreads hashes only: cat/cat12.jpg and A/A1.jpg are classes."""
    start = "".join(folders)
    if not stem.startswith(start) or any(len(part) > _LONGEST_SPREAD for part in folders):
        return False
    return len(folders) > 1 or _HASH.fullmatch(stem) is not None


def take_masks(node: Node) -> Iterator[tuple[str, list[FoundFile]]]:
    """Take the folders of masks out of a tree: name and images of each."""
    for name in _masks_among(node):
        yield name, list(node.children.pop(name).all_files())
    for child in node.children.values():
        yield from take_masks(child)


def _masks_among(node: Node) -> list[str]:
    """The folders inside whose images are drawn over those of the folders beside them.

    They are called so (masks, ground_truth), and their images as the others, or as the others
    with "_mask" behind. A class may be called so too: masks beside hats are none while their
    images are not called alike, or the other folder is not one of images as well.
    """
    named = {name for name, child in node.children.items() if _says_masks(child)}
    if not named or not (node.files or len(named) < len(node.children)):
        return []
    others = [child for name, child in node.children.items() if name not in named]
    stems = {_stem(file) for file in node.files}
    stems |= {_stem(file) for child in others for file in child.all_files()}
    are_images = bool(node.files) or any(folder_names.is_container(child.name) for child in others)
    found = []
    for name in sorted(named):
        masks = list(islice(node.children[name].all_files(), _MOST_COMPARED))
        plain = [_MASK_ENDING.sub("", _stem(mask)) for mask in masks]
        is_told = any(stem != _stem(mask) for stem, mask in zip(plain, masks, strict=True))
        is_told |= are_images or not name.casefold().startswith("mask")
        if is_told and sum(stem in stems for stem in plain) >= _ALIKE * len(plain):
            found.append(name)
    return found


def _says_masks(node: Node) -> bool:
    """Whether a folder, or the only one in it, is called as one of masks."""
    if folder_names.says_masks(node.name):
        return True
    only = list(node.children.values())
    return not node.files and len(only) == 1 and folder_names.says_masks(only[0].name)


def _stem(file: FoundFile) -> str:
    return PurePosixPath(file.path).stem
