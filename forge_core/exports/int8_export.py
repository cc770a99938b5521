"""A checkpoint as an ONNX file of 8-bit whole numbers, with what that costs measured.

It is smaller and faster, and answers otherwise: so it is no other form of the same file, and is
only written where the images that the run was validated on can say how much worse it is.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from PIL import Image

from db.enums import Split
from db.records import AssetAsOf
from forge_core.catalog.revisions.as_of import AssetsAsOf
from forge_core.errors import InvalidInput, NotFound
from forge_core.evaluation import pairing
from forge_core.evaluation.pairing import PairedDifference
from forge_core.exports import onnx_export, whole_numbers
from forge_core.imaging import decode
from forge_core.inference import onnx_network
from forge_core.inference.onnx_network import GoldenFiles, OnnxNetwork
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.models.checkpoints.decision_rule import Decision
from forge_core.predictions import image_batches, measured_images
from forge_core.progress import SILENT, Progress
from forge_core.runs import records
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace

MOST_MEASURED = 1_000
"""Validation images that both files answer."""


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """The images that tell the ranges, and those that tell what 8 bits cost."""

    calibration: Sequence[AssetAsOf]
    """Of train, where there is any."""
    validation: Sequence[AssetAsOf]
    """Of classes that the network knows."""


@dataclass(frozen=True, kw_only=True)
class Int8Report:
    """How the file answers beside the one in floating point."""

    num_calibration: int
    num_images: int
    """Validation images that both answered."""
    num_both: int
    """Right in both."""
    num_only_float: int
    """Right only in floating point."""
    num_only_int8: int
    num_other_decisions: int | None
    """Images that are accepted by one and not by the other, or judged otherwise; None without a
    rule."""
    num_accepted: int | None
    """By the file in 8 bits."""
    num_accepted_wrong: int | None

    @property
    def difference(self) -> PairedDifference:
        """Accuracy of 8 bits less that of floating point, on the same images."""
        return PairedDifference(
            num_images=self.num_images,
            num_both=self.num_both,
            num_only_first=self.num_only_float,
            num_only_second=self.num_only_int8,
        )

    @property
    def words(self) -> str:
        """What it costs, a sentence or two."""
        right_float = (self.num_both + self.num_only_float) / self.num_images
        right = (self.num_both + self.num_only_int8) / self.num_images
        low, high = self.difference.interval
        sentence = (
            f"In 8 bits {100 * right:.1f} % of {self.num_images:,} validation images are right, "
            f"{100 * right_float:.1f} % in floating point: {100 * (right - right_float):+.1f} "
            f"points (95 %: {100 * low:+.1f} to {100 * high:+.1f})."
        )
        if self.num_accepted is None:
            return sentence
        are = "is" if self.num_other_decisions == 1 else "are"
        return (
            f"{sentence} It accepts {self.num_accepted:,} of them, {self.num_accepted_wrong:,} "
            f"wrongly; {self.num_other_decisions:,} {are} judged otherwise than before."
        )


def find_images(workspace: Workspace, loaded: LoadedCheckpoint) -> Measuring:
    """The images by which the loss of 8 bits can be measured.

    Raises:
        InvalidInput: The workspace does not know the checkpoint, or its run has no validation
            image, so that it cannot be measured.
    """
    card = loaded.card
    run_id = card.run_id
    recorded = checkpoints.list_recorded(workspace, run_id) if isinstance(run_id, int) else []
    hashes = [each.content_hash for each in recorded]
    if not isinstance(run_id, int) or loaded.sha256 not in hashes:
        raise _unmeasurable("the workspace does not know the run of this checkpoint")
    try:
        revision_id = records.get_run(workspace, run_id).revision_id
    except NotFound as error:
        raise _unmeasurable("its run is gone") from error
    numbers = np.asarray(card.label_ids)

    def known(split: Split) -> AssetsAsOf:
        found = measured_images.read(workspace, revision_id, split).assets
        return found.where(np.isin(found.columns.label_ids, numbers))

    validation = _spread(known(Split.VAL), MOST_MEASURED)
    if not validation:
        raise _unmeasurable(f"run {run_id} has no labelled validation image")
    return Measuring(
        calibration=_spread(known(Split.TRAIN), whole_numbers.NUM_CALIBRATION)
        or validation[: whole_numbers.NUM_CALIBRATION],
        validation=validation,
    )


def export_int8(
    workspace: Workspace,
    loaded: LoadedCheckpoint,
    network: onnx.ModelProto,
    float_path: Path,
    path: Path,
    *,
    images: Measuring,
    progress: Progress = SILENT,
) -> Int8Report:
    """Write the file in 8 bits; its metadata say what that costs.

    Its golden predictions are its own, on the golden images of the checkpoint: so a service proves
    that it computes as it did here.

    Args:
        workspace: Where the images are.
        loaded: The checkpoint.
        network: Its traced network.
        float_path: The exported file in floating point, in the form for single images.
        path: File to write.
        images: From `find_images`.
        progress: Told the images.

    Raises:
        InvalidInput: onnxruntime cannot quantise the network, or no image can be read. Nothing was
            written.
        DiskFull: There is no room.
        OSError: It cannot be written.
    """
    progress.advance(0, 1, "Finding the ranges of 8 bits")
    small = whole_numbers.quantise(network, _inputs(workspace, loaded, images.calibration))
    before = OnnxNetwork(float_path)
    with onnx_export.placed(path) as written:
        proof = onnx_export.golden_files(loaded)
        onnx_export.write(small, written, loaded, proof, onnx_network.PIXELS_FORM)
        after = OnnxNetwork(written)
        report = _measure(workspace, before, after, loaded, images, progress)
        proof = GoldenFiles(proof.images, _logits(after, proof))
        said = json.dumps(asdict(report) | {"words": report.words})
        onnx_export.write(
            small, written, loaded, proof, onnx_network.PIXELS_FORM, {onnx_network.INT8_KEY: said}
        )
    return report


def _spread(assets: AssetsAsOf, most: int) -> list[AssetAsOf]:
    """At most so many, evenly among all."""
    count = min(most, len(assets))
    return [assets[place * len(assets) // count] for place in range(count)]


def _inputs(
    workspace: Workspace, loaded: LoadedCheckpoint, assets: Sequence[AssetAsOf]
) -> Iterator[NDArray[np.float32]]:
    transform = loaded.card.eval_transform
    for batch in image_batches.read_batches(
        workspace, image_batches.in_batches(assets), transform, grey_window=transform.grey_window
    ):
        if batch.usable:
            yield np.stack([inputs.numpy() for _, inputs in batch.usable])


def _measure(
    workspace: Workspace,
    before: OnnxNetwork,
    after: OnnxNetwork,
    loaded: LoadedCheckpoint,
    images: Measuring,
    progress: Progress,
) -> Int8Report:
    places = {label_id: place for place, label_id in enumerate(loaded.card.label_ids)}
    right: list[tuple[bool, bool]] = []
    decisions: list[tuple[Decision | None, Decision | None]] = []
    for asset, image in _readable(workspace, loaded, images.validation):
        progress.check()
        first, second = before.run(image), after.run(image)
        assert asset.label_id is not None, "only labelled images are measured"
        truth = places[asset.label_id]
        right.append((first.logits.argmax() == truth, second.logits.argmax() == truth))
        decisions.append((first.decision, second.decision))
        progress.advance(len(right), len(images.validation), "Measuring what 8 bits cost")
    if not right:
        raise _unmeasurable("no validation image can be read")
    of_float, of_int8 = np.array(right).T
    paired = pairing.compare_paired(of_float, of_int8)
    accepted = np.array([said == Decision.ACCEPTED for _, said in decisions])
    has_rule = loaded.card.decision_rule is not None
    return Int8Report(
        num_calibration=len(images.calibration),
        num_images=paired.num_images,
        num_both=paired.num_both,
        num_only_float=paired.num_only_first,
        num_only_int8=paired.num_only_second,
        num_other_decisions=sum(one != other for one, other in decisions) if has_rule else None,
        num_accepted=int(accepted.sum()) if has_rule else None,
        num_accepted_wrong=int((accepted & ~of_int8).sum()) if has_rule else None,
    )


def _readable(
    workspace: Workspace, loaded: LoadedCheckpoint, assets: Sequence[AssetAsOf]
) -> Iterator[tuple[AssetAsOf, Image.Image]]:
    window = loaded.card.eval_transform.grey_window
    batches = image_batches.in_batches(assets)
    for batch in image_batches.read_batches(workspace, batches, lambda it: it, grey_window=window):
        yield from batch.usable


def _logits(network: OnnxNetwork, proof: GoldenFiles) -> NDArray[np.float32]:
    limits = decode.DEFAULT_LIMITS.with_window(network.grey_window)
    images = [decode.decode_image(data, limits=limits).image for data in proof.images]
    return np.stack([network.run(image).logits for image in images])


def _unmeasurable(why: str) -> InvalidInput:
    return InvalidInput(
        f"What 8 bits cost cannot be measured: {why}. No such file was written.",
        next_step="Export it in the workspace that trained it, or without --int8.",
    )
