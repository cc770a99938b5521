"""`forge train`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor
from forge_core.progress import Progress
from forge_core.workspace import Workspace

if TYPE_CHECKING:
    from db.records import EpochMetrics
    from forge_core.training.config import TrainConfig
    from forge_core.training.reporting import StepLosses


def train(
    architecture: Annotated[
        str | None, typer.Option("--architecture", "-a", help="Network; recommended if left out.")
    ] = None,
    scratch: Annotated[bool, typer.Option("--scratch", help="Without pretrained weights.")] = False,
    book: Annotated[
        bool,
        typer.Option(
            "--book",
            help="Schedule a pretrained network by the book: rates a tenth of the recommended "
            "ones, statistics of batches moving.",
        ),
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option(help="natural, medical, aerial, text or a saved one."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Epochs from scratch, or of fine-tuning.")
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides everything random.")] = None,
    num_seeds: Annotated[
        int,
        typer.Option("--seeds", min=1, help="Train so many runs that differ in their seed alone."),
    ] = 1,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda:0.")] = None,
    set_fields: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any field of the config, as NAME=JSON value; repeatable."),
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="A config in JSON instead of the recommended.")
    ] = None,
    like: Annotated[
        int | None,
        typer.Option(help="Config and data of this earlier run; other options change the config."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="RUN|ALIAS",
            help="Start from the weights of this run, whatever classes came since; with its config "
            "and a quarter of its epochs, unless other options say otherwise.",
        ),
    ] = None,
    newest: Annotated[
        bool, typer.Option("--newest", help="With --like: on the catalog as it is now.")
    ] = False,
    show_options: Annotated[
        bool,
        typer.Option("--options", help="List what --set can change, with defaults, and end."),
    ] = False,
    search_rate: Annotated[
        bool,
        typer.Option("--find-rate", help="Search the learning rate for these options, and end."),
    ] = False,
    name: Annotated[str, typer.Option(help="What the run is called.")] = "",
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Watch the run, or only queue it.")
    ] = True,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a network in the background on the catalog as it is now, and watch it."""
    from forge_core.augmentation import class_words
    from forge_core.cli import following
    from forge_core.runs.starting import config_choice, launch, seeds

    if show_options:
        _show_options(as_json=as_json)
        return
    if like is not None and config_file is not None:
        raise InvalidInput("Both --like and --config were given.", next_step="Give one of them.")
    opened = opening.existing(workspace)
    check = launch.check_data(opened)
    given = {"batch_size": batch_size, "seed": seed, "device": device}
    values = {field: value for field, value in given.items() if value is not None}
    wish = config_choice.Wish(
        like=like,
        start=None if start is None else opening.run_and_kind_of(start, opened, None),
        config_json=None if config_file is None else opening.document("config", config_file),
        architecture=architecture,
        pretrained=False if scratch else None,
        preset=preset,
        epochs=epochs,
        by_the_book=book,
        values=values | config_choice.parse_assignments(set_fields or []),
    )
    choice = config_choice.choose(opened, check, wish)
    config = choice.config
    if search_rate:
        _search_rate(opened, config, as_json=as_json)
        return
    actor = Actor.of_process(opened)
    if like is not None and not newest:
        run = seeds.repeat(opened, like, config, num_seeds, actor=actor, name=name)
        data = f"the data of run {like} (revision {run.revision_id})"
    else:
        for warning in check.warnings if not as_json else []:
            output.tell(f"note: {warning}")
        run = seeds.start(opened, config, num_seeds, actor=actor, name=name)
        summary = check.summary
        data = f"{summary.num_images:,} training images of {summary.num_classes} classes"
    warnings = class_words.preset_warnings(config.augmentation_parameters, run.class_names)
    for warning in warnings if not as_json else []:
        output.tell(f"note: {warning}")
    output.say(
        f"Run {run.run_id}: {config.architecture}"
        f"{_say_start(config)}, {config.total_epochs} epochs, {data}.",
        as_json=as_json,
    )
    if "architecture" in choice.reasons and architecture is None:
        output.say(f"  {choice.reasons['architecture']}", as_json=as_json)
    group = seeds.members(opened, run.run_id)
    if len(group) > 1:
        output.say(
            f"  It is the first of {len(group)} that differ in their seed alone: "
            f"{', '.join(str(each.run_id) for each in group)}.",
            as_json=as_json,
        )
    if wait:
        ids = [each.run_id for each in group]
        group = [following.follow(opened, i, tends=True, as_json=as_json) for i in ids]
    if as_json:
        output.answer(group[0] if num_seeds == 1 else group)
    elif wait:
        for each in group:
            output.say(each.message)
    else:
        output.say(f"It is queued. Watch it: forge runs show {run.run_id} --follow")
    for each in group if wait else []:
        following.require_success(opened, each)


def _say_start(config: "TrainConfig") -> str:
    if config.start_run is not None:
        return f" (from run {config.start_run})"
    return " (pretrained)" if config.pretrained else ""


def _show_options(*, as_json: bool) -> None:
    """The advanced options in words."""
    from forge_core.training.config import TrainConfig
    from forge_core.training.options import OPTIONS

    defaults = TrainConfig()
    rows = [(option, getattr(defaults, option.name)) for option in OPTIONS]
    if as_json:
        output.answer(
            [
                {
                    "name": option.name,
                    "default": default,
                    "choices": list(option.choices or ()),
                    "sentence": option.help,
                }
                for option, default in rows
            ]
        )
        return
    for option, default in rows:
        choices = f" ({' | '.join(option.choices)})" if option.choices else ""
        meant = f" ({option.named[default]})" if default in option.named else ""
        output.say(f"{option.name}={json.dumps(default)}{meant}{choices}")
        output.say(f"    {option.help}")


def _search_rate(workspace: Workspace, config: "TrainConfig", *, as_json: bool) -> None:
    """The curve of a search, here and now, and how to train with what it suggests."""
    from forge_core.runs.starting import lr_finder

    with output.progress_bar("Trying rates", as_json=as_json) as progress:
        curve = lr_finder.find_rate(workspace, config, reporter=_Search(progress))
    if as_json:
        output.answer(curve)
        return
    every = max(1, len(curve.points) // 20)
    output.say(f"Loss of {curve.stage} by learning rate:")
    output.show_table(
        "",
        ("rate", "loss"),
        [(f"{p.rate:.1e}", f"{p.smoothed_loss:.3f}") for p in curve.points[::every]],
    )
    if curve.suggested is None:
        output.say("The loss never fell: no rate can be suggested. Look at the data first.")
        return
    output.say(f"Suggested: {curve.field} {curve.suggested:g} (now {curve.current:g}).")
    options = " ".join(f"--set {name}={value:g}" for name, value in curve.changes.items())
    output.say(f"  Train with it: the same options without --find-rate, and {options}")


class _Search:
    """Shows a search on a bar."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_message(self, text: str) -> None:
        """Nothing: a search is short."""

    def on_progress(
        self, stage: str, epoch: int, step: int, steps: int, images_per_second: float
    ) -> None:
        self._progress.advance(step, steps)

    def on_losses(self, losses: "StepLosses") -> None:
        """Never: a search trains no epoch."""

    def on_epoch(self, metrics: "EpochMetrics") -> None:
        """Never: a search finishes no epoch."""

    def should_stop(self) -> bool:
        return False
