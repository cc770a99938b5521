"""`forge shortcuts RUN`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.evaluation.summary import Rate
from forge_core.people.actor import Actor


def shortcuts(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    split: Annotated[str, typer.Option(help="train, val, test or held_out.")] = "test",
    kind: Annotated[str, typer.Option(help="Checkpoint of the run: best or last.")] = "best",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which classes are answered because of a border, a background or another such cue.

    Looks at the answers on the data of the run's own revision, and evaluates first where there are
    none. Cues that can be swapped are given to other pictures and taken from those that have them.
    """
    from forge_core.predictions import evaluation, evaluation_requests, kept_evaluations
    from forge_core.predictions.shortcuts import looking
    from forge_core.runs import records
    from forge_core.runs.files import checkpoints

    opened = opening.existing(workspace)
    evaluation_requests.check_split(split)
    kept = kept_evaluations.find_of_run(
        opened,
        run_id,
        split,
        checkpoint_hash=checkpoints.find_checkpoint(opened, run_id, kind).content_hash,
        revision_id=records.get_run(opened, run_id).revision_id,
    )
    with output.progress_bar("Looking for shortcuts", as_json=as_json) as progress:
        if kept is None:
            evaluation_id, _ = evaluation.evaluate_and_keep(
                opened,
                run_id,
                split,
                kind,
                device,
                actor=Actor.of_process(opened),
                progress=progress,
            )
        else:
            evaluation_id = kept.evaluation_id
        found = looking.look_for_shortcuts(opened, evaluation_id, device, progress=progress)
    if as_json:
        output.answer({"evaluation_id": evaluation_id, "lines": found.lines(), "found": found})
        return
    for line in found.lines():
        output.say(line)
    output.show_table(
        "Cues that a class has far more often than others",
        ["class", "cue", "with it", "found with", "without", "given", "taken", "p", ""],
        [
            [
                found.class_names[each.label_id],
                each.cue,
                f"{each.num_with:,} of {each.num_with + each.num_without:,}",
                _share(each.found_with),
                _share(each.found_without),
                "" if each.given is None else output.percent(each.given.effect),
                "" if each.taken is None else output.percent(each.taken.effect),
                f"{each.p_value:.3f}",
                "SHORTCUT" if each.is_alarm else "",
            ]
            for each in found.shortcuts
        ],
    )


def _share(rate: Rate | None) -> str:
    return "" if rate is None else output.percent(rate.value)
