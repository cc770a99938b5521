"""`forge image-issues`."""

from typing import Annotated

import typer

from forge_core.cli import opening, output
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import InvalidInput
from forge_core.people.actor import Actor


def image_issues(
    line: Annotated[
        list[str] | None,
        typer.Option(help="Draw a line for everybody, such as blurred=20; may be repeated."),
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure/--no-measure", help="Measure new images first.")
    ] = True,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Dark, blurred, empty or odd pictures: how many lie beyond the line of each measure."""
    from forge_core.catalog.quality import image_issues as issues

    opened = opening.existing(workspace)
    for drawn in line or []:
        name, _, value = drawn.partition("=")
        try:
            number = float(value)
        except ValueError:
            raise InvalidInput(
                f"{drawn[:60]!r} draws no line.", next_step="Say it as blurred=20."
            ) from None
        issues.draw_line(opened, name, number, actor=Actor.of_process(opened))
    if measure:
        with output.progress_bar("Measuring", as_json=as_json) as progress:
            report = issues.measure_images(opened, progress=progress)
        if report.num_failed and not as_json:
            output.tell(f"{report.num_failed:,} images could not be read and are not measured.")
    states = issues.list_states(opened)
    if as_json:
        output.answer(
            [{"name": one.issue.name, "where": one.where, "state": one} for one in states]
        )
        return
    output.show_table(
        "",
        ["issue", "line", "drawn by", "beyond", "of", "--where"],
        [
            [
                one.issue.name,
                f"{'<' if one.issue.is_low else '>'} {one.line:.4g}",
                "a person" if one.is_drawn else "nobody yet",
                one.num_beyond,
                one.num_measured,
                f"measured={one.where['measured']}",
            ]
            for one in states
        ],
    )
