"""`forge registry list | show | history | promote | rollback | withdraw`."""

from datetime import datetime
from typing import Annotated

import typer

from db.run_records import RegistryEntry
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor

app = typer.Typer(
    help="Say which checkpoint answers under which name, and see what did.", no_args_is_help=True
)
AliasArgument = Annotated[
    str, typer.Argument(metavar="ALIAS", help="A free name, such as production or phone.")
]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, kept with the entry.")]


@app.command("list")
def list_all(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What each alias means now."""
    from forge_core.registry import aliases

    found = aliases.list_current(opening.existing(workspace))
    if as_json:
        output.answer(found)
    elif found:
        _show_entries(found)
    else:
        output.say("No aliases yet. Make one: forge registry promote RUN production")


@app.command()
def history(
    alias: AliasArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Everything that an alias has meant, newest first."""
    from forge_core.registry import aliases

    found = aliases.list_history(opening.existing(workspace), alias)
    if as_json:
        output.answer(found)
    else:
        _show_entries(found)


@app.command()
def show(
    alias: AliasArgument,
    at: Annotated[
        str | None,
        typer.Option(help="What answered then: 2026-11-03T14:00, in UTC unless it names a zone."),
    ] = None,
    images: Annotated[
        bool, typer.Option("--images", help="The images that it was trained on, as CSV.")
    ] = False,
    split: Annotated[str, typer.Option(help="Of --images: train, val or test.")] = "train",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What answers under an alias, or answered at a time: run, evidence, images, labels, people."""
    from forge_core.registry import provenance

    opened = opening.existing(workspace)
    answering = provenance.describe(opened, alias, None if at is None else _read_time(at))
    found = provenance.list_images(opened, answering, split) if images else ()
    if as_json:
        document: dict[str, object] = {"entry": answering.entry, "run": answering.run}
        output.answer(document | ({"images": list(found)} if images else {}))
        return
    if images:
        output.write_csv(
            ["file_path", "label", "labelled_by", "labelled_at", "how", "content_hash", "asset_id"],
            (
                [
                    each.asset.file_path,
                    each.asset.label_name,
                    each.labelled and each.labelled.author,
                    each.labelled and f"{each.labelled.created_at.isoformat()}Z",
                    each.labelled and each.labelled.kind,
                    each.asset.content_hash,
                    str(each.asset.asset_id),
                ]
                for each in found
            ),
        )
        return
    entry, run = answering.entry, answering.run
    output.say(f"{entry.alias} (version {entry.version}): run {run.run_id}, {entry.kind} weights")
    output.say(f"  SHA-256 {entry.checkpoint_hash}")
    output.say(f"  {_say_who(entry)}")
    output.say(
        f"  {run.config.get('architecture')}, trained on the catalog at revision "
        f"{run.revision_id}, classes {', '.join(run.class_names)}"
    )
    for check in entry.evidence.get("checks", ()):
        output.say(f"  {'' if check['passed'] else 'Against it: '}{check['words']}")


@app.command()
def promote(
    target: Annotated[
        str, typer.Argument(metavar="RUN|ALIAS", help="Number of a run, or another alias.")
    ],
    alias: AliasArgument,
    why: WhyOption = "",
    kind: Annotated[
        str | None, typer.Option(help="Checkpoint of the run: best, calibrated or last.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Where it is compared with what answers now.")
    ] = "test",
    class_bound: Annotated[
        float, typer.Option(min=0, max=100, help="Points that a class may lose at most.")
    ] = 5.0,
    check: Annotated[
        bool, typer.Option("--check", help="Say what speaks for and against it, and stop.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also though a check speaks against it; needs --why.")
    ] = False,
    evaluate: Annotated[
        bool,
        typer.Option("--evaluate/--no-evaluate", help="Measure first what was not measured yet."),
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a checkpoint answer under an alias, when nothing speaks against it.

    It must answer here as it did when it was saved. Where another one answers, it must not be
    significantly worse on the same images, and lose no class by more than a bound.
    """
    from forge_core.registry import evidence as evidence_room
    from forge_core.registry import promotion

    opened = opening.existing(workspace)
    run_id, chosen = opening.run_and_kind_of(target, opened, kind)

    def gather() -> evidence_room.Evidence:
        return evidence_room.gather(
            opened, alias, run_id, chosen, split=split, class_bound=class_bound / 100
        )

    found = gather()
    actor = Actor.of_process(opened)
    if found.missing and found.replaced is not None and evaluate:
        with output.progress_bar("Evaluating", as_json=as_json) as progress:
            promotion.evaluate_missing(opened, found, actor=actor, device=device, progress=progress)
        found = gather()
    if check:
        if as_json:
            output.answer({"passed": found.passed, "evidence": found.to_dict()})
        for each in () if as_json else found.checks:
            output.say(f"{'fine' if each.passed else 'against'}: {each.words}")
        if not found.passed:
            raise typer.Exit(1)
        return
    entry = promotion.promote(opened, found, actor=actor, reason=why, is_forced=force)
    if as_json:
        output.answer(entry)
        return
    for each in found.checks:
        output.say(f"{'' if each.passed else 'Overruled: '}{each.words}")
    output.say(f"{entry.alias} means run {entry.run_id} from now on (version {entry.version}).")


@app.command()
def rollback(
    alias: AliasArgument,
    why: WhyOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an alias mean again what it meant before."""
    from forge_core.registry import entries

    opened = opening.existing(workspace)
    entry = entries.roll_back(opened, alias, actor=Actor.of_process(opened), reason=why)
    words = f"{entry.alias} means run {entry.run_id} again (version {entry.version})."
    _tell(entry, words, as_json=as_json)


@app.command()
def withdraw(
    alias: AliasArgument,
    why: WhyOption = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let an alias mean nothing from now on; what it meant stays told."""
    from forge_core.registry import entries

    opened = opening.existing(workspace)
    entry = entries.withdraw(opened, alias, actor=Actor.of_process(opened), reason=why)
    _tell(entry, f"{entry.alias} means nothing from now on.", as_json=as_json)


def _tell(entry: RegistryEntry, words: str, *, as_json: bool) -> None:
    if as_json:
        output.answer(entry)
    else:
        output.say(words)


def _show_entries(found: list[RegistryEntry]) -> None:
    output.show_table(
        "",
        ["alias", "version", "run", "weights", "checkpoint", "since (UTC)", "who", "why"],
        [
            [
                entry.alias,
                entry.version,
                "-" if entry.run_id is None else str(entry.run_id),
                entry.kind or "withdrawn",
                (entry.checkpoint_hash or "-")[:12],
                f"{entry.created_at:%Y-%m-%d %H:%M:%S}",
                entry.author,
                _say_why(entry),
            ]
            for entry in found
        ],
    )


def _say_why(entry: RegistryEntry) -> str:
    words = {
        "roll_back": f"back to version {entry.evidence.get('to_version')}",
        "withdraw": "withdrawn",
    }.get(entry.action, "forced" if entry.is_forced else "")
    return ": ".join(part for part in (words, entry.reason) if part) or "-"


def _say_who(entry: RegistryEntry) -> str:
    why = _say_why(entry)
    return f"since {entry.created_at:%Y-%m-%d %H:%M:%S} UTC, by {entry.author}" + (
        "" if why == "-" else f" ({why})"
    )


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text[:40]!r} is no time.", next_step="Write it as 2026-11-03T14:00."
        ) from error
