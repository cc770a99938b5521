"""What a run is, as one file: data, balance, issues, leaks, metrics, and how to repeat it.

Imports no torch.
"""

from collections import Counter
from datetime import UTC, datetime

import numpy as np

from db.columns import SPLITS
from db.enums import Split
from db.records import Run
from forge_core.catalog.listing.filter_fields import SPLIT_WORDS
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import leaks
from forge_core.errors import InvalidInput
from forge_core.evaluation.answers import list_pairs
from forge_core.evaluation.report import EvaluationReport
from forge_core.predictions.report import markup
from forge_core.predictions.shortcuts import kept_shortcuts
from forge_core.runs import environments, records, scoring_requests
from forge_core.training.options import BY_NAME
from forge_core.workspace import Workspace

ORDER = (Split.TEST, Split.VAL, Split.HELD_OUT, Split.TRAIN)
MOST_CLASSES = 40
MOST_PAIRS = 20
MOST_NAMED = 20


def write_report(workspace: Workspace, run_id: int) -> str:
    """The report of a finished run as the text of one HTML file that loads and runs nothing.

    Raises:
        NotFound: There is no such run.
        InvalidInput: It is not finished.
    """
    run = records.get_run(workspace, run_id)
    if not run.status.is_finished():
        raise InvalidInput(
            f"Run {run_id} is {run.status.value}, so there is nothing to report yet.",
            next_step="Wait until it is finished.",
        )
    named = f": {run.name}" if run.name else ""
    title = f"Run {run_id}{named}"
    now = history.latest_revision_id(workspace)
    return markup.page(
        title,
        [
            f"<h1>{markup.text(title)}</h1>",
            markup.paragraph(_describe(workspace, run), quiet=True),
            markup.paragraph(run.message),
            *_metrics(run),
            *_shortcuts(workspace, run),
            *_training(workspace, run),
            *_data(workspace, run),
            *_issues(workspace, run, now),
            *_leaks(workspace, now),
            *_repeat(run),
        ],
    )


def _describe(workspace: Workspace, run: Run) -> str:
    architecture = run.config.get("architecture", "")
    start = "pretrained" if run.config.get("pretrained") else "from scratch"
    if run.config.get("start_run") is not None:
        start = f"from run {run.config['start_run']}"
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"{architecture}, {start}, {run.status.value}. Workspace {workspace.name}, data at "
        f"revision {run.revision_id}, started by {run.author}. Written {written}."
    )


def _metrics(run: Run) -> list[str]:
    kept = records.reports_of(run)
    parts = [markup.heading("Metrics")]
    if not kept:
        return [*parts, markup.paragraph("Nothing was measured.")]
    for split in ORDER:
        if split in kept:
            parts += _metrics_of(split, kept[split])
    return parts


def _metrics_of(split: Split, report: EvaluationReport) -> list[str]:
    shown = report.shown
    low, high = shown.interval
    words = (
        f"Accuracy on {SPLIT_WORDS[split]}: {_percent(shown.value)} ({_percent(low)} to "
        f"{_percent(high)} with 95 % confidence) of {report.num_images:,} images. Macro F1 "
        f"{report.shown_macro_f1:.3f}, loss {report.loss:.3f}."
    )
    if shown.note:
        words += f" {shown.note} {report.classes_note}".rstrip()
    if split == Split.VAL:
        words += " Validation chose the best epoch, so this is a little too kind."
    if split == Split.TRAIN:
        words += " It was trained on these images."
    parts = [f"<h3>{markup.text(SPLIT_WORDS[split])}</h3>", markup.paragraph(words)]
    classes = sorted(report.shown_classes, key=lambda each: (each.f1 is None, each.f1 or 0.0))
    rows = []
    for each in classes[:MOST_CLASSES]:
        bounds = each.recall_interval
        interval = "" if bounds is None else f"{100 * bounds[0]:.0f} to {100 * bounds[1]:.0f} %"
        recall, precision = (
            "" if share is None else _percent(share) for share in (each.recall, each.precision)
        )
        f1 = "" if each.f1 is None else f"{each.f1:.3f}"
        rows.append((each.class_name, f"{each.support:,}", recall, interval, precision, f1))
    parts.append(markup.table(("class", "images", "recall", "95 %", "precision", "F1"), rows))
    if len(classes) > MOST_CLASSES:
        parts.append(markup.paragraph(f"The {MOST_CLASSES} weakest of {len(classes):,} classes."))
    if len(report.class_names) <= MOST_CLASSES:
        parts.append(markup.matrix(report.class_names, report.confusion))
    else:
        parts.append(_pairs(report))
    return parts


def _pairs(report: EvaluationReport) -> str:
    names = report.class_names
    rows = [
        (names[true], names[answered], f"{count:,}")
        for true, answered, count in list_pairs(np.array(report.confusion), MOST_PAIRS)
    ]
    return markup.table(("true", "taken for", "images"), rows)


def _shortcuts(workspace: Workspace, run: Run) -> list[str]:
    """What was looked for in evaluations on the run's own data; nothing where nobody looked."""
    with workspace.database.read() as uow:
        measured = uow.evaluations.list_of_run(run.run_id)
    parts = []
    for each in measured:
        found = kept_shortcuts.find(workspace, each.evaluation_id)
        if found is not None and each.revision_id == run.revision_id:
            parts.append(f"<h3>{markup.text(SPLIT_WORDS[each.split])}</h3>")
            parts.append(markup.bullets(found.lines()))
    return [markup.heading("Shortcuts"), *parts] if parts else []


def _training(workspace: Workspace, run: Run) -> list[str]:
    epochs = records.list_epochs(workspace, [run.run_id]).get(run.run_id, [])
    lines = [
        ("accuracy in validation", [each.val_accuracy for each in epochs]),
        ("accuracy in training", [each.train_accuracy for each in epochs]),
    ]
    best = f", the best is {run.best_epoch}" if run.best_epoch else ""
    return [
        markup.heading("Training"),
        markup.paragraph(f"{len(epochs)} epochs{best}."),
        markup.curves(lines),
    ]


def _data(workspace: Workspace, run: Run) -> list[str]:
    found = history.as_of(workspace, run.revision_id).columns
    names = dict(zip(run.label_ids, run.class_names, strict=True))
    splits = [SPLIT_WORDS[each or "none"] for each in SPLITS]
    own = ~found.is_augmented
    counts: Counter[tuple[int, int]] = Counter(
        zip(found.label_ids[own].tolist(), found.splits[own].tolist(), strict=True)
    )
    rows = []
    known = sorted({label_id for label_id, _ in counts}, key=lambda each: names.get(each, "~"))
    for label_id in known:
        name = names.get(label_id, "without a label" if not label_id else f"class {label_id}")
        numbers = [counts[label_id, code] for code in range(len(splits))]
        rows.append((name, *(f"{number:,}" for number in numbers), f"{sum(numbers):,}"))
    train = [counts[label_id, SPLITS.index(Split.TRAIN)] for label_id in names]
    words = f"{int(own.sum()):,} images at revision {run.revision_id}."
    if smallest := min(train, default=0):
        words += f" The largest class in train has {max(train) / smallest:.1f} times the smallest."
    if copies := int(found.is_augmented.sum()):
        words += f" {copies:,} augmented copies beside them."
    return [
        markup.heading("Data and balance"),
        markup.paragraph(words),
        markup.table(("class", *splits, "all"), rows),
    ]


def _issues(workspace: Workspace, run: Run, now: int) -> list[str]:
    parts = [markup.heading("Issues")]
    left_out = run.environment.left_out if run.environment else ()
    lines = [f"{each.source}: {each.message or each.reason}" for each in left_out[:MOST_NAMED]]
    if len(left_out) > MOST_NAMED:
        lines.append(f"and {len(left_out) - MOST_NAMED:,} more files")
    if left_out:
        parts.append(markup.paragraph(f"{len(left_out):,} files could not be used:"))
        parts.append(markup.bullets(lines))
    counts = scoring_requests.scoring_state(workspace, run.run_id).counts
    if counts.num_images:
        parts.append(
            markup.paragraph(
                f"Its network has looked at {counts.num_images:,} images and disagrees with the "
                f"label of {counts.num_disagreeing:,} at revision {now}."
            )
        )
    if not left_out and not counts.num_images:
        parts.append(
            markup.paragraph(
                "Every file could be read. Its network has not looked at the catalog yet."
            )
        )
    return parts


def _leaks(workspace: Workspace, now: int) -> list[str]:
    found = leaks.find_leaks(workspace, most_ids=0)
    words = (
        "Images that belong together and lie in two splits make a measure too good:"
        if found.leaks
        else f"None among {found.num_images:,} images: no equal bytes, near-duplicates, groups or "
        "copies in two splits."
    )
    return [
        markup.heading(f"Leaks, at revision {now}"),
        markup.paragraph(words),
        markup.bullets([str(each) for each in found.leaks]),
    ]


def _repeat(run: Run) -> list[str]:
    rows = [
        (BY_NAME[name].title if name in BY_NAME else name, value)
        for name, value in sorted(run.config.items())
        if value not in (None, "")
    ]
    parts = [
        markup.heading("How to repeat it"),
        markup.paragraph(
            "In the same workspace: the same config on the same data gives, on the same processor "
            "and libraries, the same numbers."
        ),
        markup.code(
            [
                f"forge train --like {run.run_id}",
                f"forge runs assets {run.run_id} --split val",
                f"forge evaluate {run.run_id} --split test",
            ]
        ),
        markup.table(("config", "value"), rows),
    ]
    if run.environment:
        values = sorted(environments.as_rows(run.environment).items())
        parts.append(markup.table(("environment", "value"), values))
    return parts


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
