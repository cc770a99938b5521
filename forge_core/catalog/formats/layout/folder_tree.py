"""The folders of a collection as a tree, and what each says: a split, a level, a mere container.

Only names and places of images are looked at. Which level is the class is decided elsewhere
(`class_levels`), where all of them are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forge_core.catalog.formats.layout import folder_nodes
from forge_core.catalog.formats.layout.folder_nodes import Node
from forge_core.catalog.formats.scan import folder_names
from forge_core.catalog.formats.scan.name_index import FoundFile

_ENOUGH = 0.5  # part of the images that the folder of the collection holds in a repository


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """An image with what its folders say."""

    file: FoundFile
    split: str | None
    levels: tuple[str, ...]
    """Folders that may be classes, from outside to inside; empty for an image in none."""
    beside: str = ""
    """The folder that stands beside the splits or the collection and holds it; empty for none."""
    is_mask: bool = False
    """Whether it is drawn over a picture that lies elsewhere, and is no picture of a class."""


@dataclass(slots=True)
class Tree:
    """All images of a folder, and what was decided about its folders."""

    placed: list[PlacedFile]
    containers: list[str]
    """Folders that are passed over because they only hold others, each name once."""
    doubtful: list[str]
    """Folders that may be splits or classes."""
    copies: list[str]
    """Folders that seem to hold the whole collection a second time."""
    masks: list[str] = field(default_factory=list)
    """Folders of masks of the pictures beside them, each name once."""
    has_splits_inside: bool = False
    """Whether split folders lie inside class folders."""


def read(files: Sequence[FoundFile], name: str, *, splits: bool | None = None) -> Tree:
    """What the folders of a collection say about each image.

    Args:
        files: The images.
        name: The folder of the collection.
        splits: False takes no folder for a split, True each that is called so; None judges.
    """
    reading = _Reading(splits)
    root = folder_nodes.build(files, name)
    tree = reading.tree
    for folder, masks in folder_nodes.take_masks(root):
        _note(tree.masks, folder)
        tree.placed.extend(PlacedFile(file, None, (), folder, is_mask=True) for file in masks)
    reading.place(root, None, (), may_hold_splits=True)
    tree.placed.sort(key=lambda placed: placed.file.path)
    return tree


class _Reading:
    """Walks the tree from the outside to the inside."""

    def __init__(self, splits: bool | None) -> None:
        self.tree = Tree([], [], [], [])
        self._splits = splits

    def place(
        self,
        node: Node,
        split: str | None,
        levels: tuple[str, ...],
        *,
        may_hold_splits: bool,
        beside: str = "",
    ) -> None:
        self.tree.placed.extend(PlacedFile(f, split, levels, beside) for f in node.files)
        children = node.children
        if not children:
            return
        found = self._split_children(node) if may_hold_splits and split is None else {}
        if found:
            self.tree.has_splits_inside |= bool(levels)
            self._place_splits(node, found, levels, beside)
            return
        passed_over = self._containers(node)
        if not levels and not beside and _are_unpacked(node):
            passed_over = set(children)
        aside = self._aside(node, passed_over) if not levels and not beside else set()
        holds_splits = may_hold_splits and self._all_hold_splits(node)
        for name, child in children.items():
            if name in passed_over or _only_wraps(node, child, levels):
                _note(self.tree.containers, name)
                self.place(child, split, levels, may_hold_splits=may_hold_splits, beside=beside)
            elif name in aside:
                self.place(child, split, (), may_hold_splits=False, beside=name)
            else:
                inner = (*levels, name)
                self.place(child, split, inner, may_hold_splits=holds_splits, beside=beside)

    def _place_splits(
        self, node: Node, found: Mapping[str, str], levels: tuple[str, ...], beside: str
    ) -> None:
        for name, child in node.children.items():
            if name in found:
                self.place(child, found[name], levels, may_hold_splits=False, beside=beside)
            elif self._is_copy(child):
                _note(self.tree.copies, name)
                self.place(child, None, levels, may_hold_splits=True, beside=beside)
            else:
                self.place(child, None, (*levels, name), may_hold_splits=False, beside=name)

    def _split_children(self, node: Node) -> dict[str, str]:
        """The folders inside that are splits, with the split; empty where none is."""
        if self._splits is False:
            return {}
        named = folder_names.splits_among(node.children)
        named = {n: s for n, s in named.items() if not self._is_copy(node.children[n])}
        others = [child for name, child in node.children.items() if name not in named]
        if not named or not others or self._splits:
            return named
        rest = [child for child in others if not _is_no_class(child.name)]
        if not rest:
            return named
        deep = [name for name in named if node.children[name].is_deep]
        if len(set(named.values())) > 1:
            if not deep:
                self._doubt(named)
            return named
        inside = {inner for name in deep for inner in node.children[name].names_inside()}
        outside = {child.name for child in rest}
        outside |= {inner for child in rest for inner in child.names_inside()}
        if deep and (inside & outside or not any(child.is_deep for child in rest)):
            return {name: named[name] for name in deep}
        self._doubt(named)
        return {}

    def _doubt(self, named: Mapping[str, str]) -> None:
        for name in named:
            _note(self.tree.doubtful, name)

    def _is_copy(self, child: Node) -> bool:
        """Whether a folder holds splits itself, so that it is no split and no class."""
        if self._splits is False:
            return False
        only = child.only_container()
        inside = folder_names.splits_among(child.names_inside() if only else child.children)
        return len(set(inside.values())) > 1

    def _all_hold_splits(self, node: Node) -> bool:
        """Whether each folder inside has nothing but split folders: class/train/image."""
        return all(
            child.children
            and not child.files
            and len(folder_names.splits_among(child.children)) == len(child.children)
            for child in node.children.values()
        )

    def _containers(self, node: Node) -> set[str]:
        """The folders inside that only hold the images of this one."""
        children = node.children
        only = node.only_container()
        if only is not None:
            return {only.name}
        if len(children) > 1 and folder_names.are_parts(children):
            return set(children)
        return {
            name
            for name, child in children.items()
            if _is_second_copy(child, node) or self._is_collection(child, node)
        }

    def _is_collection(self, child: Node, node: Node) -> bool:
        """Whether a folder is the one of a repository that holds its images by class."""
        others = [other for other in node.children.values() if other is not child]
        if not others or len(child.names_inside()) < 2:
            return False
        if child.num_files < _ENOUGH * sum(c.num_files for c in node.children.values()):
            return False
        if all(folder_names.is_aside(other.name) for other in others):
            return True
        return folder_names.is_container(child.name) and not any(o.is_deep for o in others)

    def _aside(self, node: Node, passed_over: set[str]) -> set[str]:
        """The folders beside the one of the collection, whose images are no part of it."""
        if not any(self._is_collection(node.children[name], node) for name in passed_over):
            return set()
        return set(node.children) - passed_over


def _only_wraps(node: Node, child: Node, levels: tuple[str, ...]) -> bool:
    """Whether all images of the collection lie in this one folder, and in folders of it."""
    is_only = not levels and not node.files and len(node.children) == 1
    return is_only and not child.files and len(child.children) > 0


def _are_unpacked(node: Node) -> bool:
    """Whether each of several folders holds one of its own name, as unpacked archives do."""
    several = len(node.children) > 1
    return several and all(
        not child.files and name in child.children for name, child in node.children.items()
    )


def _is_second_copy(child: Node, node: Node) -> bool:
    """Whether the folders beside it are inside it once more."""
    beside = set(node.children) - {child.name}
    inside = child.names_inside()
    return len(inside) > 1 and len(beside) > 1 and beside <= inside


def _is_no_class(name: str) -> bool:
    return folder_names.is_aside(name) or folder_names.says_unlabelled(name) or _predicts(name)


def _predicts(name: str) -> bool:
    return bool({"pred", "predict", "prediction", "predictions"} & set(folder_names.words_of(name)))


def _note(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)
