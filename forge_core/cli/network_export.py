"""`forge export RUN --onnx FILE` and its like: a network as files for other runtimes."""

from dataclasses import dataclass
from pathlib import Path

from forge_core.cli import opening, output
from forge_core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class NetworkFiles:
    """What is asked for; None for what is not."""

    onnx: Path | None = None
    onnx_batch: Path | None = None

    def any_asked(self) -> bool:
        """Whether a network is to be exported, and not the catalog."""
        return any(path is not None for path in (self.onnx, self.onnx_batch))


def export_network(
    target: str, files: NetworkFiles, kind: str | None, folder: Path | None, *, as_json: bool
) -> None:
    """Write a checkpoint's network to the files that are asked for, each compared with it.

    Args:
        target: Number of a run, a checkpoint file, or what else `opening.checkpoint_of` knows.
        files: What to write.
        kind: best or last, of a run; None for best.
        folder: Of the workspace.
        as_json: Answer with one document.

    Raises:
        CheckpointRejected: A file would answer otherwise than the checkpoint.
        InvalidInput: A file cannot be written.
    """
    from forge_core.exports import checked_images, onnx_export
    from forge_core.models.checkpoints import checkpoint

    if files.onnx is None:
        raise InvalidInput(
            "--onnx-batch goes with --onnx.", next_step="Name a file for each of the two."
        )
    loaded = checkpoint.load_checkpoint(opening.checkpoint_of(target, folder, kind))
    window = loaded.card.eval_transform.grey_window
    has_catalog = opening.chosen_settings(folder).workspace_folder.is_dir()
    images = (
        checked_images.of_catalog(opening.existing(folder), window)
        if has_catalog
        else checked_images.drawn(window)
    )
    try:
        with output.progress_bar("Exporting", as_json=as_json) as progress:
            report = onnx_export.export_onnx(
                loaded, files.onnx, images=images, batch_path=files.onnx_batch, progress=progress
            )
    except OSError as error:
        raise InvalidInput(
            f"{files.onnx} cannot be written: {error.strerror or error}.",
            next_step="Name a file in a folder that can be written.",
        ) from error
    if as_json:
        output.answer({"onnx": files.onnx, "onnx_batch": files.onnx_batch, "report": report})
        return
    output.say(
        f"Wrote {files.onnx} ({output.size(report.size_bytes)}): pixels of any size in, "
        "probabilities out."
    )
    if files.onnx_batch is not None:
        output.say(f"Wrote {files.onnx_batch}: batches of images of one size in.")
    output.say(
        f"Same classes as the checkpoint on {report.agreement.num_images:,} images; logits differ "
        f"by at most {report.agreement.largest_difference:.1g} of the largest."
    )
