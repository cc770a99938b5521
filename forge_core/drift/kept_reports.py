"""Reports on drift: made, and kept for the page that shows the newest. Imports no torch.

They lie in the cache folder: the log is what lasts, and a report is made of it again.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from db.records import Job
from forge_core import local_files
from forge_core.drift import audits, judging, reference, traffic
from forge_core.drift.accuracy import Estimate
from forge_core.drift.class_mix import ClassShare
from forge_core.drift.judging import Day, DriftReport, StrangeImage, Verdict
from forge_core.drift.reference import FOLDER
from forge_core.drift.strangeness import Strangers
from forge_core.drift.two_sample import TwoSampleTest
from forge_core.errors import NotFound
from forge_core.jobs import kinds, queue
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.registry import aliases
from forge_core.workspace import Workspace

KIND = kinds.DRIFT.name
TRAFFIC_FOLDER = "traffic"
_FILE = "report.json"
_MAX_BYTES = 16 * 2**20


def standard_folder(workspace: Workspace) -> Path:
    """Where the log of traffic lies that is looked at where none is named."""
    return workspace.folder / TRAFFIC_FOLDER


def look(
    workspace: Workspace,
    folder: Path | None = None,
    *,
    alias: str = "",
    checkpoint: str | None = None,
    days: int | None = None,
    device: str = "auto",
    keep: bool = False,
    progress: Progress = SILENT,
) -> DriftReport:
    """Judge the traffic of a log; the report on the workspace's own log is kept for the page.

    Args:
        workspace: The workspace that trained the checkpoint.
        folder: Of the log; by default `traffic` in the workspace.
        alias: Look at what answers under it now.
        checkpoint: Hash, or the beginning of it; by default the one that answered last.
        days: Only the last so many days.
        device: auto, cpu or cuda:N, for the reference.
        keep: Also keep the report on a log that lies elsewhere, in the place of the one that the
            page shows.
        progress: Told the images of the reference that are done.

    Raises:
        NotFound: The log, the alias or the checkpoint is not there.
        CheckpointRejected: The checkpoint does not predict here as it did when it was saved.
        InvalidInput: There are too few validation and test images to compare with.
        Cancelled: Nothing was kept.
    """
    if alias:
        checkpoint = aliases.get_current(workspace, alias).checkpoint_hash
    seen = traffic.read(folder or standard_folder(workspace), checkpoint=checkpoint, days=days)
    known = reference.read(workspace, seen.checkpoint, device, progress)
    report = judging.judge(seen, known, audits.find(seen.folder, seen.checkpoint.sha256))
    if keep or is_own(workspace, folder):
        _keep(workspace, report)
    return report


def is_own(workspace: Workspace, folder: Path | None) -> bool:
    """Whether a log is the workspace's own, which the page Drift tells of."""
    return folder is None or folder.resolve() == standard_folder(workspace).resolve()


def _keep(workspace: Workspace, report: DriftReport) -> None:
    target = workspace.cache_folder / FOLDER
    local_files.make_folder(target)
    local_files.replace(target / _FILE, json.dumps(asdict(report), ensure_ascii=False).encode())


def draw_audit(
    workspace: Workspace, report: DriftReport, *, days: int | None = None
) -> audits.Audit:
    """Draw an audit of the answers that a report is of, in the place of an earlier one.

    Raises:
        NotFound: The log is gone.
        InvalidInput: There are too few answers.
        StorageUnavailable: The folder of the log cannot be written to.
    """
    seen = traffic.read(Path(report.folder), checkpoint=report.checkpoint_sha256, days=days)
    known = reference.read(workspace, seen.checkpoint)
    confidence = judging.calibrated(seen.probabilities, known)[0].max(axis=1)
    return audits.draw(seen, confidence)


def find(workspace: Workspace) -> DriftReport | None:
    """The newest report; None where there is none, or one of another version."""
    try:
        data = local_files.read_plain(workspace.cache_folder / FOLDER / _FILE, _MAX_BYTES)
        return _read(json.loads(data))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def submit(workspace: Workspace, *, actor: Actor, days: int | None = None) -> Job:
    """Look in the background; `find` gives the report.

    Raises:
        NotFound: There is no log in the workspace.
        JobFailed: The background process cannot be started; the job stays queued.
    """
    folder = standard_folder(workspace)
    if not folder.is_dir():
        raise NotFound(
            f"There is no log of traffic in {folder}.",
            next_step="Start the service with --traffic-log and this folder.",
        )
    return queue.submit(workspace, KIND, "Look at the traffic", {"days": days}, actor=actor)


def find_job(workspace: Workspace) -> Job | None:
    """The newest job that looks, in whatever state, or None."""
    return queue.find_latest_job(workspace, KIND)


def _read(values: Mapping[str, Any]) -> DriftReport:
    def maybe(name: str, kind: Any) -> Any:
        return None if values[name] is None else kind(**values[name])

    days = [
        Day(
            **{
                **day,
                "estimate": Estimate(**day["estimate"]),
                "test": None if day["test"] is None else TwoSampleTest(**day["test"]),
            }
        )
        for day in values["days"]
    ]
    return DriftReport(
        **{
            **values,
            "verdict": Verdict(values["verdict"]),
            "unlabelled": maybe("unlabelled", Estimate),
            "audited": maybe("audited", Estimate),
            "test": maybe("test", TwoSampleTest),
            "strangers": maybe("strangers", Strangers),
            "mix": tuple(ClassShare(**each) for each in values["mix"]),
            "days": tuple(days),
            "strangest": tuple(StrangeImage(**each) for each in values["strangest"]),
            "notes": tuple(values["notes"]),
        }
    )
