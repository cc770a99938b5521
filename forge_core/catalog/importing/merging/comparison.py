"""What an import would bring to images that are there, said before it starts.

Bytes are hashed for a bounded time, no pixel is decoded, nothing is written. After that a file
counts as the image at whose place it would lie, if that has its size; what else was not looked at
is said. The import itself looks at all.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from db.enums import FindingOutcome
from db.records import Asset
from db.unit_of_work import UnitOfWork
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.merging import rules
from forge_core.catalog.importing.merging.rules import Claim, Finding, Known, Outcomes, Settled
from forge_core.catalog.importing.merging.settlement import claim_of_file, list_decided, values_of
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
    num_copies: int = 0
    """Files with the same bytes as another one of the import; they come in once."""
    num_unseen: int = 0
    """Files that there was no time to look at."""
    outcomes: Outcomes = field(default_factory=dict)
    """What would become of what it says of images that are there, by the plan's choice."""
    differences: list[Difference] = field(default_factory=list)
    """The first images of which it says something else than the catalog."""

    @property
    def num_new(self) -> int:
        """Files whose image is not there."""
        return self.num_files - self.num_here - self.num_copies - self.num_unseen

    @property
    def is_all_here(self) -> bool:
        """Whether it brings no image, as far as a look at names and sizes can say."""
        return 0 < self.num_files == self.num_here

    @property
    def is_changing(self) -> bool:
        """Whether images that are there would get something of it, or wait for a person."""
        changing = (FindingOutcome.TAKEN, FindingOutcome.ASKED, FindingOutcome.LEAK)
        return any(self.outcomes.get(outcome) for outcome in changing)

    @property
    def num_differing(self) -> int:
        """Values that differ from what is there, of all subjects."""
        settled = (FindingOutcome.TAKEN, FindingOutcome.DECIDED)
        differing = [s for o, s in self.outcomes.items() if o not in settled]
        return sum(number for subjects in differing for number in subjects.values())

    def sentences(self) -> list[str]:
        """All of it in words; nothing where no image is there and none comes twice."""
        sentences = []
        images = f"{self.num_files:,} image{'' if self.num_files == 1 else 's'}"
        if self.is_all_here:
            sentences.append(f"{images}, {'all ' if self.num_files > 1 else ''}here already.")
        elif self.num_here:
            more = f", {self.num_unseen:,} were not looked at yet" if self.num_unseen else ""
            new = self.num_new + self.num_copies
            known = f"{self.num_here:,} are here already, {new:,} are new{more}"
            sentences.append(f"{images}: {known}.")
        if self.num_copies:
            one = self.num_copies == 1
            sentences.append(
                f"{self.num_copies:,} {'file has' if one else 'files have'} the same bytes as "
                "another one here: such images come in once, with the label that any of them has."
            )
        return [*sentences, *rules.describe(self.outcomes, is_done=False)]


def compare(
    workspace: Workspace, plan: ImportPlan, *, max_seconds: float = MAX_SECONDS
) -> Comparison:
    """What the import of a plan would bring to images that are there.

    Copies of one image of the catalog are judged a few hundred files at a time, so that of copies
    that contradict each other some may be told as simple differences; the import tells them apart.

    Args:
        workspace: The workspace.
        plan: With the choice `merge`.
        max_seconds: For reading files; names and sizes are compared however long it takes.
    """
    comparing = _Comparing(workspace, plan)
    with workspace.database.read() as uow:
        if uow.assets.has_any():
            comparing.look(uow, until=time.monotonic() + max_seconds)
        else:
            comparing.look_at_copies(until=time.monotonic() + max_seconds / 3)
    comparing.settle_copies()
    return comparing.found


class _Comparing:
    """One comparison while it runs."""

    def __init__(self, workspace: Workspace, plan: ImportPlan) -> None:
        self.found = Comparison(num_files=plan.num_images)
        self._workspace = workspace
        self._plan = plan
        self._names: dict[str, str] = {}
        self._new: dict[str, list[Claim]] = {}

    def look(self, uow: UnitOfWork, *, until: float) -> None:
        """Compare all files with the catalog."""
        self._names = uow.labels.list_current_names()
        for files in _parts(self._plan.files):
            known = self._list_known(uow, files, until)
            decided = list_decided(uow, [asset for asset, _ in known], self._names)
            pairs = [
                (asset, self._settle(asset, claims, decided.get(asset.asset_id, frozenset())))
                for asset, claims in known
            ]
            self._count([settled for _, settled in pairs])
            differing = [
                Difference(asset=asset, findings=settled.findings)
                for asset, settled in pairs
                if any(
                    f.before is not None and f.outcome != FindingOutcome.DECIDED
                    for f in settled.findings
                )
                or settled.is_contested
            ]
            room = NUM_SHOWN - len(self.found.differences)
            self.found.differences += differing[:room]

    def look_at_copies(self, *, until: float) -> None:
        """Compare files of one size with each other, as long as there is time."""
        sizes = Counter(file.size_bytes for file in self._plan.files)
        for file in self._plan.files:
            if time.monotonic() > until:
                return
            if sizes[file.size_bytes] > 1 and (content_hash := _hash(self._plan, file)):
                self._new.setdefault(content_hash, []).append(claim_of_file(file))

    def settle_copies(self) -> None:
        """Judge the files that are not in the catalog and have the same bytes."""
        copies = [claims for claims in self._new.values() if len(claims) > 1]
        self.found.num_copies = sum(len(claims) - 1 for claims in copies)
        self._count([rules.settle_copies(self._renamed(claims)) for claims in copies])

    def _list_known(
        self, uow: UnitOfWork, files: Sequence[ScannedFile], until: float
    ) -> list[tuple[Asset, list[Claim]]]:
        """Images of the catalog with what these files say of them; counts the files."""
        plan, keys = self._plan, _keys(self._workspace, self._plan, files)
        by_path = {a.file_path: a for a in uow.assets.list_by_paths(list(keys.values()))}
        claims: dict[str, tuple[Asset, list[Claim]]] = {}
        hashes: dict[str, list[Claim]] = {}
        for file in files:
            there = by_path.get(keys.get(file.path, ""))
            if not plan.labels_only and time.monotonic() < until:
                if content_hash := _hash(plan, file):
                    hashes.setdefault(content_hash, []).append(claim_of_file(file))
            elif there is not None and (plan.labels_only or there.size_bytes == file.size_bytes):
                claims.setdefault(there.file_path, (there, []))[1].append(claim_of_file(file))
                self.found.num_here += 1
            else:
                self.found.num_unseen += 1
        here = set()
        for asset in uow.assets.list_by_hashes(list(hashes)):
            here.add(asset.content_hash)
            claims.setdefault(asset.file_path, (asset, []))[1].extend(hashes[asset.content_hash])
        self.found.num_here += sum(len(hashes[content_hash]) for content_hash in here)
        for content_hash in hashes.keys() - here:
            self._new.setdefault(content_hash, []).extend(hashes[content_hash])
        return list(claims.values())

    def _count(self, settled: Sequence[Settled]) -> None:
        for outcome, subjects in rules.count(settled).items():
            numbers = {(outcome, subject): n for subject, n in subjects.items()}
            self.found.outcomes = rules.add_up(self.found.outcomes, numbers)

    def _settle(self, asset: Asset, claims: Sequence[Claim], decided: Known) -> Settled:
        return rules.settle(
            values_of(asset),
            self._renamed(claims),
            self._plan.merge,
            decided=decided,
            unlock_held_out=self._plan.unlock_held_out,
        )

    def _renamed(self, claims: Sequence[Claim]) -> list[Claim]:
        """The claims with the names that merged classes have now."""
        return [
            claim._replace(label_name=self._names.get(claim.label_name or "", claim.label_name))
            for claim in claims
        ]


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


def _parts(files: Sequence[ScannedFile]) -> Iterator[Sequence[ScannedFile]]:
    for start in range(0, len(files), _FILES_AT_ONCE):
        yield files[start : start + _FILES_AT_ONCE]
