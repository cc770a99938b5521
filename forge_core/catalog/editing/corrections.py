"""Take one image with its right label into the catalog: what a person corrects is learned from.

An image about which the network was wrong came in because it was hard: it goes into train, whatever
the standing rule says of new images, unless a person asks for the rule.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from db.enums import Answer, Question, RevisionKind, Split
from db.records import Asset
from forge_core.catalog.editing import decisions, label_edits
from forge_core.catalog.importing import run_import
from forge_core.catalog.importing.uploads import upload_plan
from forge_core.catalog.revisions import history, journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.catalog.splits import chosen_images, split_rule
from forge_core.errors import ImageRejected, InvalidInput, NotFound
from forge_core.imaging import decode, hashing
from forge_core.imaging.decode import DecodeLimits
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

SOURCE = chosen_images.CORRECTED_SOURCE
SUFFIX_BY_MIME = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/x-icon": ".ico",
    "image/heic": ".heic",
    "image/tiff": ".tiff",
    "image/avif": ".avif",
    "image/x-portable-anymap": ".ppm",
}
"""File name ending for each media type that `imaging.formats` reads."""
_STEM_CHARACTERS = 40


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What a correction did."""

    asset: Asset
    """The image as it is in the catalog now."""
    was_known: bool
    """It was in the catalog before; only its label may have changed."""
    previous_label: str | None
    """Its label before, where it was known."""
    revision_ids: tuple[int, ...] = ()
    """What changed the catalog, oldest first; none where all was so already."""
    answer_id: str | None = None
    """Operation of the answer that was remembered; None where none was."""


def correct(
    workspace: Workspace,
    data: bytes,
    label_id: int,
    *,
    name: str,
    actor: Actor,
    was_wrong: bool = True,
    asks_rule: bool = False,
) -> Correction:
    """Give an image its label, adding it to the catalog where that does not have it yet.

    An image of the same bytes keeps its place and its split. A new one goes into train; where the
    network was right about it, or with `asks_rule`, into the split that the standing rule draws,
    if it draws one. Idempotent: a second call changes nothing.

    Args:
        workspace: The workspace.
        data: Bytes of the image file.
        label_id: The right class.
        name: File name that it came with; only its stem is used.
        actor: Who says so.
        was_wrong: Whether the network said otherwise: then the image is remembered as corrected.
        asks_rule: Let the standing rule choose the split also where the network was wrong. What is
            measured with the image is then marked as biased.

    Raises:
        ImageRejected: The bytes are not an image that can be read.
        NotFound: There is no such class.
        InvalidInput: The actor is asked about this image blind.
    """
    limits = DecodeLimits.from_settings(workspace.image_settings)
    decoded = decode.decode_image(data, limits=limits)
    content_hash = hashing.content_hash(data)
    with workspace.database.read() as uow:
        if uow.labels.find(label_id) is None:
            raise NotFound(
                f"There is no class with the number {label_id}.",
                next_step="Reload the page; the class may have been removed.",
            )
    known = _find(workspace, content_hash)
    if known is not None:
        _check_asked(workspace, known, actor)
    revisions: list[int | None] = []
    if known is None:
        file_name = _safe_name(name, content_hash, decoded.mime)
        plan = upload_plan.prepare_files(workspace, [(file_name, data)], source_dataset=SOURCE)
        split = Split.TRAIN
        if asks_rule or not was_wrong:
            split = split_rule.find(workspace).split_of(content_hash) or Split.TRAIN
        plan = upload_plan.put_into(plan, split)
        report = run_import.run_import(workspace, plan, actor=actor)
        revisions.append(report.revision_id)
        asset = _find(workspace, content_hash)
        if asset is None:
            problem = report.skipped[0].message if report.skipped else "It was left out."
            raise ImageRejected(problem, reason="unreadable")
    else:
        asset = known
    words = "corrected on Predict" if was_wrong else "confirmed on Predict"
    common: dict[str, Any] = {"actor": actor, "message": words}
    changed = label_edits.relabel(workspace, [asset.asset_id], label_id, **common)
    revisions.append(changed.revision_id)
    answer_id = _remember(workspace, asset, actor) if was_wrong else None
    return Correction(
        asset=_find(workspace, content_hash) or asset,
        was_known=known is not None,
        previous_label=known.label_name if known else None,
        revision_ids=tuple(each for each in revisions if each is not None),
        answer_id=answer_id,
    )


def _check_asked(workspace: Workspace, asset: Asset, actor: Actor) -> None:
    """Nothing is done to an image of a blind question: what was done would tell its label."""
    with workspace.database.read() as uow:
        if uow.opinion_requests.list_open(actor.name, [asset.asset_id]):
            raise InvalidInput(
                journal.ASKED_BLIND, next_step="It waits in “Second opinions” on Review."
            )


def undo(workspace: Workspace, correction: Correction, *, actor: Actor) -> bool:
    """Take a correction back: the image is as before, or not in the catalog.

    Returns:
        Whether all of it could be taken back; what was changed again since stays.
    """
    is_whole = True
    for revision_id in reversed(correction.revision_ids):
        result = history.undo(workspace, revision_id, actor=actor)
        is_whole = is_whole and not result.conflicts
    if correction.answer_id is not None:
        operation = Operation.of(RevisionKind.UNDO, actor=actor)
        with workspace.database.write() as uow:
            uow.decisions.revert(correction.answer_id, operation.operation_id)
    return is_whole


def _remember(workspace: Workspace, asset: Asset, actor: Actor) -> str | None:
    """That the network was wrong about it: it waits in the queue of corrected predictions."""
    operation = Operation.of(RevisionKind.RELABEL, actor=actor)
    with workspace.database.write() as uow:
        if uow.decisions.list_standing(Question.PREDICTION, [asset.asset_id]):
            return None
        decisions.remember(uow, operation, [asset.asset_id], Answer.CORRECT, Question.PREDICTION)
    return operation.operation_id


def _find(workspace: Workspace, content_hash: str) -> Asset | None:
    with workspace.database.read() as uow:
        return next(iter(uow.assets.list_by_hashes([content_hash])), None)


def _safe_name(name: str, content_hash: str, mime: str) -> str:
    """A file name of letters and digits that no other image has."""
    stem = "".join(c if c.isascii() and c.isalnum() else "_" for c in PurePath(name).stem)
    return (
        f"{stem[:_STEM_CHARACTERS].strip('_') or 'image'}-{content_hash[:12]}{SUFFIX_BY_MIME[mime]}"
    )
