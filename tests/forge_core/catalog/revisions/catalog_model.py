"""The catalog as a dictionary with all its earlier selves, which undoes by the written rules."""

import copy
import uuid
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Image:
    path: str
    label: int | None
    split: str | None
    exists: bool = True


@dataclass(frozen=True)
class ClassState:
    name: str
    is_retired: bool = False
    merged_into: int | None = None
    color: str = ""


@dataclass
class Model:
    """The catalog as a dictionary, with all its earlier selves."""

    images: dict[uuid.UUID, Image] = field(default_factory=dict)
    classes: dict[int, ClassState] = field(default_factory=dict)
    changes: list[dict[uuid.UUID, tuple[Image | None, Image]]] = field(default_factory=lambda: [{}])
    class_changes: list[dict[int, tuple[ClassState | None, ClassState]]] = field(
        default_factory=lambda: [{}]
    )
    states: list[Any] = field(default_factory=list)

    def living(self) -> list[uuid.UUID]:
        return [key for key, image in self.images.items() if image.exists]

    def commit(
        self,
        images: dict[uuid.UUID, Image] | None = None,
        new_classes: dict[int, ClassState] | None = None,
    ) -> int:
        """Apply as one revision; gives its number."""
        number = len(self.changes)
        images, new_classes = images or {}, new_classes or {}
        self.changes.append({k: (self.images.get(k), image) for k, image in images.items()})
        self.class_changes.append({k: (self.classes.get(k), c) for k, c in new_classes.items()})
        self.images |= images
        self.classes |= new_classes
        self.states.append(self.snapshot())
        return number

    def snapshot(self) -> list[tuple[Any, ...]]:
        return sorted(
            (key, i.path, i.label, self.classes[i.label].name if i.label else None, i.split)
            for key, i in self.images.items()
            if i.exists
        )

    def undo(self, number: int) -> str:
        """What an undo must come to; applies it where it must be applied."""
        given = {k: pair for k, pair in self.class_changes[number].items() if pair[0] is not None}
        changes = self.changes[number]
        if not given and not changes:
            return "refused"
        after = copy.deepcopy(self.classes)
        for label, (before, _) in given.items():
            assert before is not None
            given_state, now = self.class_changes[number][label][1], self.classes[label]
            fields = ("name", "is_retired", "merged_into", "color")
            own = [f for f in fields if getattr(before, f) != getattr(given_state, f)]
            state = replace(now, **{f: getattr(before, f) for f in own})
            taken = any(c.name == state.name and k != label for k, c in self.classes.items())
            changed = any(getattr(now, f) != getattr(given_state, f) for f in own)
            if changed or taken:
                return "refused"
            after[label] = state
        paths = {i.path: k for k, i in self.images.items() if i.exists}
        back: dict[uuid.UUID, Image] = {}
        for key, (old, new) in changes.items():
            was_there = old is not None and old.exists
            now = self.images[key]
            fields = ("path", "label", "split")
            if new.exists:  # what the revision changed is still as it left it
                own = [f for f in fields if not was_there or getattr(old, f) != getattr(new, f)]
                later = not now.exists or any(getattr(now, f) != getattr(new, f) for f in own)
            else:  # still removed, and as it was then
                later = now.exists or any(getattr(now, f) != getattr(old, f) for f in fields)
            taken_by = paths.get(old.path, key) if was_there and old else key
            moves_label = was_there and new.exists and old is not None and old.label != new.label
            retired = moves_label and old and old.label and after[old.label].is_retired
            if later or (not new.exists and taken_by != key) or retired:
                continue
            if not was_there or old is None:
                back[key] = replace(now, exists=False)
            elif not new.exists:
                back[key] = old
            else:
                back[key] = replace(now, **{f: getattr(old, f) for f in own})
        if not given and not back:
            return "conflict"
        wanted = self.images | back
        for label in given:
            used = any(i.exists and i.label == label for i in wanted.values())
            if after[label].is_retired and used:
                return "refused"
        self.commit(back, {label: after[label] for label in given})
        return "applied"
