"""`forge classes list | create | rename | merge | retire | unretire | edit`."""

from typing import Annotated

import typer

from forge_core.catalog.editing import class_merges, classes
from forge_core.catalog.editing.class_merges import ClassPreview
from forge_core.catalog.revisions.journal import ChangeResult
from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.people.actor import Actor

app = typer.Typer(
    help="Classes: their names, colours, keys, and which are in use.", no_args_is_help=True
)

NameArgument = Annotated[str, typer.Argument(help="Name of the class.")]
ColorOption = Annotated[str | None, typer.Option(help="Colour, like #0072B2.")]
HotkeyOption = Annotated[
    str | None, typer.Option(help=f"Key in the gallery, one of {classes.CLASS_KEYS}.")
]
DescriptionOption = Annotated[str | None, typer.Option(help="What belongs into the class.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Only say what it would do; change nothing.")
]


@app.command("list")
def list_classes(
    with_retired: Annotated[
        bool, typer.Option("--retired", help="Also those that are out of use.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """The classes with their numbers of images, augmented copies included."""
    opened = opening.existing(workspace)
    labels = classes.list_classes(opened, with_retired=with_retired)
    if as_json:
        output.answer(labels)
        return
    output.show_table(
        "",
        ["class", "images", "key", "colour", "in use", "description"],
        [
            [
                label.name,
                label.num_images,
                label.hotkey or "",
                label.color,
                "no" if label.is_retired else "yes",
                label.description,
            ]
            for label in labels
        ],
    )


@app.command()
def create(
    name: NameArgument,
    color: ColorOption = None,
    hotkey: HotkeyOption = None,
    description: DescriptionOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a class before it has images."""
    opened = opening.existing(workspace)
    label = classes.create_class(
        opened,
        name,
        actor=Actor.of_process(opened),
        color=color,
        hotkey=hotkey,
        description=description or "",
    )
    if as_json:
        output.answer(label)
        return
    output.say(f"Class {label.name!r} is created.")


@app.command()
def edit(
    name: NameArgument,
    color: ColorOption = None,
    hotkey: Annotated[
        str | None, typer.Option(help='Key in the gallery; "" takes it away.')
    ] = None,
    description: DescriptionOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change colour, key or description."""
    opened = opening.existing(workspace)
    label = classes.get_class(opened, name)
    result = classes.edit_class(
        opened,
        label.label_id,
        actor=Actor.of_process(opened),
        color=color,
        hotkey=hotkey,
        description=description,
    )
    _answer(result, f"Class {label.name!r} is changed", as_json=as_json)


@app.command()
def rename(
    name: NameArgument,
    new_name: Annotated[str, typer.Argument(help="Its new name.")],
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a class another name; it follows on every image."""
    opened = opening.existing(workspace)
    found = class_merges.preview(opened, classes.get_class(opened, name).label_id)
    notes = class_merges.describe_heads(found, new_name=new_name)
    if _only_preview(found, notes, dry_run=dry_run, as_json=as_json):
        return
    result = classes.rename_class(
        opened, found.label.label_id, new_name, actor=Actor.of_process(opened)
    )
    _answer(result, f"{name!r} is now called {new_name!r}", as_json=as_json)


@app.command()
def merge(
    name: NameArgument,
    into: Annotated[str, typer.Argument(help="The class that gets its images.")],
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give all images of a class to another, and retire it. Imports of its name follow."""
    opened = opening.existing(workspace)
    found = class_merges.preview(opened, classes.get_class(opened, name).label_id)
    target = classes.get_class(opened, into)
    notes = class_merges.describe_heads(found, into=target)
    if _only_preview(found, notes, dry_run=dry_run, as_json=as_json):
        return
    result = class_merges.merge_classes(
        opened, found.label.label_id, target.label_id, actor=Actor.of_process(opened)
    )
    _answer(result, f"{name!r} is merged into {into!r}", as_json=as_json)


@app.command()
def retire(
    name: NameArgument,
    unlabel: Annotated[
        bool, typer.Option("--unlabel", help="Take the label off its images.")
    ] = False,
    dry_run: DryRunOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a class out of use; it must have no images, or they lose their label."""
    opened = opening.existing(workspace)
    found = class_merges.preview(opened, classes.get_class(opened, name).label_id)
    if _only_preview(found, class_merges.describe_heads(found), dry_run=dry_run, as_json=as_json):
        return
    result = class_merges.retire_class(
        opened, found.label.label_id, actor=Actor.of_process(opened), unlabel=unlabel
    )
    _answer(result, f"{name!r} is retired", as_json=as_json)


@app.command()
def unretire(
    name: NameArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Bring a retired or merged class back into use, without images."""
    opened = opening.existing(workspace)
    label = classes.get_class(opened, name)
    result = class_merges.unretire_class(opened, label.label_id, actor=Actor.of_process(opened))
    _answer(result, f"{label.name!r} is in use again", as_json=as_json)


def _only_preview(found: ClassPreview, notes: list[str], *, dry_run: bool, as_json: bool) -> bool:
    """Say what is about to happen; whether that was all that was asked for."""
    if as_json:
        if dry_run:
            output.answer(
                {
                    "label": found.label,
                    "num_images": found.num_images,
                    "by_split": found.by_split,
                    "num_augmented": found.num_augmented,
                    "runs": list(found.runs),
                    "notes": notes,
                }
            )
        return dry_run
    splits = ", ".join(f"{number:,} {name}" for name, number in found.by_split.items() if number)
    output.say(
        f"{found.label.name!r} has {found.num_images:,} images"
        + (f" ({splits.replace('none', 'not assigned')})" if splits else "")
        + (f" and {found.num_augmented:,} augmented copies" if found.num_augmented else "")
        + "."
    )
    for note in notes:
        output.say(note)
    if dry_run:
        output.say("Nothing was changed.")
    return dry_run


def _answer(result: ChangeResult, words: str, *, as_json: bool) -> None:
    if as_json:
        output.answer({"status": result.status, "revision_id": result.revision_id})
    elif result.revision_id is None:
        output.say("Nothing to change: it is so already.")
    else:
        output.say(f"{words} (revision {result.revision_id}).")
