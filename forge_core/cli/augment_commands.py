"""`forge augment copies | risk | presets | save-preset | remove-preset`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from db.records import AssetFilter
from forge_core.catalog.editing import classes
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

if TYPE_CHECKING:
    from forge_core.augmentation.presets import AugmentationParameters

app = typer.Typer(
    help="Augmented copies in the catalog, and what an augmentation does to a network.",
    no_args_is_help=True,
)
PresetOption = Annotated[str, typer.Option(help="natural, medical, aerial, text or a saved one.")]
ParametersOption = Annotated[
    Path | None, typer.Option("--parameters", help="Numbers of the augmentation in JSON instead.")
]


@app.command()
def copies(
    per_image: Annotated[int, typer.Option(help="Copies of each image, 1 to 50.")] = 1,
    preset: PresetOption = "natural",
    parameters: ParametersOption = None,
    label: Annotated[str | None, typer.Option(help="Only images of this class.")] = None,
    source: Annotated[str | None, typer.Option(help="Only images of this source.")] = None,
    size: Annotated[int, typer.Option(help="Side of the square copies in pixels.")] = 224,
    seed: Annotated[int, typer.Option(help="The same seed makes the same copies.")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count the copies; write nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write augmented copies of labelled training images, as one revision that can be undone.

    Training augments anew in every epoch and needs none of them.
    """
    from forge_core.augmentation.eval_transform import EvalTransform
    from forge_core.runs import augmented_copies
    from forge_core.runs.augmented_copies import CopyPlan

    opened = opening.existing(workspace)
    label_id = None if label is None else classes.get_class(opened, label).label_id
    plan = CopyPlan(
        where=AssetFilter(label=label_id, source=source),
        parameters=_read_parameters(opened, preset, parameters),
        transform=EvalTransform(resize=round(size * 8 / 7), crop=size),
        copies_per_image=per_image,
        seed=seed,
    )
    if dry_run:
        number = augmented_copies.count_copies(opened, plan)
        if as_json:
            output.answer({"copies": number, "status": "dry_run"})
        else:
            output.say(f"{number:,} copies would be written. Nothing was changed.")
        return
    with output.progress_bar("Copying", as_json=as_json) as progress:
        report = augmented_copies.write_copies(
            opened, plan, actor=Actor.of_process(opened), progress=progress
        )
    if as_json:
        output.answer(report)
        return
    for problem in report.left_out:
        output.tell(f"left out: {problem.message}")
    if report.revision_id is None:
        output.say("These copies are in the catalog already.")
        return
    output.say(
        f"{report.added:,} copies of {report.num_parents:,} images (revision "
        f"{report.revision_id}); take them back with forge undo {report.revision_id}."
    )


@app.command()
def risk(
    run_id: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run.")],
    preset: PresetOption = "natural",
    parameters: ParametersOption = None,
    images: Annotated[int, typer.Option(help="Validation images to ask, at most.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed augments alike.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:0.")] = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """How often a run's network changes its answer under each part of an augmentation."""
    from forge_core.predictions import augmentation_check

    opened = opening.existing(workspace)
    with output.progress_bar("Asking", as_json=as_json) as progress:
        risks = augmentation_check.check_run(
            opened,
            run_id,
            _read_parameters(opened, preset, parameters),
            num_images=images,
            seed=seed,
            device=device,
            progress=progress,
        )
    if as_json:
        output.answer({"risks": risks})
        return
    output.show_table(
        "",
        ["augmentation", "used", "answer changes", "95 % interval", "right before, wrong after"],
        [
            [
                found.part.replace("_", " "),
                "yes" if found.is_used else "no",
                output.percent(found.share_changed),
                f"{100 * found.changed_interval[0]:.0f} to {100 * found.changed_interval[1]:.0f}",
                found.num_spoilt,
            ]
            for found in risks
        ],
    )


@app.command("presets")
def list_presets(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """The augmentation presets: the product's own, and those that people saved."""
    from forge_core.runs.starting import saved_presets

    found = saved_presets.all_presets(opening.existing(workspace))
    if as_json:
        output.answer({"presets": list(found.values())})
        return
    rows = [[preset.name, preset.description] for preset in found.values()]
    output.show_table("", ["preset", "what it is"], rows)


@app.command("save-preset")
def save_preset(
    name: Annotated[str, typer.Argument(help="Name of the new preset.")],
    parameters: Annotated[
        Path, typer.Option("--parameters", help="Numbers of the augmentation in JSON.")
    ],
    preset: Annotated[
        str, typer.Option(help="The product's preset that it was made from.")
    ] = "natural",
    replace: Annotated[
        bool, typer.Option("--replace", help="Give a preset of this name these numbers.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep an augmentation under a name, for `--preset` and the Train page, for everybody."""
    from forge_core.runs.starting import saved_presets

    opened = opening.existing(workspace)
    saved = saved_presets.save_preset(
        opened,
        name,
        _read_parameters(opened, preset, parameters),
        based_on=preset,
        actor=Actor.of_process(opened),
        replace=replace,
    )
    if as_json:
        output.answer(saved)
    else:
        output.say(f"Preset {saved.name!r} is saved.")


@app.command("remove-preset")
def remove_preset(
    name: Annotated[str, typer.Argument(help="Name of the preset.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Remove a saved preset for everybody; runs keep the numbers that they were trained with."""
    from forge_core.runs.starting import saved_presets

    saved_presets.remove_preset(opening.existing(workspace), name)
    output.say(f"Preset {name!r} is removed.")


def _read_parameters(
    workspace: Workspace, preset: str, path: Path | None
) -> "AugmentationParameters":
    from forge_core.augmentation.presets import AugmentationParameters
    from forge_core.runs.starting import saved_presets

    if path is not None:
        return AugmentationParameters.from_json(opening.document("file of parameters", path))
    return saved_presets.find_preset(workspace, preset).parameters
