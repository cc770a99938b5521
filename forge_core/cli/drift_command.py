"""`forge drift LOG|ALIAS`."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor

if TYPE_CHECKING:
    from forge_core.drift.audits import Audit
    from forge_core.drift.judging import DriftReport

NUM_STRANGE = 10


def drift(
    target: Annotated[
        str,
        typer.Argument(
            metavar="[LOG|ALIAS]",
            help="Folder of a log of traffic, or an alias whose traffic is logged in the "
            "workspace's folder traffic; without it what answered last there.",
        ),
    ] = "",
    days: Annotated[int | None, typer.Option(help="Only the last so many days.", min=1)] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(help="Beginning of a checkpoint's hash, instead of what answered last."),
    ] = None,
    draw_audit: Annotated[
        bool, typer.Option("--draw-audit", help="Draw 50 answers to be checked by a person.")
    ] = False,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder with pictures of the audit, found by their hashes.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with the columns image_sha256 and label: what the audit found."
        ),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Show the report on a log elsewhere on the page Drift too."),
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Answer with a table of the days.")] = False,
) -> None:
    """Say whether the traffic still looks like the tests, and how right the answers may be.

    Without labels, from the log of `forge serve --traffic-log`. The images of an audit are listed
    with --json after --draw-audit, or checked on the page Drift.
    """
    from forge_core.drift import audits, kept_reports

    opened = opening.existing(workspace)
    folder = Path(target).expanduser() if target and Path(target).expanduser().is_dir() else None
    if target and folder is None and Path(target).name != target:
        raise InvalidInput(f"There is no folder {target}.", next_step="Name the folder of a log.")

    def look() -> "DriftReport":
        with output.progress_bar("Looking", as_json=as_json) as progress:
            return kept_reports.look(
                opened,
                folder,
                alias=target if folder is None else "",
                checkpoint=checkpoint,
                days=days,
                device=device,
                keep=keep,
                progress=progress,
            )

    report = look()
    if not keep and not kept_reports.is_own(opened, folder):
        output.tell(
            "A log elsewhere: the page Drift goes on showing its report. --keep shows this."
        )
    log = Path(report.folder)
    if draw_audit:
        kept_reports.draw_audit(opened, report, days=days)
    audit = audits.find(log, report.checkpoint_sha256)
    if audit is None and (pictures or labels):
        raise InvalidInput("No audit was drawn.", next_step="Draw one with --draw-audit.")
    if audit is not None and pictures is not None:
        number = audits.take_pictures(log, audit, pictures)
        output.tell(f"{number} of {len(audit.images)} images of the audit have a picture.")
    if audit is not None and labels is not None:
        said = _read_labels(labels)
        audit = audits.say(log, audit, said, by=Actor.of_process(opened).name)
    if draw_audit or labels:
        report = look()
    if as_json:
        output.answer({"report": report, "audit": audit})
    elif as_csv:
        output.write_csv(
            ["day", "answers", "estimate", "low", "high", "p_value", "alarm"],
            [
                [
                    day.date,
                    day.num_answers,
                    round(day.estimate.value, 4),
                    round(day.estimate.low, 4),
                    round(day.estimate.high, 4),
                    None if day.test is None else day.test.p_value,
                    day.is_alarm,
                ]
                for day in report.days
            ],
        )
    else:
        _show(report, audit)


def _read_labels(path: Path) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = list(csv.DictReader(file))
        return {row["image_sha256"].strip(): row["label"].strip() for row in found}
    except (OSError, KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            f"{path} is no table with the columns image_sha256 and label.",
            next_step="Write the class of each, or 'none of the classes'; --json lists them.",
            detail=str(error),
        ) from error


def _show(report: "DriftReport", audit: "Audit | None") -> None:
    output.say(report.sentence)
    for note in report.notes:
        output.tell(note)
    output.say(
        f"Run {report.run_id} ({report.architecture}, {report.checkpoint_sha256[:12]}): "
        f"{report.num_answers:,} answers from {report.first[:16]} to {report.last[:16]} UTC, "
        f"against {report.num_reference:,} validation and test images."
    )
    if report.test is not None:
        output.say(
            f"Two-sample test of {report.compared}: distance {report.test.statistic:.4f}, "
            f"p {report.test.p_value:.4f}."
        )
    if report.strangers is not None:
        output.say(
            f"Unlike the tests: {output.percent(report.strangers.share)} of the images, "
            f"{output.percent(report.strangers.reference_share)} would be expected."
        )
    output.show_table(
        "Days (UTC)",
        ["day", "answers", "estimated right", "p", ""],
        [
            [
                day.date,
                day.num_answers,
                f"{output.percent(day.estimate.value)} "
                f"({100 * day.estimate.low:.1f} to {100 * day.estimate.high:.1f})",
                "" if day.test is None else f"{day.test.p_value:.4f}",
                "ALARM" if day.is_alarm else "",
            ]
            for day in report.days
        ],
    )
    output.show_table(
        "Classes, if only their mix has changed",
        ["class", "in training", "in the traffic", "95 %", "answered"],
        [
            [
                share.name,
                output.percent(share.trained),
                output.percent(share.traffic),
                f"{100 * share.low:.1f} to {100 * share.high:.1f}",
                output.percent(share.answered),
            ]
            for share in report.mix
        ],
    )
    output.show_table(
        "Strangest images",
        ["time", "request", "image", "answer", "confidence", "distance"],
        [
            [
                each.time[:16],
                each.request_id[:12],
                each.image_sha256[:12],
                each.label_name,
                output.percent(each.confidence),
                f"{each.distance:.3f}",
            ]
            for each in report.strangest[:NUM_STRANGE]
        ],
    )
    if audit is not None:
        output.say(
            f"Audit of {audit.drawn_at[:16]}: {audit.num_labels} of {len(audit.images)} checked."
        )
