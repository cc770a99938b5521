"""Does a network answer a class because of a cue? Counted where the cue is, and tried by swaps.

That a class often has a cue is no fault: forests are green. So a cue that can be swapped raises an
alarm only when answers follow the swap: pictures of other classes that are given the cue are taken
for the class, or pictures of the class that lose it are not found any more. A source cannot be
swapped: there both the class must be missed without it and other classes be taken for it with it.

Legend: N images.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest, fisher_exact

from forge_core.evaluation.answers import Flags, Whole
from forge_core.evaluation.pairing import SIGNIFICANT, adjust_holm
from forge_core.evaluation.shortcuts.cues import Cue, Edit
from forge_core.evaluation.summary import Rate
from forge_core.progress import SILENT, Progress

MIN_IMAGES = 10
"""Images of a class that have a cue, and others that have it not, before anything is asked."""
LEAST_LEAN = 0.3
"""Of the images of a class this share more than of the others has a cue that is asked about."""
LEAST_EFFECT = 0.2
"""Share of answers that must follow the cue for an alarm; less is nothing to act upon."""
MOST_SWAPPED = 100
"""Pictures of each direction of a swap, drawn at random."""

Answer = Callable[[Whole, Edit], Whole]
"""Answers the classes (n,) of the pictures at these places (n,), each edited."""


@dataclass(frozen=True, kw_only=True)
class Swap:
    """What became of answers when a cue was swapped."""

    num_images: int
    towards: int
    """Answers that followed the swap: to the class when the cue was given, off it when taken."""
    back: int
    """Answers that went the other way."""

    @property
    def effect(self) -> float:
        """Share of the images whose answers followed, less the others: -1 to 1."""
        return (self.towards - self.back) / self.num_images

    @property
    def p_value(self) -> float:
        """How often chance gives so many that follow: a sign test of those that flipped."""
        flips = self.towards + self.back
        return float(binomtest(self.towards, flips, alternative="greater").pvalue) if flips else 1.0


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """One class and one cue that it often has."""

    label_id: int
    kind: str
    cue: str
    """In words."""
    num_with: int
    """Images of the class that have the cue."""
    num_without: int
    num_others_with: int
    num_others_without: int
    found_with: Rate | None
    """Images of the class with the cue that were found; None without any such image."""
    found_without: Rate | None
    taken_with: Rate | None
    """Images of other classes with the cue that were taken for the class."""
    taken_without: Rate | None
    given: Swap | None
    """Images of other classes that were given the cue; None where it cannot be swapped."""
    taken: Swap | None
    """Images of the class that lost it."""
    p_value: float
    """Of the strongest evidence, for all classes, cues and questions asked together (Holm)."""
    is_alarm: bool

    @property
    def effect(self) -> float:
        """Share of the answers that follow the cue, 0 to 1."""
        if self.given is not None or self.taken is not None:
            return max(swap.effect for swap in (self.given, self.taken) if swap is not None)
        return min(
            _gap(self.found_with, self.found_without), _gap(self.taken_with, self.taken_without)
        )


def describe(of: Shortcut, class_name: str) -> str:
    """What is known of a class and a cue, in a sentence."""
    found = []
    if of.given is not None:
        found.append(
            f"of {of.given.num_images:,} pictures of other classes that were given it "
            f"{max(0, of.given.towards - of.given.back):,} more are taken for {class_name!r}"
        )
    if of.taken is not None:
        found.append(
            f"of {of.taken.num_images:,} pictures of {class_name!r} that lost it "
            f"{max(0, of.taken.towards - of.taken.back):,} fewer are found"
        )
    is_swapped = bool(found)
    if not is_swapped and of.found_with and of.found_without:
        found.append(
            f"{class_name!r} is found in {_say(of.found_with)} with it and in "
            f"{_say(of.found_without)} without"
        )
    if not is_swapped and of.taken_with and of.taken_without:
        found.append(
            f"{_say(of.taken_with)} of other classes with it are taken for {class_name!r}, and "
            f"{_say(of.taken_without)} without"
        )
    begin = (
        f"{class_name!r} is answered because of {of.cue}"
        if of.is_alarm
        else f"{class_name!r} often has {of.cue}, and nothing shows that it is answered for that"
    )
    return f"{begin}: {'; '.join(found)}." if found else f"{begin}."


def _say(rate: Rate) -> str:
    return f"{rate.count:,} of {rate.of:,} pictures"


def find_shortcuts(
    label_ids: Whole,
    predicted_ids: Whole,
    cues: Sequence[Cue],
    answer: Answer,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Shortcut]:
    """Every class with a cue that it has far more often than others; the alarms first.

    Args:
        label_ids: (N,) the classes of the images.
        predicted_ids: (N,) what was answered.
        cues: Over the same images.
        answer: Asks the network of edited pictures.
        seed: Which pictures are swapped where there are many.
        progress: Told the cues that are done; asked before each.

    Raises:
        Cancelled: Nothing is answered.
    """
    asked = [
        (label_id, cue)
        for label_id in np.unique(label_ids).tolist()
        for cue in cues
        if _leans(label_ids == label_id, cue.has)
    ]
    random = np.random.default_rng(seed)
    found: list[Shortcut] = []
    questions: list[tuple[int, float, float]] = []  # place, effect, p value
    for place, (label_id, cue) in enumerate(asked):
        progress.check()
        each = _ask(label_ids, predicted_ids, label_id, cue, answer, random)
        found.append(each)
        questions += [(place, *question) for question in _questions(each)]
        progress.advance(place + 1, len(asked), f"{place + 1} of {len(asked)} cues")
    adjusted = adjust_holm([p_value for _, _, p_value in questions])
    judged = []
    for place, each in enumerate(found):
        own = [
            (p_value, effect)
            for (where, effect, _), p_value in zip(questions, adjusted, strict=True)
            if where == place
        ]
        is_alarm = any(p < SIGNIFICANT and effect >= LEAST_EFFECT for p, effect in own)
        p_value = min((p for p, _ in own), default=1.0)
        judged.append(replace(each, p_value=p_value, is_alarm=is_alarm))
    return sorted(judged, key=lambda each: (not each.is_alarm, -each.effect))


def _leans(of_class: Flags, has: Flags) -> bool:
    own, others = has[of_class], has[~of_class]
    if int(own.sum()) < MIN_IMAGES or int((~others).sum()) < MIN_IMAGES:
        return False
    return float(own.mean()) - float(others.mean()) >= LEAST_LEAN


def _ask(
    label_ids: Whole,
    predicted_ids: Whole,
    label_id: int,
    cue: Cue,
    answer: Answer,
    random: np.random.Generator,
) -> Shortcut:
    of_class, said = label_ids == label_id, predicted_ids == label_id
    own_with, others_without = of_class & cue.has, ~of_class & ~cue.has
    given = taken = None
    if cue.give is not None:
        places = _draw(others_without & cue.can_swap, random)
        if len(places) >= MIN_IMAGES:
            after = answer(places, cue.give(np.flatnonzero(own_with))) == label_id
            given = _swap(said[places], after)
    if cue.take is not None:
        places = _draw(own_with & cue.can_swap, random)
        if len(places) >= MIN_IMAGES:
            after = answer(places, cue.take(np.flatnonzero(others_without))) == label_id
            taken = _swap(~said[places], ~after)
    return Shortcut(
        label_id=label_id,
        kind=cue.kind,
        cue=cue.value,
        num_with=int(own_with.sum()),
        num_without=int((of_class & ~cue.has).sum()),
        num_others_with=int((~of_class & cue.has).sum()),
        num_others_without=int(others_without.sum()),
        found_with=_rate(said, own_with),
        found_without=_rate(said, of_class & ~cue.has),
        taken_with=_rate(said, ~of_class & cue.has),
        taken_without=_rate(said, others_without),
        given=given,
        taken=taken,
        p_value=1.0,
        is_alarm=False,
    )


def _questions(of: Shortcut) -> list[tuple[float, float]]:
    """Effect and p value of each piece of evidence that can raise an alarm."""
    swaps = [swap for swap in (of.given, of.taken) if swap is not None]
    if swaps:
        return [(swap.effect, swap.p_value) for swap in swaps]
    pairs = ((of.found_with, of.found_without), (of.taken_with, of.taken_without))
    p_values = [_fisher(one, other) for one, other in pairs]
    return [(of.effect, max(p_values))]


def _fisher(one: Rate | None, other: Rate | None) -> float:
    if one is None or other is None:
        return 1.0
    table = [[one.count, one.of - one.count], [other.count, other.of - other.count]]
    return float(fisher_exact(table, alternative="greater").pvalue)


def _gap(one: Rate | None, other: Rate | None) -> float:
    return 0.0 if one is None or other is None else one.value - other.value


def _draw(where: Flags, random: np.random.Generator) -> Whole:
    places = np.flatnonzero(where)
    if len(places) <= MOST_SWAPPED:
        return places
    return np.sort(random.choice(places, MOST_SWAPPED, replace=False))


def _swap(before: Flags, after: Flags) -> Swap:
    return Swap(
        num_images=len(before),
        towards=int((after & ~before).sum()),
        back=int((before & ~after).sum()),
    )


def _rate(said: Flags, where: Flags) -> Rate | None:
    number = int(where.sum())
    return Rate(count=int((said & where).sum()), of=number) if number else None
