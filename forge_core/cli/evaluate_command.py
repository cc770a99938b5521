"""`forge evaluate`: measure checkpoints on a split, keep what comes out, and compare."""

from typing import Annotated

import typer

from forge_core.catalog.splits import chosen_images
from forge_core.cli import evaluated_parts, opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.evaluation.report import EvaluationReport
from forge_core.people.actor import Actor
from forge_core.predictions.kept_evaluations import LeftOut, MeasuredEvaluation
from forge_core.predictions.seeds import duels
from forge_core.predictions.seeds.duels import Duel, Settings
from forge_core.predictions.standings import SEEDS_ALIKE, WEIGHTED, Standings
from forge_core.workspace import Workspace

OWN, NOW = "run", "now"
MAX_NAMED = 20


def evaluate(
    run_ids: Annotated[
        list[int],
        typer.Argument(metavar="RUN...", help="Numbers of runs; several are compared."),
    ],
    split: Annotated[str, typer.Option(help="train, val, test or held_out.")] = "test",
    kind: Annotated[str, typer.Option(help="Checkpoint of the run: best or last.")] = "best",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    revision: Annotated[
        str | None,
        typer.Option(
            help="The images and labels as of this revision: a number, `now`, or `run` for that of "
            "each run. By default `run` for one run, and `now` for several."
        ),
    ] = None,
    by: evaluated_parts.ByOption = None,
    as_csv: evaluated_parts.CsvOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure runs' checkpoints on a split, keep what was answered for each image, and compare."""
    from forge_core.catalog.revisions import history

    kinds = evaluated_parts.check_kinds(by, as_csv=as_csv, as_json=as_json)
    opened = opening.existing(workspace)
    asked = revision or (OWN if len(run_ids) == 1 else NOW)
    if asked not in (OWN, NOW) and not (asked.isascii() and asked.isdigit()):
        raise InvalidInput(f"--revision is a number, {NOW!r} or {OWN!r}, not {asked[:40]!r}.")
    as_of: int | None = None
    if asked != OWN:
        as_of = history.latest_revision_id(opened) if asked == NOW else int(asked)
    found = [
        _measure(opened, run_id, split, kind, device, as_of, as_json=as_json or as_csv)
        for run_id in dict.fromkeys(run_ids)
    ]
    standings = None if len(found) == 1 else _compare(opened, split, as_of, kind, found)
    parted = [evaluated_parts.read(opened, number, kinds) for number, _ in found] if kinds else []
    if as_csv:
        evaluated_parts.write_csv(parted)
        return
    if as_json:
        documents = [_as_json(number, measured) for number, measured in found]
        for document, parts in zip(documents, parted, strict=False):
            document["parts"] = parts.to_json()
        if standings is None:
            output.answer(documents[0])
        else:
            output.answer(
                {"evaluations": documents, "standings": _standings_json(standings, split)}
            )
        return
    for _, measured in found:
        _show(measured, with_classes=standings is None)
    if standings is not None:
        _show_standings(standings, split)
    for parts in parted:
        parts.show(with_run=standings is not None)


def _measure(
    workspace: Workspace,
    run_id: int,
    split: str,
    kind: str,
    device: str,
    revision_id: int | None,
    *,
    as_json: bool,
) -> tuple[int, MeasuredEvaluation]:
    from forge_core.predictions import evaluation

    with output.progress_bar(f"Evaluating run {run_id}", as_json=as_json) as progress:
        return evaluation.evaluate_and_keep(
            workspace,
            run_id,
            split,
            kind,
            device,
            actor=Actor.of_process(workspace),
            revision_id=revision_id,
            progress=progress,
        )


def _compare(
    workspace: Workspace,
    split: str,
    revision_id: int | None,
    kind: str,
    found: list[tuple[int, MeasuredEvaluation]],
) -> Standings:
    from dataclasses import replace

    from forge_core.predictions import standings

    digests = {measured.data_digest for _, measured in found}
    if len(digests) > 1:
        raise InvalidInput(
            f"The runs were measured on {len(digests)} different sets of images, so they cannot be "
            "compared.",
            next_step="Leave --revision out, or use --revision now.",
        )
    shown = found[0][1].revision_id if revision_id is None else revision_id
    field = standings.find_field(workspace, split, revision_id=shown, with_last=kind == "last")
    wanted = {measured.run_id for _, measured in found}
    own = [c for c in field.contenders if c.run.run_id in wanted and c.kind == kind]
    return standings.rank(workspace, replace(field, contenders=own))


def _as_json(number: int, measured: MeasuredEvaluation) -> dict[str, object]:
    return {
        "evaluation_id": number,
        "run_id": measured.run_id,
        "kind": measured.kind,
        "split": measured.split,
        "revision_id": measured.revision_id,
        "report": measured.report.to_dict(),
        "shown": measured.report.shown,
        "left_out": measured.left_out,
        "num_trained": int(measured.answers.is_trained.sum()),
        "temperature": measured.temperature,
    }


def _standings_json(found: Standings, split: str) -> dict[str, object]:
    settings = _repeated(found)
    return {
        "num_common": found.num_common,
        "num_trained": found.num_trained,
        "num_chosen": found.num_chosen,
        "is_weighted": found.is_weighted,
        "apart": [each.run.run_id for each in found.apart],
        "seeds": [
            {
                "runs": [run.run_id for run in each.runs],
                "mean": each.spread.mean,
                "interval": each.spread.interval,
                "deviation": each.spread.deviation,
            }
            for each in settings
            if len(each.runs) > 1
        ],
        "duels": [
            {
                "answer": duels.answer(duel),
                "price": duels.price(duel),
                "contest": duel.contest,
                "more_seeds": duel.budget.more_seeds,
                "all_images": duel.budget.all_images,
                "seconds": duel.seconds,
            }
            for duel in _fight(settings, split)
        ],
        "models": [
            {
                "run_id": each.contender.run.run_id,
                "evaluation_id": each.evaluation_id,
                "accuracy": each.accuracy.value,
                "interval": each.accuracy.interval,
                "to_best": None
                if each.to_best is None
                else {
                    "difference": each.to_best.difference,
                    "interval": each.to_best.interval,
                    "p_value": each.to_best.p_value,
                },
            }
            for each in found.standings
        ],
    }


def _show(measured: MeasuredEvaluation, *, with_classes: bool) -> None:
    report, shown = measured.report, measured.report.shown
    low, high = shown.interval
    output.say(
        f"Run {measured.run_id} on {measured.split}: accuracy {output.percent(shown.value)} "
        f"({100 * low:.1f} to {100 * high:.1f} with 95 % confidence), "
        f"loss {report.loss:.4f}, macro F1 {report.shown_macro_f1:.3f}, "
        f"{report.num_images:,} images, at revision {measured.revision_id}"
    )
    if shown.note:
        output.tell(f"{shown.note} {report.classes_note}".rstrip())
    if with_classes:
        _show_classes(report)
    num_trained = int(measured.answers.is_trained.sum())
    if num_trained and measured.split != "train":
        output.tell(
            f"The run was trained on {num_trained:,} of these images: its accuracy is too kind."
        )
    _tell_left_out(measured.left_out)


def _show_classes(report: EvaluationReport) -> None:
    output.show_table(
        "",
        ["class", "precision", "recall", "95 %", "F1", "images"],
        [
            [
                entry.class_name,
                _number(entry.precision),
                _number(entry.recall),
                " to ".join(map(_number, entry.recall_interval or ())),
                _number(entry.f1),
                entry.support,
            ]
            for entry in report.shown_classes
        ],
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _tell_left_out(left_out: LeftOut) -> None:
    if left_out.unknown:
        named = ", ".join(f"{name} {number:,}" for name, number in left_out.unknown.items())
        output.tell(f"left out, of classes that the network does not know: {named}")
    if left_out.num_unlabelled:
        output.tell(f"left out, without a label: {left_out.num_unlabelled:,}")
    for message in list(left_out.rejected.values())[:MAX_NAMED]:
        output.tell(f"left out: {message}")
    if left_out.num_rejected > MAX_NAMED:
        output.tell(f"and {left_out.num_rejected - MAX_NAMED:,} more")


def _show_standings(found: Standings, split: str) -> None:
    rows = []
    for each in found.standings:
        low, high = each.accuracy.interval
        rows.append(
            [
                each.contender.run.run_id,
                f"{output.percent(each.accuracy.value)} ({100 * low:.1f} to {100 * high:.1f})",
                _say_difference(each.to_best),
            ]
        )
    output.show_table("", ["run", "accuracy", "to the best, in points"], rows)
    output.say(f"On the same {found.num_common:,} images of {split}.")
    if found.num_trained:
        output.tell(f"left out, because one of them was trained on it: {found.num_trained:,}")
    if found.num_chosen:
        output.tell(chosen_images.say_left_out(found.num_chosen))
    if found.is_weighted:
        output.tell(WEIGHTED)
    for contender in found.apart:
        output.tell(
            f"Run {contender.run.run_id} was measured on too few of these images to be compared: "
            "it does not know all classes."
        )
    settings = _repeated(found)
    if settings and found.is_weighted:
        output.tell(SEEDS_ALIKE)
    for own in settings:
        spread = own.spread
        if spread.interval is not None and spread.deviation is not None:
            low, high = spread.interval
            output.say(
                f"{own.name[0].upper()}{own.name[1:]} differ in the seed alone: "
                f"{output.percent(spread.mean)} in the mean ({100 * low:.1f} to {100 * high:.1f}), "
                f"{100 * spread.deviation:.1f} points from one to the next."
            )
    for duel in _fight(settings, split):
        output.say(f"{duels.answer(duel)} {duels.price(duel)}".rstrip())


def _repeated(found: Standings) -> list[Settings]:
    """By their settings, best first; empty where each has one seed, and runs are all there is."""
    settings = duels.list_settings(found)
    return settings if any(len(each.runs) > 1 for each in settings) else []


def _fight(settings: list[Settings], split: str) -> list[Duel]:
    """The best settings against each of the others."""
    return [duels.compare(each, settings[0], split) for each in settings[1:]]


def _say_difference(found: object) -> str:
    from forge_core.evaluation.pairing import PairedDifference

    if not isinstance(found, PairedDifference):
        return "best"
    low, high = found.interval
    words = f"{100 * found.difference:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
    return words if found.is_told_apart else f"{words}, may be chance"
