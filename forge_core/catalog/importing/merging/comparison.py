"""What an import would bring to images that are there, said before it starts.

Bytes are hashed for a bounded time, no pixel is decoded, nothing is written. After that a file
counts as the image at whose place it would lie, if that has its size; what else was not looked at
is said. The import itself looks at all.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from db.enums import FindingOutcome
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import class_merges
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.merging import rules
from forge_core.catalog.importing.merging.rules import Claim, Finding, Outcomes, Settled
from forge_core.catalog.importing.merging.settlement import claim_of_file, values_of
from forge_core.catalog.importing.placement import Placement, Placer
from forge_core.errors import ForgeError
from forge_core.imaging import hashing
from forge_core.workspace import Workspace

MAX_SECONDS = 3.0
NUM_SHOWN = 10
_FILES_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One image that is there, and what would become of what the import says of it."""

    asset: Asset
    findings: Sequence[Finding]


@dataclass(kw_only=True)
class Comparison:
    """How an import stands to the catalog."""

    num_files: int
    num_here: int = 0
    """Files whose image is there already."""
    num_unseen: int = 0
    """Files that there was no time to look at."""
    outcomes: Outcomes = field(default_factory=dict)
    """What would become of what it says of images that are there, by the plan's choice."""
    differences: list[Difference] = field(default_factory=list)
    """The first images of which it says something else than the catalog."""

    @property
    def num_new(self) -> int:
        """Files whose image is not there."""
        return self.num_files - self.num_here - self.num_unseen

    @property
    def num_differing(self) -> int:
        """Values that differ from what is there, of all subjects."""
        differing = [s for o, s in self.outcomes.items() if o != FindingOutcome.TAKEN]
        return sum(number for subjects in differing for number in subjects.values())

    def sentences(self) -> list[str]:
        """All of it in words; nothing where no image is there."""
        if not self.num_here:
            return []
        images = f"{self.num_files:,} image{'' if self.num_files == 1 else 's'}"
        if self.num_here == self.num_files:
            first = f"{images}, {'all ' if self.num_files > 1 else ''}here already."
        else:
            first = f"{images}: {self.num_here:,} are here already, {self.num_new:,} are new"
            more = f", {self.num_unseen:,} were not looked at yet" if self.num_unseen else ""
            first += f"{more}."
        return [first, *rules.describe(self.outcomes, is_done=False)]


def compare(
    workspace: Workspace, plan: ImportPlan, *, max_seconds: float = MAX_SECONDS
) -> Comparison:
    """What the import of a plan would bring to images that are there.

    Copies among the files are judged a few hundred files at a time, so that of many copies that
    contradict each other some may be told as simple differences; the import tells them apart.

    Args:
        workspace: The workspace.
        plan: With the choice `merge`.
        max_seconds: For reading files; names and sizes are compared however long it takes.
    """
    found = Comparison(num_files=plan.num_images)
    until = time.monotonic() + max_seconds
    with workspace.database.read() as uow:
        if not uow.assets.has_any():
            return found
        names = class_merges.list_current_names(uow)
        for files in _parts(plan.files):
            known = _list_known(uow, workspace, plan, files, found, until)
            pairs = [(asset, _settle(asset, claims, names, plan)) for asset, claims in known]
            for outcome, subjects in rules.count([s for _, s in pairs]).items():
                numbers = {(outcome, subject): n for subject, n in subjects.items()}
                found.outcomes = rules.add_up(found.outcomes, numbers)
            differing = [
                Difference(asset=asset, findings=settled.findings)
                for asset, settled in pairs
                if any(f.before is not None for f in settled.findings) or settled.is_contested
            ]
            found.differences += differing[: NUM_SHOWN - len(found.differences)]
    return found


def _list_known(
    uow: UnitOfWork,
    workspace: Workspace,
    plan: ImportPlan,
    files: Sequence[ScannedFile],
    found: Comparison,
    until: float,
) -> list[tuple[Asset, list[Claim]]]:
    """Images of the catalog with what these files say of them; counts the files."""
    keys = _keys(workspace, plan, files)
    by_path = {asset.file_path: asset for asset in uow.assets.list_by_paths(list(keys.values()))}
    claims: dict[str, tuple[Asset, list[Claim]]] = {}
    hashes: dict[str, list[ScannedFile]] = {}
    for file in files:
        there = by_path.get(keys.get(file.path, ""))
        if not plan.labels_only and time.monotonic() < until:
            if content_hash := _hash(plan, file):
                hashes.setdefault(content_hash, []).append(file)
        elif there is not None and (plan.labels_only or there.size_bytes == file.size_bytes):
            claims.setdefault(there.file_path, (there, []))[1].append(claim_of_file(file))
            found.num_here += 1
        else:
            found.num_unseen += 1
    here = set()
    for asset in uow.assets.list_by_hashes(list(hashes)):
        here.add(asset.content_hash)
        claims.setdefault(asset.file_path, (asset, []))[1].extend(
            claim_of_file(file) for file in hashes[asset.content_hash]
        )
    found.num_here += sum(len(hashes[content_hash]) for content_hash in here)
    return list(claims.values())


def _keys(workspace: Workspace, plan: ImportPlan, files: Sequence[ScannedFile]) -> dict[str, str]:
    """Where the files would lie in the catalog, by their paths."""
    if plan.labels_only:
        return {file.path: file.path for file in files}
    placer = Placer(workspace.store, plan, Placement.COPY)
    keys = {file.path: placer.key_of(file) for file in files}
    return {path: key for path, key in keys.items() if isinstance(key, str)}


def _hash(plan: ImportPlan, file: ScannedFile) -> str | None:
    try:
        with plan.scanned.locate(file).open("rb") as opened:
            return hashing.content_hash(opened.read(file.size_bytes + 1))
    except (OSError, ForgeError):
        return None  # the import tells why


def _settle(
    asset: Asset, claims: Sequence[Claim], names: dict[str, str], plan: ImportPlan
) -> Settled:
    renamed = [
        claim._replace(label_name=names.get(claim.label_name or "", claim.label_name))
        for claim in claims
    ]
    return rules.settle(values_of(asset), renamed, plan.merge, unlock_held_out=plan.unlock_held_out)


def _parts(files: Sequence[ScannedFile]) -> Iterator[Sequence[ScannedFile]]:
    for start in range(0, len(files), _FILES_AT_ONCE):
        yield files[start : start + _FILES_AT_ONCE]
