"""The job of kind `export`: payload {"run_id", "kind", "in_int8"}; the file goes into the cache."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from forge_core import local_files
from forge_core.exports import (
    checked_images,
    int8_export,
    network_graph,
    onnx_export,
    requests,
)
from forge_core.jobs.context import JobContext
from forge_core.models.checkpoints import checkpoint
from forge_core.runs.files import checkpoints


def run(context: JobContext) -> Mapping[str, Any]:
    """Write a run's checkpoint as an ONNX file, compared with it on images of the catalog.

    Where it is asked for, also one in 8 bits, with what those cost measured.

    Raises:
        Cancelled: The job shall end; nothing was written.
        ForgeError: What `export_onnx` refuses.
    """
    run_id, kind = int(context.job.payload["run_id"]), str(context.job.payload["kind"])
    path = checkpoints.checkpoint_path(context.workspace, run_id, kind)
    loaded = checkpoint.load_checkpoint(path)
    target = requests.kept_path(context.workspace, loaded.sha256)
    local_files.make_folder(target.parent)
    in_int8 = bool(context.job.payload.get("in_int8"))
    images = int8_export.find_images(context.workspace, loaded) if in_int8 else None
    progress = context.progress(counts_images=False)
    progress.advance(0, 10, "Tracing the network")
    network = network_graph.trace(loaded)
    report = onnx_export.export_onnx(
        loaded,
        target,
        images=checked_images.of_catalog(context.workspace, loaded.card.eval_transform.grey_window),
        network=network,
        progress=progress.within(0.1, 0.6 if in_int8 else 1),
    )
    context.log(f"run {run_id} {kind} exported, {report.size_bytes} bytes")
    said = {}
    if images is not None:
        small = requests.kept_path(context.workspace, loaded.sha256, in_int8=True)
        cost = int8_export.export_int8(
            context.workspace,
            loaded,
            network,
            target,
            small,
            images=images,
            progress=progress.within(0.6, 1),
        )
        context.log(cost.words)
        said = {"int8": asdict(cost) | {"words": cost.words}}
    return {
        **said,
        "checkpoint_sha256": report.checkpoint_sha256,
        "size_bytes": report.size_bytes,
        "num_images": report.agreement.num_images,
        "largest_difference": report.agreement.largest_difference,
    }
