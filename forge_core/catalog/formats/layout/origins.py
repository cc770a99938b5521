"""What folders besides the class say of where images come from: domains, patients, second copies.

Of `photo/dog` and `sketch/dog` (PACS) the domain is kept as the source; of `cat/patient_7` the
patient as the group; a folder `all` that holds every image of the others once more is no class.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from forge_core.catalog.formats.layout.class_levels import Levels
from forge_core.catalog.formats.layout.folder_tree import PlacedFile
from forge_core.catalog.formats.scan import folder_names

_OWNERS = frozenset({"patient", "subject", "case", "participant", "lesion", "scene", "person"})
_FEWEST_OTHERS = 2
_MOST_READ = 2_000
_LARGEST = 2**26


def sources_of(placed: Sequence[PlacedFile], levels: Levels) -> dict[str, str]:
    """Path to the folder above the class, where most classes lie in several such folders."""
    above: dict[str, set[str]] = defaultdict(set)
    found: dict[str, str] = {}
    for p in placed:
        label = levels.label_of(p.levels)
        position = levels.position if levels.position >= 0 else len(p.levels) + levels.position
        if label is None or not 0 < position < len(p.levels):
            continue
        above[label].add(p.levels[position - 1])
        found[p.file.path] = p.levels[position - 1]
    shared = sum(len(folders) > 1 for folders in above.values())
    return found if above and 2 * shared > len(above) else {}


def groups_of(placed: Sequence[PlacedFile], levels: Levels) -> dict[str, str]:
    """Path to the folder of a patient, case or scene that an image lies in, beside its class."""
    found: dict[str, str] = {}
    for p in placed:
        label = levels.label_of(p.levels)
        for name in p.levels:
            words = folder_names.words_of(name)
            if name != label and _OWNERS & set(words) and any(word.isdigit() for word in words):
                found[p.file.path] = name
    return found


def second_copies(root: Path, labels: Mapping[str, str | None], sizes: Mapping[str, int]) -> str:
    """The class whose folder holds every image of at least two others once more; empty for none.

    Sizes are compared first, and bytes where they fit; too many or too large files are not read.

    Args:
        root: That paths are relative to.
        labels: Path to class.
        sizes: Path to size in bytes.
    """
    by_class: dict[str, list[str]] = defaultdict(list)
    for path, label in labels.items():
        if label is not None:
            by_class[label].append(path)
    if len(by_class) <= _FEWEST_OTHERS:
        return ""
    largest = max(by_class, key=lambda name: len(by_class[name]))
    others = [path for name, paths in by_class.items() if name != largest for path in paths]
    if not others or len(by_class[largest]) < len(others):
        return ""
    inside = Counter(sizes[path] for path in by_class[largest])
    if Counter(sizes[path] for path in others) - inside:
        return ""
    wanted = {sizes[path] for path in others}
    alike = [path for path in by_class[largest] if sizes[path] in wanted]
    if len(alike) + len(others) > _MOST_READ or max(wanted) > _LARGEST:
        return ""
    try:
        once = Counter(_digest(root / path) for path in others)
        missing = once - Counter(_digest(root / path) for path in alike)
        return largest if not missing and len(once) > 1 else ""
    except OSError:
        return ""


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
