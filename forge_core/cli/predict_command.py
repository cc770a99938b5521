"""`forge predict`: a few image files on the screen, or very many into a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forge_core import local_files, settings
from forge_core.cli import opening, output
from forge_core.cli.model_commands import DeviceOption, KindOption, TargetArgument
from forge_core.cli.opening import WorkspaceOption
from forge_core.cli.output import JsonOption
from forge_core.errors import ForgeError, InvalidInput

if TYPE_CHECKING:
    from forge_core.imaging.decode import DecodeLimits
    from forge_core.inference.predictor import Predictor


def predict(
    target: TargetArgument,
    images: Annotated[
        list[Path],
        typer.Argument(
            help="Image files; with --out also one folder, one .zip, or one list of paths (.txt)."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Write a table, .csv or .parquet. Interrupted, the same goes on."),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="With --out: begin again, and replace what is there.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 5,
    kind: KindOption = None,
    device: DeviceOption = "auto",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Class probabilities of image files. Fails when no file could be read."""
    from forge_core.imaging.decode import DecodeLimits
    from forge_core.inference.predictor import Predictor

    limits = DecodeLimits.from_settings(settings.current())
    if out is None:
        many = next((each for each in images if each.is_dir() or each.suffix == ".zip"), None)
        if many is not None:
            raise InvalidInput(
                f"{many} holds many images.", next_step="Say where the table goes: --out FILE.csv"
            )
    elif not images:
        raise InvalidInput("Name a folder, a zip, a list, or image files.")
    path = opening.checkpoint_of(target, workspace, kind)
    predictor = Predictor.load(path, device)
    if out is None:
        _answer_few(path, predictor, images, top, limits, as_json=as_json)
    else:
        _answer_many(predictor, images, out, top, limits, anew=anew, as_json=as_json)


def _answer_many(
    predictor: "Predictor",
    images: list[Path],
    out: Path,
    top: int,
    limits: "DecodeLimits",
    *,
    anew: bool,
    as_json: bool,
) -> None:
    from forge_core.predictions.bulk import passes, sources

    source = sources.open_source(images)
    try:
        with output.progress_bar("Predicting", as_json=as_json) as progress:
            report = passes.predict_all(
                predictor, source, out, top_k=top, limits=limits, anew=anew, progress=progress
            )
    except KeyboardInterrupt:
        output.tell("Interrupted. What is done is kept; the same command goes on from there.")
        raise typer.Exit(130) from None
    finally:
        source.close()
    if as_json:
        output.answer({"out": out, "report": report})
    else:
        before = f" ({report.num_before:,} from before)" if report.num_before else ""
        output.say(f"{out}: {report.num_files:,} files{before}.")
        if report.num_failed:
            output.say(f"{report.num_failed:,} could not be read; the column error says why.")
    if report.num_failed == report.num_files:
        raise InvalidInput(
            f"None of {report.num_files:,} files could be predicted.",
            next_step="Look at the column error.",
        )


def _answer_few(
    path: Path,
    predictor: "Predictor",
    images: list[Path],
    top: int,
    limits: "DecodeLimits",
    *,
    as_json: bool,
) -> None:
    from forge_core.errors import ImageRejected
    from forge_core.inference.prediction import Prediction

    answers: list[tuple[Path, Prediction | ForgeError]] = []
    for image in images:
        try:
            answers.append((image, predictor.predict(_read(image, limits.max_bytes), top, limits)))
        except (ImageRejected, InvalidInput) as error:
            answers.append((image, error))
    if as_json:
        output.answer({"checkpoint": path, "predictions": [_as_json(*row) for row in answers]})
    else:
        for image, found in answers:
            _show(image, found)
    if not any(isinstance(found, Prediction) for _, found in answers):
        raise InvalidInput(
            f"None of {len(images)} files could be predicted.",
            next_step="Name files that are images.",
        )


def _read(path: Path, max_bytes: int) -> bytes:
    try:
        return local_files.read_plain(path, max_bytes)
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read: {error.strerror or type(error).__name__}."
        ) from error


def _as_json(path: Path, found: object) -> dict[str, object]:
    if isinstance(found, ForgeError):
        return {
            "file": path,
            "error": {"message": found.message, "next_step": found.next_step},
        }
    return {"file": path, **output.plain(found)}


def _show(path: Path, found: object) -> None:
    from forge_core.inference.prediction import Prediction

    if isinstance(found, ForgeError):
        output.tell(f"{path}: {found.message}")
    elif isinstance(found, Prediction):
        decided = f", {found.decision.words}" if found.decision else ""
        output.say(f"{path} ({output.latency(found.latency_ms)}{decided})")
        for entry in found.probabilities:
            output.say(f"  {output.percent(entry.probability):>8}  {entry.label_name}")
