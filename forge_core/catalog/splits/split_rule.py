"""The standing rule of a workspace: which split an image gets that comes in without one.

It speaks of new images alone and never moves one that is there. A split that the source declares
holds, whatever the rule. Images that come in because a network was wrong about them are no fair
sample, so `corrections` asks the rule about them only where a person says so.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.enums import Split, SplitRuleKind
from db.unit_of_work import UnitOfWork
from forge_core.catalog.splits.sizes import SplitRatios
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

_DIVIDED = (Split.TRAIN, Split.VAL, Split.TEST)
_DIGITS = 13
"""Hex digits of a hash that a float holds exactly."""
GroupSplits = Mapping[str, Counter[str | None]]
"""By group key how many of its images are in each split; None counts those that are in none."""


@dataclass(frozen=True, kw_only=True)
class SplitRule:
    """A rule; without arguments the one of a workspace where nobody has set any."""

    kind: SplitRuleKind = SplitRuleKind.NONE
    ratios: SplitRatios | None = None
    """With the kind `ratio`, and only there."""

    def __post_init__(self) -> None:
        if (self.kind is SplitRuleKind.RATIO) != (self.ratios is not None):
            raise InvalidInput("A rule has a ratio if it draws, and only then.")

    def __str__(self) -> str:
        return str(self.ratios) if self.ratios is not None else self.kind.value

    @property
    def words(self) -> str:
        """What it does, a sentence."""
        return {
            SplitRuleKind.NONE: "New images get no split until you divide them.",
            SplitRuleKind.GROUP: (
                "A new image of a group that is there gets the split of its group; any other gets "
                "none."
            ),
            SplitRuleKind.RATIO: (
                f"New images are drawn {self} into train, val and test by a hash of their bytes, "
                "so that the same image always gets the same split; an image of a group follows "
                "its group."
            ),
        }[self.kind]

    def split_of(
        self,
        content_hash: str,
        group_key: str | None = None,
        group: Mapping[str | None, int] | None = None,
        *,
        is_augmented: bool = False,
    ) -> Split | None:
        """The split of a new image, or None.

        A group whose images are kept aside lends its new ones no split, and an augmented copy gets
        train or none: it is never measured.

        Args:
            content_hash: SHA-256 of its bytes in hex digits.
            group_key: Of its group.
            group: How many images of its group are in each split already.
            is_augmented: Whether it is an augmented copy.
        """
        if self.kind is SplitRuleKind.NONE:
            return None
        there = {split: number for split, number in (group or {}).items() if split}
        found: Split | None = None
        if Split.HELD_OUT in there:
            return None
        if there:
            found = max(_DIVIDED, key=lambda split: there.get(split, 0))
        elif self.ratios is not None:
            name = content_hash
            if group_key is not None:
                name = hashlib.sha256(group_key.encode()).hexdigest()
            found = draw(name, self.ratios)
        return None if is_augmented and found is not Split.TRAIN else found


def draw(digest: str, ratios: SplitRatios) -> Split:
    """The split that a hash in hex digits draws: the same for the same hash and ratios."""
    place = int(digest[:_DIGITS], 16) / 16**_DIGITS * sum(ratios.parts)
    until = 0.0
    for split, part in zip(_DIVIDED, ratios.parts, strict=True):
        until += part
        if part and place < until:
            return split
    return max(zip(ratios.parts, _DIVIDED, strict=True))[1]  # rounding at the very end


def parse(text: str) -> SplitRule:
    """`none`, `group`, or a ratio as `80/10/10`.

    Raises:
        InvalidInput: It is none of them.
    """
    if text in (SplitRuleKind.NONE, SplitRuleKind.GROUP):
        return SplitRule(kind=SplitRuleKind(text))
    try:
        train, val, test = (float(part) for part in text.split("/"))
    except ValueError:
        raise InvalidInput(
            f"{text[:60]!r} is no rule for new images.",
            next_step="Say none, group, or a ratio of train, val and test such as 80/10/10.",
        ) from None
    ratios = SplitRatios(train=train, val=val, test=test)
    return SplitRule(kind=SplitRuleKind.RATIO, ratios=ratios)


def find(workspace: Workspace) -> SplitRule:
    """The rule as it is now."""
    with workspace.database.read() as uow:
        return find_in(uow)


def find_in(uow: UnitOfWork) -> SplitRule:
    """The rule inside a transaction."""
    stored = uow.split_rule.find()
    if stored is None:
        return SplitRule()
    ratios = None
    if stored.kind is SplitRuleKind.RATIO:
        ratios = SplitRatios(train=stored.train, val=stored.val, test=stored.test)
    return SplitRule(kind=stored.kind, ratios=ratios)


def put(workspace: Workspace, rule: SplitRule, *, actor: Actor) -> None:
    """Let this rule hold from now on; images that are there stay where they are.

    Raises:
        InvalidInput: The actor has no name.
    """
    parts = (0.0, 0.0, 0.0) if rule.ratios is None else rule.ratios.parts
    author = actor.checked().name
    with workspace.database.write() as uow:
        uow.split_rule.update_or_add(rule.kind, parts, author=author)


def count_groups(
    uow: UnitOfWork, rule: SplitRule, group_keys: Sequence[str | None]
) -> dict[str, Counter[str | None]]:
    """How many images of these groups are in each split; nothing where the rule never asks."""
    keys = sorted({key for key in group_keys if key is not None})
    if rule.kind is SplitRuleKind.NONE or not keys:
        return {}
    return uow.assets.count_splits_of_groups(keys)


def describe_given(given: Mapping[str, int]) -> str:
    """What the rule gave to the new images of an import, a sentence; empty where it gave nothing.

    Args:
        given: Number of images by split.
    """
    if not given:
        return ""
    parts = (f"{given[split]:,} {split}" for split in _DIVIDED if given.get(split))
    return f"By the rule for new images: {', '.join(parts)}."
