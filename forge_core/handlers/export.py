"""The job of kind `export`: payload {"run_id", "kind"}; the file goes into the cache."""

from collections.abc import Mapping
from typing import Any

from forge_core import local_files
from forge_core.exports import checked_images, onnx_export, requests
from forge_core.jobs.context import JobContext
from forge_core.models.checkpoints import checkpoint
from forge_core.runs.files import checkpoints


def run(context: JobContext) -> Mapping[str, Any]:
    """Write a run's checkpoint as an ONNX file, compared with it on images of the catalog.

    Raises:
        Cancelled: The job shall end; nothing was written.
        ForgeError: What `export_onnx` refuses.
    """
    run_id, kind = int(context.job.payload["run_id"]), str(context.job.payload["kind"])
    path = checkpoints.checkpoint_path(context.workspace, run_id, kind)
    loaded = checkpoint.load_checkpoint(path)
    target = requests.kept_path(context.workspace, loaded.sha256)
    local_files.make_folder(target.parent)
    report = onnx_export.export_onnx(
        loaded,
        target,
        images=checked_images.of_catalog(context.workspace, loaded.card.eval_transform.grey_window),
        progress=context.progress(counts_images=False),
    )
    context.log(f"run {run_id} {kind} exported, {report.size_bytes} bytes")
    return {
        "checkpoint_sha256": report.checkpoint_sha256,
        "size_bytes": report.size_bytes,
        "num_images": report.agreement.num_images,
        "largest_difference": report.agreement.largest_difference,
    }
