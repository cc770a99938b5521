"""Are these settings better than those? From all their runs, on the same images.

Imports no torch.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from db.enums import CheckpointKind, Split
from db.records import Run
from forge_core.evaluation.answers import Flags
from forge_core.evaluation.seeds import budget, contest
from forge_core.evaluation.seeds.budget import Budget
from forge_core.evaluation.seeds.contest import FEWEST_RUNS, Contest
from forge_core.evaluation.seeds.spread import Spread
from forge_core.people.actor import Actor
from forge_core.predictions import standings
from forge_core.predictions.standings import Field, Standings
from forge_core.runs import records
from forge_core.runs.starting import seeds
from forge_core.workspace import Workspace

FIRST_SEEDS = 2
"""More of each are proposed where there is one of each: what a seed changes is not known yet."""
COMPARED_SPLITS = (Split.TEST, Split.VAL, Split.HELD_OUT)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Runs that differ in nothing but their seed, measured on the same N images."""

    runs: tuple[Run, ...]
    """Oldest first."""
    kind: CheckpointKind
    is_right: Flags = field(repr=False, compare=False)
    """(runs, N)."""

    @property
    def spread(self) -> Spread:
        """Their accuracies on these images."""
        return Spread(values=tuple(float(share) for share in self.is_right.mean(axis=1)))

    @property
    def name(self) -> str:
        """By the numbers of the runs."""
        numbers = [run.run_id for run in self.runs]
        if len(numbers) == 1:
            return f"run {numbers[0]}"
        if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
            return f"runs {numbers[0]} to {numbers[-1]}"
        return f"runs {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


@dataclass(frozen=True, kw_only=True)
class Duel:
    """Two settings on the same images."""

    first: Settings
    second: Settings
    split: str
    num_images: int
    contest: Contest | None
    """None where there is one run of each: nobody knows then what a seed changes."""
    budget: Budget
    seconds: float | None
    """That the seeds of the budget take, as long as the runs so far took; None if not known."""


def list_settings(found: Standings) -> list[Settings]:
    """The measured runs by their settings, the highest mean first."""
    groups = defaultdict(list)
    for each in found.standings:
        groups[seeds.settings_of(each.contender.run), each.contender.kind].append(each)
    settings = []
    for (_, kind), group in groups.items():
        group.sort(key=lambda standing: standing.contender.run.run_id)
        settings.append(
            Settings(
                runs=tuple(each.contender.run for each in group),
                kind=kind,
                is_right=np.stack([each.is_right for each in group]),
            )
        )
    return sorted(settings, key=lambda each: (-each.spread.mean, each.runs[0].run_id))


def compare(first: Settings, second: Settings, split: str) -> Duel:
    """Is the second better than the first?"""
    num_runs = len(first.runs) + len(second.runs)
    found = contest.compare(first.is_right, second.is_right) if num_runs >= FEWEST_RUNS else None
    missing = Budget(more_seeds=FIRST_SEEDS) if found is None else budget.find(found)
    each = [seeds.seconds_each(settings.runs) for settings in (first, second)]
    known = [seconds for seconds in each if seconds is not None]
    seconds = None
    if missing.more_seeds and len(known) == len(each):
        seconds = missing.more_seeds * sum(known)
    return Duel(
        first=first,
        second=second,
        split=split,
        num_images=first.is_right.shape[1],
        contest=found,
        budget=missing,
        seconds=seconds,
    )


def find(workspace: Workspace, first: int, second: int) -> Duel | None:
    """The duel of two runs with all that differ from either in the seed alone.

    On the first of test, val and held out that all of them were measured on, with the images and
    labels of the second run; None where that is none, or both are of the same settings.

    Raises:
        NotFound: There is no such run.
    """
    one, two = (records.get_run(workspace, run_id) for run_id in (first, second))
    for split in COMPARED_SPLITS:
        asked = field_of(workspace, one, two, split)
        if asked.contenders and all(each.evaluation for each in asked.contenders):
            settings = list_settings(standings.rank(workspace, asked))
            pair = [_holding(settings, run) for run in (one, two)]
            if pair[0] and pair[1] and pair[0] is not pair[1]:
                return compare(pair[0], pair[1], split)
    return None


def field_of(workspace: Workspace, one: Run, two: Run, split: str) -> Field:
    """The best weights of two runs, and of those like either, on a split of the second's data."""
    wanted = {seeds.settings_of(run) for run in (one, two)}
    whole = standings.find_field(workspace, split, revision_id=two.revision_id)
    own = [each for each in whole.contenders if seeds.settings_of(each.run) in wanted]
    return replace(whole, contenders=own)


def train_more(workspace: Workspace, duel: Duel, *, actor: Actor) -> list[Run]:
    """Queue the seeds that would decide; returns the first new run of each settings.

    Raises:
        InvalidInput: No number of seeds would decide.
        JobFailed: The background process cannot be started; the runs stay queued.
    """
    number = duel.budget.more_seeds or 0
    return [
        seeds.add(workspace, settings.runs[0].run_id, number, actor=actor)
        for settings in (duel.first, duel.second)
    ]


def answer(duel: Duel) -> str:
    """Is the second better? In a sentence."""
    one, two = duel.first, duel.second
    images = f"the same {duel.num_images:,} images of {duel.split}"
    if duel.contest is None:
        return (
            f"One seed each of {one.name} and {two.name}: how much another seed would change is "
            "not known, so nothing can be said of their settings."
        )
    before, after = (f"{100 * share:.1f} %" for share in duel.contest.accuracies)
    low, high = duel.contest.interval
    numbers = (
        f"{before} → {after} in the mean of {_seeds(one)} and {_seeds(two)} on {images}, "
        f"{100 * duel.contest.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    )
    if not duel.contest.is_told_apart:
        return f"Not told apart: {one.name} and {two.name}. {numbers}."
    better, other = (two, one) if duel.contest.difference > 0 else (one, two)
    return (
        f"The settings of {better.name} are better than those of {other.name}: {numbers}, more "
        "than other images and other seeds would give by chance."
    )


def price(duel: Duel) -> str:
    """What certainty costs, in a sentence; empty where it is there."""
    number = duel.budget.more_seeds
    if number and not duel.budget.all_images:
        seeds_words = "1 more seed" if number == 1 else f"{number} more seeds"
        time = "" if duel.seconds is None else f", about {_time(duel.seconds)} in all,"
        if duel.contest is None:
            return f"{seeds_words} of each{time} would show it."
        return f"{seeds_words} of each{time} would decide this in 4 of 5 cases like it."
    if duel.contest is None or duel.contest.is_told_apart:
        return ""
    if duel.budget.all_images:
        with_seeds = f" and {number} more seeds of each" if number else ""
        return (
            f"No number of seeds decides it on these images: about {duel.budget.all_images:,} "
            f"images in {duel.split} ({duel.num_images:,} now){with_seeds} would."
        )
    most = 100 * max(abs(bound) for bound in duel.contest.interval)
    return f"More would hardly decide it: they differ by {most:.1f} points at most."


def _seeds(settings: Settings) -> str:
    return "1 seed" if len(settings.runs) == 1 else f"{len(settings.runs)} seeds"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5_400 else f"{seconds / 3600:.1f} h"


def _holding(settings: Sequence[Settings], run: Run) -> Settings | None:
    return next((each for each in settings if run in each.runs), None)
