"""`forge export RUN --onnx FILE` and its like: a network as files for other runtimes."""

from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forge_core.cli import opening, output
from forge_core.errors import InvalidInput

if TYPE_CHECKING:  # it imports torch
    from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint


@dataclass(frozen=True, kw_only=True)
class NetworkFiles:
    """What is asked for; None for what is not."""

    onnx: Path | None = None
    onnx_batch: Path | None = None
    int8: Path | None = None
    torch_export: Path | None = None
    hugging_face: Path | None = None

    def any_asked(self) -> bool:
        """Whether a network is to be exported, and not the catalog."""
        return any(path is not None for path in astuple(self))


def export_network(
    target: str, files: NetworkFiles, kind: str | None, folder: Path | None, *, as_json: bool
) -> None:
    """Write a checkpoint's network to the files that are asked for, each compared with it.

    Args:
        target: Number of a run, a checkpoint file, or what else `opening.checkpoint_of` knows.
        files: What to write.
        kind: best, calibrated or last, of a run; None for best.
        folder: Of the workspace.
        as_json: Answer with one document.

    Raises:
        CheckpointRejected: A file would answer otherwise than the checkpoint.
        InvalidInput: A file cannot be written.
    """
    from forge_core.models.checkpoints import checkpoint

    for name, path in (("--onnx-batch", files.onnx_batch), ("--int8", files.int8)):
        if files.onnx is None and path is not None:
            raise InvalidInput(
                f"{name} goes with --onnx.", next_step="Name a file for each of the two."
            )
    loaded = checkpoint.load_checkpoint(opening.checkpoint_of(target, folder, kind))
    answers: dict[str, object] = {name: path for name, path in asdict(files).items() if path}
    said: list[str] = []
    try:
        if files.onnx is not None:
            answers |= _write_onnx(loaded, files, folder, said, as_json=as_json)
        if files.torch_export is not None:
            _write_program(loaded, files.torch_export, said)
        if files.hugging_face is not None:
            _write_folder(loaded, files, said)
    except OSError as error:
        raise InvalidInput(
            f"{error.filename or 'A file'} cannot be written: {error.strerror or error}.",
            next_step="Name a file in a folder that can be written.",
        ) from error
    if as_json:
        output.answer(answers)
        return
    for words in said:
        output.say(words)


def _write_onnx(
    loaded: "LoadedCheckpoint",
    files: NetworkFiles,
    folder: Path | None,
    said: list[str],
    *,
    as_json: bool,
) -> dict[str, object]:
    from forge_core.exports import checked_images, int8_export, network_graph, onnx_export

    assert files.onnx is not None, "asked for"
    window = loaded.card.eval_transform.grey_window
    has_catalog = opening.chosen_settings(folder).workspace_folder.is_dir()
    images = (
        checked_images.of_catalog(opening.existing(folder), window)
        if has_catalog
        else checked_images.drawn(window)
    )
    measuring = (
        None if files.int8 is None else int8_export.find_images(opening.existing(folder), loaded)
    )
    with output.progress_bar("Exporting", as_json=as_json) as progress:
        network = network_graph.trace(loaded)
        report = onnx_export.export_onnx(
            loaded,
            files.onnx,
            images=images,
            batch_path=files.onnx_batch,
            network=network,
            progress=progress,
        )
    said.append(
        f"Wrote {files.onnx} ({output.size(report.size_bytes)}): pixels of any size in, "
        "probabilities out."
    )
    if files.onnx_batch is not None:
        said.append(f"Wrote {files.onnx_batch}: batches of images of one size in.")
    said.append(
        f"Same classes as the checkpoint on {report.agreement.num_images:,} images; logits differ "
        f"by at most {report.agreement.largest_difference:.1g} of the largest."
    )
    if files.int8 is None or measuring is None:
        return {"report": report}
    with output.progress_bar("Measuring 8 bits", as_json=as_json) as progress:
        cost = int8_export.export_int8(
            opening.existing(folder),
            loaded,
            network,
            files.onnx,
            files.int8,
            images=measuring,
            progress=progress,
        )
    said.append(f"Wrote {files.int8} ({output.size(files.int8.stat().st_size)}). {cost.words}")
    return {"report": report, "int8_report": cost}


def _write_program(loaded: "LoadedCheckpoint", path: Path, said: list[str]) -> None:
    from forge_core.exports import torch_program

    difference = torch_program.export_program(loaded, path)
    said.append(
        f"Wrote {path}: normalised inputs in; logits of the golden images differ by at most "
        f"{difference:.1g} of the largest."
    )


def _write_folder(loaded: "LoadedCheckpoint", files: NetworkFiles, said: list[str]) -> None:
    from forge_core.exports import hub_folder

    assert files.hugging_face is not None, "asked for"
    written = hub_folder.write_folder(loaded, files.hugging_face, onnx=files.onnx)
    said.append(f"Wrote {files.hugging_face}: {', '.join(written)}.")
