"""Assembles the `forge` command; each command lives in the file of its subject."""

import errno
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from db.failures import DATABASE_UNAVAILABLE
from forge_core import storable_values
from forge_core.cli import (
    audit_commands,
    augment_commands,
    cache_command,
    calibrate_command,
    catalog_commands,
    class_commands,
    contested_command,
    demo_command,
    doctor_command,
    drift_command,
    duplicate_commands,
    embedding_commands,
    evaluate_command,
    greys_command,
    history_commands,
    image_issues_command,
    import_command,
    label_next_command,
    learning_curve_command,
    ledger_command,
    map_command,
    model_commands,
    notices_commands,
    operator_commands,
    opinion_commands,
    outliers_command,
    output,
    predict_command,
    queue_commands,
    registry_commands,
    report_command,
    runs_commands,
    scenes_command,
    serve_command,
    shortcuts_command,
    split_commands,
    storage_commands,
    train_command,
    web_command,
    weights_commands,
    work_commands,
)
from forge_core.errors import ForgeError, InvalidInput, JobFailed
from forge_core.models import allocator


class _ReadableErrors(TyperGroup):
    """Turns every foreseen failure into a message, a next step and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ForgeError as error:
            output.show_error(error)
            raise typer.Exit(1) from error
        except DATABASE_UNAVAILABLE as error:
            output.show_error(
                JobFailed(
                    "The database does not answer.",
                    next_step="Start it, or correct FORGE_DATABASE_URL; see `forge doctor`.",
                    detail=str(error.orig),
                )
            )
            raise typer.Exit(1) from error


class _CheckedArguments(TyperCommand):
    """Refuses arguments that are texts or numbers and cannot be stored; paths may be any bytes."""

    def invoke(self, ctx: Any) -> Any:
        for parameter in self.params:
            if parameter.name is not None:
                storable_values.check(ctx.params.get(parameter.name), parameter.opts[0])
        try:
            return super().invoke(ctx)
        except OSError as error:
            if isinstance(error, ForgeError) or error.errno != errno.ENAMETOOLONG:
                raise
            longest = max((len(part) for part in Path(str(error.filename)).parts), default=0)
            raise InvalidInput(
                f"A file or folder with a name of {longest:,} characters cannot be on this disk.",
                next_step="Check the path; most disks take names of up to 255 bytes.",
            ) from error


app = typer.Typer(
    cls=_ReadableErrors,
    help="Vision Forge: import, look, label, split, train, evaluate, predict, serve.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(web_command.web)
app.command()(catalog_commands.init)
app.command("import")(import_command.import_images)
app.command()(catalog_commands.export)
app.add_typer(class_commands.app, name="classes")
app.command()(split_commands.split)
app.command("split-rule")(split_commands.set_rule)
app.command()(split_commands.move)
app.command()(split_commands.leaks)
app.add_typer(duplicate_commands.app, name="duplicates")
app.command("contested")(contested_command.list_contested)
app.command()(work_commands.assign)
app.command("views")(work_commands.list_views)
app.command()(history_commands.history)
app.command()(history_commands.diff)
app.command()(history_commands.undo)
app.add_typer(augment_commands.app, name="augment")
app.command("label-next")(label_next_command.label_next)
app.command("learning-curve")(learning_curve_command.learning_curve)
app.command()(ledger_command.ledger)
app.command("image-issues")(image_issues_command.image_issues)
app.command()(greys_command.greys)
app.command()(train_command.train)
app.add_typer(runs_commands.app, name="runs")
app.add_typer(notices_commands.app, name="notices")
app.add_typer(weights_commands.app, name="weights")
app.command()(evaluate_command.evaluate)
app.command()(shortcuts_command.shortcuts)
app.command()(report_command.report)
app.command()(calibrate_command.calibrate)
app.command()(model_commands.score)
app.command()(embedding_commands.embed)
app.command("label-issues")(embedding_commands.judge)
app.command("similar")(embedding_commands.find_similar)
app.command("map")(map_command.draw_map)
app.command()(outliers_command.outliers)
app.command()(scenes_command.scenes)
app.add_typer(audit_commands.app, name="audit")
app.add_typer(queue_commands.app, name="queue")
app.add_typer(opinion_commands.app, name="opinions")
app.add_typer(registry_commands.app, name="registry")
app.command()(predict_command.predict)
app.command()(serve_command.serve)
app.command("serve-key")(serve_command.serve_key)
app.command()(drift_command.drift)
app.command()(storage_commands.verify)
app.command()(storage_commands.relink)
app.command()(cache_command.cache)
app.command()(storage_commands.backup)
app.command()(storage_commands.restore)
app.command(hidden=True)(operator_commands.worker)
operator_commands.db_app.command("copy")(storage_commands.copy_database)
app.add_typer(operator_commands.db_app, name="db")
app.command()(doctor_command.doctor)
app.command()(demo_command.demo)


def _check_arguments(of: typer.Typer) -> None:
    for command in of.registered_commands:
        command.cls = _CheckedArguments
    for group in of.registered_groups:
        if group.typer_instance is not None:
            _check_arguments(group.typer_instance)


_check_arguments(app)


def main() -> None:
    """Run the command; the console script comes here through `start`."""
    allocator.keep_freed_memory()
    app()


if __name__ == "__main__":
    main()
