"""Let a checkpoint answer under an alias, when nothing in the evidence speaks against it."""

from db.enums import RegistryAction
from db.run_records import RegistryEntry
from forge_core.errors import Conflict, InvalidInput
from forge_core.people.actor import Actor
from forge_core.predictions import evaluation_requests
from forge_core.progress import SILENT, Progress
from forge_core.registry import entries
from forge_core.registry.evidence import Evidence
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace


def promote(
    workspace: Workspace,
    evidence: Evidence,
    *,
    actor: Actor,
    reason: str = "",
    is_forced: bool = False,
) -> RegistryEntry:
    """Let the alias mean the candidate from now on, with the evidence.

    Args:
        workspace: The workspace.
        evidence: As `gather` gave it.
        actor: Who decides it.
        reason: Why; needed where it is forced.
        is_forced: Also though a check speaks against it.

    Raises:
        Conflict: A check speaks against it; or since it was checked the alias was changed, or
            the candidate.
        InvalidInput: It is forced without a reason.
        NotFound: The file is gone meanwhile.
        CheckpointRejected: The file is another one meanwhile.
    """
    if not evidence.passed:
        if not is_forced:
            raise Conflict(
                f"Run {evidence.candidate.run_id} is not promoted to {evidence.alias}. "
                + " ".join(evidence.failures),
                next_step="Promote it all the same with a reason, or choose another run.",
            )
        if not reason.strip():
            raise InvalidInput(
                "What speaks against it can be overruled, with a reason.",
                next_step="Say why it shall answer all the same.",
            )
    candidate = evidence.candidate
    checkpoints.checkpoint_path(workspace, candidate.run_id, candidate.kind)  # or it raises
    return entries.append(
        workspace,
        evidence.alias,
        RegistryAction.PROMOTE,
        candidate,
        expected=evidence.newest,
        actor=actor,
        reason=reason,
        evidence=evidence.to_dict(),
        is_forced=not evidence.passed,
    )


def evaluate_missing(
    workspace: Workspace,
    evidence: Evidence,
    *,
    actor: Actor,
    device: str = "auto",
    progress: Progress = SILENT,
) -> None:
    """Measure here and now what was not measured, and keep it; then gather the evidence again.

    Raises:
        NotFound: A checkpoint's file is gone.
        CheckpointRejected: A checkpoint does not answer here as it did when it was saved.
        InvalidInput: Nothing of the split can be measured, or the device does not exist.
        Cancelled: What was measured until then is kept.
    """
    from forge_core.predictions import evaluation

    for each in evidence.missing:
        evaluation.evaluate_and_keep(
            workspace,
            each.run_id,
            evidence.split,
            each.kind,
            device,
            actor=actor,
            revision_id=evidence.revision_id,
            progress=progress,
        )


def submit_missing(workspace: Workspace, evidence: Evidence, *, actor: Actor) -> None:
    """Queue the evaluations of what was not measured.

    Raises:
        NotFound: A checkpoint's file is gone.
        JobFailed: The background process cannot be started; the jobs stay queued.
    """
    for each in evidence.missing:
        evaluation_requests.submit_evaluation(
            workspace,
            each.run_id,
            split=evidence.split,
            actor=actor,
            kind=each.kind,
            revision_id=evidence.revision_id,
        )


def is_measuring(workspace: Workspace, evidence: Evidence) -> bool:
    """Whether an evaluation of what was not measured waits or runs."""
    with workspace.database.read() as uow:
        jobs = [
            evaluation_requests.find_evaluation_job(
                uow, each.run_id, evidence.split, each.kind, each.checkpoint_hash
            )
            for each in evidence.missing
        ]
    return any(job is not None and not job.status.is_finished() for job in jobs)
