"""Audits of the catalog's labels: draw the images, and read what people found.

An audit asks nothing of its own: its images are a filter of the gallery, and what a person does
there is the answer. A label that is another one now was wrong, wherever it was corrected; one that
somebody decided to keep was right. A class that was merged is the one that took it over, and a
label that went with its retired class tells nothing.

Corrections that are made elsewhere, as in the queue of labels that look wrong, come sooner than
what is right is kept, so that the share can be too high until nothing waits any more: before that
it is provisional. The images are shown in an order by chance, so that what was answered so far is
a fair part of each stratum.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from db.enums import Answer, Question
from db.records import Asset, Label
from db.repositories.label_audits import DrawnImage, LabelAudit
from db.repositories.labels import follow_merges
from db.saved_records import ReviewDecision
from forge_core.catalog.listing import queues
from forge_core.errors import InvalidInput, NotFound
from forge_core.evaluation import label_audit
from forge_core.evaluation.label_audit import MAX_LOOKS, Look, Share, Stratum
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

RIGHT = (Answer.KEEP, Answer.ACCEPT, Answer.CHOOSE)
"""Decisions by which the label that is there is the right one."""


@dataclass(frozen=True, kw_only=True)
class ClassShare:
    """Of one class the share of its labels that are wrong."""

    label_id: int
    label_name: str
    result: Share


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """An audit as it stands."""

    audit: LabelAudit
    num_images: int
    """That the answer is about."""
    num_drawn: int
    num_waiting: int
    """Of the drawn ones those without an answer; ambiguous ones among them."""
    num_gone: int
    """Of the drawn ones those that tell nothing: removed, of other bytes, or of a retired class."""
    num_wrong: int
    overall: Share
    classes: list[ClassShare]
    """Those that are known first, the largest share first."""

    @property
    def is_provisional(self) -> bool:
        """Whether an answer is told while images still wait for theirs."""
        return self.num_waiting > 0 and self.overall.share is not None

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the gallery's address that show the images that wait."""
        return {**queues.QUEUES["audit"].query(), "audit": str(self.audit.audit_id)}


def start_audit(
    workspace: Workspace, *, actor: Actor, looks: int = MAX_LOOKS, seed: int | None = None
) -> AuditResult:
    """Draw the images of a new audit, in strata of how wrong their labels look.

    Args:
        workspace: The workspace.
        actor: Who asks.
        looks: Images at most, 10 to 200.
        seed: The same seed draws the same images from the same scores; by default any.

    Raises:
        InvalidInput: No label was judged as it is now, or the number of looks cannot be used.
    """
    if not label_audit.MIN_LOOKS <= looks <= MAX_LOOKS:
        raise InvalidInput(
            f"An audit has {label_audit.MIN_LOOKS} to {MAX_LOOKS} looks, {looks:,} were asked for."
        )
    with workspace.database.read() as uow:
        judged = uow.label_issues.list_all_now()
        revision_id = uow.revisions.latest_id()
        num_labelled = sum(
            row.num_images
            for row in uow.counts.list_all()
            if row.label_id is not None and not row.is_augmented
        )
    if not judged:
        raise InvalidInput(
            "No label has been judged as it is now, so no audit can be drawn.",
            next_step="Run `forge label-issues` first.",
        )
    scores = np.array([issue.score for issue in judged])
    chosen_seed = int(np.random.default_rng(seed).integers(2**31)) if seed is None else seed
    plan = label_audit.draw_audit(scores, looks=looks, seed=chosen_seed)
    images = [
        DrawnImage(
            asset_id=judged[place].asset_id,
            position=position,
            stratum=int(stratum),
            label_id=judged[place].label_id,
            content_hash=judged[place].content_hash,
        )
        for position, (place, stratum) in enumerate(
            zip(plan.chosen.tolist(), plan.stratum_of.tolist(), strict=True)
        )
    ]
    with workspace.database.write() as uow:
        audit_id = uow.label_audits.add(
            author=actor.checked().name,
            revision_id=revision_id,
            strata=[asdict(stratum) for stratum in plan.strata],
            num_left_out=max(0, num_labelled - len(judged)),
            images=images,
        )
    return find_result(workspace, audit_id)


def list_audits(workspace: Workspace) -> list[LabelAudit]:
    """Every audit, newest first."""
    with workspace.database.read() as uow:
        return uow.label_audits.list_all()


def find_result(workspace: Workspace, audit_id: int | None = None) -> AuditResult:
    """What an audit tells by now; by default the newest.

    Raises:
        NotFound: There is no such audit, or none at all.
    """
    with workspace.database.read() as uow:
        audits = uow.label_audits.list_all() if audit_id is None else []
        audit = uow.label_audits.find(audit_id) if audit_id else next(iter(audits), None)
        if audit is None:
            raise NotFound(
                "There is no audit yet." if audit_id is None else f"There is no audit {audit_id}.",
                next_step="Start one with `forge audit start`.",
            )
        images = uow.label_audits.list_images(audit.audit_id)
        ids = [image.asset_id for image in images]
        now = {asset.asset_id: asset for asset in uow.assets.list_by_ids(ids)}
        decided = uow.decisions.list_standing(Question.LABEL, ids)
        labels = {label.label_id: label for label in uow.labels.list_all()}
        merges = uow.labels.list_merges()
    images = [replace(image, label_id=follow_merges(merges, image.label_id)) for image in images]
    return _result(audit, images, now, decided, labels)


def _result(
    audit: LabelAudit,
    images: Sequence[DrawnImage],
    now: dict[uuid.UUID, Asset],
    decided: dict[uuid.UUID, ReviewDecision],
    labels: dict[int, Label],
) -> AuditResult:
    strata = [Stratum(**stratum) for stratum in audit.strata]
    looks: list[Look] = []
    num_gone = 0
    for image in images:
        asset = now.get(image.asset_id)
        if asset is None or asset.content_hash != image.content_hash or _went(asset, image, labels):
            num_gone += 1
            continue
        is_wrong = asset.label_id != image.label_id
        decision = decided.get(image.asset_id)
        if is_wrong or (decision is not None and decision.answer in RIGHT):
            looks.append(Look(stratum=image.stratum, class_id=image.label_id, is_wrong=is_wrong))
    classes = [
        ClassShare(
            label_id=label_id,
            label_name=labels[label_id].name,
            result=label_audit.estimate_class(strata, looks, label_id),
        )
        for label_id in sorted({image.label_id for image in images})
    ]
    classes.sort(key=lambda each: (each.result.share is None, -(each.result.share or 0.0)))
    return AuditResult(
        audit=audit,
        num_images=sum(stratum.num_images for stratum in strata),
        num_drawn=len(images),
        num_waiting=len(images) - num_gone - len(looks),
        num_gone=num_gone,
        num_wrong=sum(look.is_wrong for look in looks),
        overall=label_audit.estimate_all(strata, looks),
        classes=classes,
    )


def _went(asset: Asset, image: DrawnImage, labels: Mapping[int, Label]) -> bool:
    """Whether the label went with its class, which says nothing of whether it was right."""
    return asset.label_id is None and labels[image.label_id].is_retired
