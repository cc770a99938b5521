"""What speaks for a checkpoint that shall answer under an alias, and what against it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from db.enums import CheckpointKind, Split
from db.run_records import CheckpointFile, EvaluationSummary, RegistryEntry
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import chosen_images
from forge_core.errors import CheckpointRejected, InvalidInput
from forge_core.predictions import evaluation_requests, kept_evaluations, measured_images
from forge_core.predictions.sampling import samples
from forge_core.registry import aliases, entries, replacement
from forge_core.registry.replacement import ClassChange, Replacement
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

CLASS_BOUND = 0.05
"""Share of a class's images that may be lost."""
MAX_CLASSES_NAMED = 3
MAX_CLASSES_KEPT = 100


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question, and its answer."""

    name: str
    """golden, accuracy or classes."""
    passed: bool
    words: str
    """What was found, in a sentence or two."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A checkpoint that was not measured on the images yet."""

    run_id: int
    kind: CheckpointKind
    checkpoint_hash: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that was checked of a candidate."""

    alias: str
    candidate: CheckpointFile
    replaced: RegistryEntry | None
    """What answers now; None where nothing does."""
    newest: RegistryEntry | None
    """The newest entry of the alias, also one that withdrew it."""
    split: str
    revision_id: int
    class_bound: float
    checks: tuple[Check, ...]
    missing: tuple[Missing, ...]
    """Checkpoints to be evaluated before the two can be compared."""
    evaluation_id: int | None
    """Of the candidate on the split as of the revision."""
    against_id: int | None
    """Of what answers now."""
    found: Replacement | None
    class_names: dict[int, str]

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> list[str]:
        """What speaks against it."""
        return [check.words for check in self.checks if not check.passed]

    def to_dict(self) -> dict[str, Any]:
        """As it is kept with the entry."""
        kept: dict[str, Any] = {
            "split": self.split,
            "revision_id": self.revision_id,
            "class_bound": self.class_bound,
            "checks": [asdict(check) for check in self.checks],
            "evaluation_id": self.evaluation_id,
            "against_id": self.against_id,
            "replaced": None
            if self.replaced is None
            else {
                "version": self.replaced.version,
                "run_id": self.replaced.run_id,
                "checkpoint_hash": self.replaced.checkpoint_hash,
            },
        }
        if self.found is not None:
            paired = self.found.paired
            kept |= {
                "num_images": paired.num_images,
                "difference": paired.difference,
                "interval": list(paired.interval),
                "p_value": paired.p_value,
                "flips": [paired.num_only_first, paired.num_only_second],
                "classes": [
                    {"class": self.class_names.get(each.label_id, ""), **asdict(each)}
                    for each in self.found.classes[:MAX_CLASSES_KEPT]
                ],
            }
        return kept


def gather(
    workspace: Workspace,
    alias: str,
    run_id: int,
    kind: str = CheckpointKind.BEST,
    *,
    split: str = Split.TEST,
    class_bound: float = CLASS_BOUND,
) -> Evidence:
    """Check a checkpoint that shall answer under an alias; nothing is changed.

    Its golden predictions are replayed here, and its kept answers are compared with those of what
    answers now, on the images and labels that the split has at the newest revision.

    Args:
        workspace: The workspace.
        alias: The alias, which may be a new one.
        run_id: The candidate's run.
        kind: best or last.
        split: Where the two are compared.
        class_bound: Share of a class's images that may be lost, 0 to 1.

    Raises:
        InvalidInput: It is no alias or split, the bound is no share, or the alias means it already.
        NotFound: There is no such run or checkpoint, or its file is gone.
        CheckpointRejected: The file is another one than was recorded.
    """
    name = aliases.check_alias(alias)
    evaluation_requests.check_split(split)
    if not 0 <= class_bound <= 1:
        raise InvalidInput(
            f"A class cannot lose {100 * class_bound:g} points.", next_step="Use 0 to 100."
        )
    candidate = checkpoints.find_checkpoint(workspace, run_id, kind)
    newest = entries.find_newest(workspace, name)
    replaced = None if newest is None or newest.checkpoint_hash is None else newest
    if replaced is not None and replaced.checkpoint_hash == candidate.content_hash:
        raise InvalidInput(
            f"{name} means the {candidate.kind} checkpoint of run {run_id} already, since "
            f"{replaced.created_at:%Y-%m-%d %H:%M} UTC."
        )
    checks = [_replay(workspace, candidate)]
    revision_id = history.latest_revision_id(workspace)
    own = against = None
    found: Replacement | None = None
    names: dict[int, str] = {}
    missing: list[Missing] = []
    facts = measured_images.describe(workspace, revision_id, split)
    measured = [
        each
        for each in kept_evaluations.list_of_split(workspace, split)
        if each.data_digest == facts.digest
    ]
    own = _find(measured, candidate.run_id, candidate.content_hash)
    if own is None and facts.num_images:
        missing.append(
            Missing(run_id=run_id, kind=candidate.kind, checkpoint_hash=candidate.content_hash)
        )
    if replaced is not None:
        against = _find(measured, replaced.run_id, replaced.checkpoint_hash)
        if against is None and facts.num_images:
            missing.append(_missing(replaced))
        if own is not None and against is not None:
            try:
                found, names, num_chosen = _compare(workspace, against, own, split)
            except InvalidInput as error:
                checks.append(Check(name="accuracy", passed=False, words=str(error)))
            else:
                checks += _judge(found, names, replaced, split, class_bound, num_chosen)
        else:
            words = _say_unknown(split, facts.num_images, replaced, missing)
            checks.append(Check(name="accuracy", passed=False, words=words))
    return Evidence(
        alias=name,
        candidate=candidate,
        replaced=replaced,
        newest=newest,
        split=split,
        revision_id=revision_id,
        class_bound=class_bound,
        checks=tuple(checks),
        missing=tuple(missing),
        evaluation_id=None if own is None else own.evaluation_id,
        against_id=None if against is None else against.evaluation_id,
        found=found,
        class_names=names,
    )


def _replay(workspace: Workspace, candidate: CheckpointFile) -> Check:
    from forge_core.models.checkpoints import checkpoint

    path = checkpoints.checkpoint_path(workspace, candidate.run_id, candidate.kind)
    try:
        report = checkpoint.load_checkpoint(path).golden
    except CheckpointRejected as error:
        return Check(name="golden", passed=False, words=error.message)
    return Check(
        name="golden",
        passed=True,
        words="It answers here as it did when it was saved: logits differ by "
        f"{report.max_relative_difference:.1g} of the largest.",
    )


def _missing(replaced: RegistryEntry) -> Missing:
    assert replaced.run_id is not None, "what holds names a checkpoint"
    assert replaced.kind is not None, "what holds names a checkpoint"
    return Missing(
        run_id=replaced.run_id,
        kind=replaced.kind,
        checkpoint_hash=replaced.checkpoint_hash or "",
    )


def _find(
    measured: Sequence[EvaluationSummary], run_id: int | None, content_hash: str | None
) -> EvaluationSummary | None:
    own = [e for e in measured if (e.run_id, e.checkpoint_hash) == (run_id, content_hash)]
    return own[-1] if own else None


def _compare(
    workspace: Workspace, first: EvaluationSummary, second: EvaluationSummary, split: str
) -> tuple[Replacement, dict[int, str], int]:
    """The two, the names of their classes, and how many images were left out as chosen ones."""
    kept = [kept_evaluations.get(workspace, each.evaluation_id) for each in (first, second)]
    answers, num_chosen = [], 0
    for each in (first, second):
        read = kept_evaluations.read_answers(workspace, each.evaluation_id)
        sample = samples.read_sample(workspace, read.asset_ids, split, each.revision_id)
        fair = read.where(~sample.is_chosen)
        num_chosen = max(num_chosen, len(read) - len(fair))
        answers.append(fair)
    found = replacement.compare(
        answers[0],
        answers[1],
        kept[1].label_ids,
        leaves_trained=split != Split.TRAIN,
    )
    names = {
        number: name
        for each in kept
        for number, name in zip(each.label_ids, each.report.class_names, strict=True)
    }
    return found, names, num_chosen


def _judge(
    found: Replacement,
    names: dict[int, str],
    replaced: RegistryEntry,
    split: str,
    class_bound: float,
    num_chosen: int,
) -> list[Check]:
    paired = found.paired
    low, high = paired.interval
    is_worse = paired.difference < 0 and paired.is_told_apart
    difference = 100 * paired.difference
    than = f"{abs(difference):.1f} points {'below' if difference < 0 else 'above'}"
    words = (
        f"On the same {paired.num_images:,} images of {split} its accuracy is "
        f"{than if difference else 'equal to'} that of run {replaced.run_id} "
        f"({100 * low:+.1f} to {100 * high:+.1f} with 95 % confidence)"
        + (f": that is no chance (p = {paired.p_value:.2g})." if is_worse else ".")
    )
    if found.num_trained:
        words += f" {found.num_trained:,} more are left out: one of the two was trained on them."
    if num_chosen:
        words += f" {chosen_images.say_left_out(num_chosen)}"
    lost = found.lost(class_bound)
    bound = f"{100 * class_bound:g} points"
    if lost:
        named = ", ".join(_say_class(each, names) for each in lost[:MAX_CLASSES_NAMED])
        more = f" and {len(lost) - MAX_CLASSES_NAMED} more" if len(lost) > MAX_CLASSES_NAMED else ""
        classes = f"These classes lose more than {bound}: {named}{more}."
    else:
        worst = found.classes[0]
        most = f" The most loses {_say_class(worst, names)}." if worst.loss > 0 else ""
        classes = f"No class loses more than {bound}.{most}"
    return [
        Check(name="accuracy", passed=not is_worse, words=words),
        Check(name="classes", passed=not lost, words=classes),
    ]


def _say_class(change: ClassChange, names: dict[int, str]) -> str:
    name = names.get(change.label_id, f"class {change.label_id}")
    return (
        f"{name} {100 * change.loss:.1f} points ({change.num_first:,} to {change.num_second:,} "
        f"of {change.num_images:,} images)"
    )


def _say_unknown(
    split: str, num_images: int, replaced: RegistryEntry, missing: Sequence[Missing]
) -> str:
    if not num_images:
        return f"0 labelled images are in {split}, so it cannot be compared with what answers now."
    runs = " and ".join(f"run {each.run_id}" for each in missing)
    commands = "; ".join(
        f"forge evaluate {each.run_id} --kind {each.kind} --split {split} --revision now"
        for each in missing
    )
    return (
        f"It cannot be compared with run {replaced.run_id}, which answers now: {runs} "
        f"{'was' if len(missing) == 1 else 'were'} not measured on the images that {split} has. "
        f"Measure: {commands}"
    )
