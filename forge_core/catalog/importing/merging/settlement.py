"""Brings what an import says of images that are there into its revision.

Works inside the writing transaction of an import, some thousand images at a time, on what the
spool holds; `rules` decides, this reads and writes.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from db.enums import FindingOutcome, FindingSubject, ReviewState
from db.records import Asset, ImportFinding, Label
from db.unit_of_work import UnitOfWork
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_plan import clean_source
from forge_core.catalog.importing.import_problems import ImportProblem, printable
from forge_core.catalog.importing.merging import rules
from forge_core.catalog.importing.merging.import_revision import ImportRevision
from forge_core.catalog.importing.merging.rules import Claim, Known, Merge, Settled, Values
from forge_core.catalog.importing.spool import ImportSpool, SpooledFile, SpooledFinding, Target

MAX_TOLD = 10_000
"""So many differences are told one by one; all are counted, and kept with the revision."""


class Settlement:
    """Settles the claims of one import and counts what became of them.

    Args:
        uow: The writing transaction, which holds the catalog's lock.
        spool: What the import found.
        merge: For what differs.
        is_merge_chosen: Whether a person chose that.
        unlock_held_out: Whether images may leave held_out.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        spool: ImportSpool,
        *,
        merge: Merge,
        is_merge_chosen: bool = False,
        unlock_held_out: bool = False,
    ) -> None:
        self._uow = uow
        self._spool = spool
        self._merge = merge
        self._is_merge_chosen = is_merge_chosen
        self._unlock_held_out = unlock_held_out
        self._current_names = uow.labels.list_current_names()
        self.outcomes: dict[str, dict[str, int]] = {}
        self.problems: list[ImportProblem] = []
        self.num_updated = 0
        self.num_decided = 0

    def settle_new(self) -> None:
        """Decide what new images get from the copies that were found of them."""
        for claimed in self._spool.claimed():
            hashes = [target.name for target in claimed if not target.by_path]
            firsts = self._spool.list_by_hash(hashes)
            changed = []
            for content_hash, first in firsts.items():
                copies = claimed[Target(False, content_hash)]
                claims = [self._renamed(claim) for claim in (claim_of(first), *copies)]
                settled = rules.settle_copies(claims)
                changed.append(_settled_file(first, settled))
                self._spool.add_findings(
                    [SpooledFinding(content_hash, *finding) for finding in settled.findings]
                )
                self._count([settled])
                told = {finding.path for finding in settled.findings}
                self._tell(settled, first.path)
                self.problems += [
                    _same_bytes(copy.path, first.path) for copy in copies if copy.path not in told
                ]
            self._spool.update(changed)

    def write_known(self, revision: ImportRevision) -> None:
        """Change the images of the catalog that files speak of, as part of the revision.

        What is said of images that stay as they are is kept as well, if there is a revision.
        """
        for claimed in self._spool.claimed():
            pairs: list[tuple[Asset, Settled]] = []
            known = self._list_known(claimed)
            decided = list_decided(self._uow, [a for a, _ in known], self._current_names)
            for asset, claims in known:
                settled = rules.settle(
                    values_of(asset),
                    [self._renamed(claim) for claim in claims],
                    self._merge,
                    decided=decided.get(asset.asset_id, frozenset()),
                    is_chosen=self._is_merge_chosen,
                    unlock_held_out=self._unlock_held_out,
                )
                if settled.findings:
                    pairs.append((asset, settled))
            self._count([settled for _, settled in pairs])
            pairs = [
                (asset, _without(settled, decided.get(asset.asset_id, frozenset())))
                for asset, settled in pairs
            ]
            for asset, settled in pairs:
                self._tell(settled, asset.file_path)
                outcomes = [finding.outcome for finding in settled.findings]
                self.num_decided += outcomes.count(FindingOutcome.DECIDED)
            self._spool.add_findings(
                [
                    SpooledFinding(f"{_KNOWN}{asset.asset_id.hex}", *finding)
                    for asset, settled in pairs
                    if not _changes(asset, settled)
                    for finding in settled.findings
                ]
            )
            pairs = [pair for pair in pairs if _changes(*pair)]
            if not pairs:
                continue
            revision_id = revision.begin()
            names = sorted({s.values.label for _, s in pairs if s.values.label})
            labels = revision.take_in(names)
            self._uow.findings.record_changes(
                revision_id, [(asset, _settled_asset(asset, s, labels)) for asset, s in pairs]
            )
            revision.keep_findings([finding for pair in pairs for finding in _findings(*pair)])
            self.num_updated += len(pairs)
        if self.num_updated:
            self._uow.findings.apply(revision.begin())
        if self.num_decided:  # a choice is kept even where it changed no image
            revision.begin()
        if revision.revision_id is not None:
            for findings in self._spool.findings_of(_KNOWN):
                revision.keep_findings(
                    [
                        spooled_finding(one, uuid.UUID(one.content_hash.removeprefix(_KNOWN)))
                        for one in findings
                    ]
                )

    def _list_known(self, claimed: Mapping[Target, list[Claim]]) -> list[tuple[Asset, list[Claim]]]:
        assets = self._uow.assets
        by_hash = {t.name: claims for t, claims in claimed.items() if not t.by_path}
        new = self._spool.list_by_hash(list(by_hash))
        by_path = {t.name: claims for t, claims in claimed.items() if t.by_path}
        found: dict[str, tuple[Asset, list[Claim]]] = {}
        for asset in assets.list_by_hashes([name for name in by_hash if name not in new]):
            found[asset.file_path] = (asset, by_hash[asset.content_hash])
        for asset in assets.list_by_paths(list(by_path)):
            earlier = found.get(asset.file_path, (asset, []))[1]
            found[asset.file_path] = (asset, [*earlier, *by_path[asset.file_path]])
        return list(found.values())

    def _renamed(self, claim: Claim) -> Claim:
        if claim.label_name in self._current_names:
            return claim._replace(label_name=self._current_names[claim.label_name])
        return claim

    def _count(self, settled: Sequence[Settled]) -> None:
        for outcome, subjects in rules.count(settled).items():
            numbers = {(outcome, subject): number for subject, number in subjects.items()}
            self.outcomes = rules.add_up(self.outcomes, numbers)

    def _tell(self, settled: Settled, there: str) -> None:
        told = rules.tell(settled.findings, there)
        self.problems += told[: max(0, MAX_TOLD - len(self.problems))]


def list_decided(
    uow: UnitOfWork, assets: Sequence[Asset], current_names: Mapping[str, str]
) -> dict[uuid.UUID, Known]:
    """What was decided against before, by asset; classes by the names they have now."""
    found = uow.findings.list_decided([asset.asset_id for asset in assets])
    return {
        asset_id: {(subject, current_names.get(said, said)) for subject, said in known}
        for asset_id, known in found.items()
    }


def spooled_finding(found: SpooledFinding, asset_id: uuid.UUID) -> ImportFinding:
    """A finding that waited, once its asset is known."""
    return ImportFinding(
        asset_id=asset_id,
        subject=FindingSubject(found.subject),
        outcome=FindingOutcome(found.outcome),
        path=found.path,
        before=found.before,
        said=found.said,
    )


def values_of(asset: Asset) -> Values:
    """What an image of the catalog has."""
    return Values(
        label=asset.label_name,
        split=asset.split_type,
        group=asset.group_key,
        source=asset.source_dataset or None,
        note=asset.review_note or None,
    )


def claim_of_file(file: ScannedFile) -> Claim:
    """What a file says of its image."""
    return Claim(
        path=file.path,
        label_name=file.label_name,
        split_type=file.split,
        group_key=file.group_key,
        source_dataset=file.source_dataset and clean_source(file.source_dataset),
        review_note=file.review_note,
    )


def contested_claims(file: ScannedFile) -> list[Claim]:
    """One for each label that persons gave, where none of them holds: so they contradict."""
    return [Claim(path=file.path, label_name=label) for label in file.contested]


def claim_of(file: SpooledFile) -> Claim:
    """What a file that shall be added says."""
    return Claim(
        path=file.path,
        label_name=file.label_name,
        split_type=file.split_type,
        group_key=file.group_key,
        review_note=file.review_note or None,
    )


def _settled_file(file: SpooledFile, settled: Settled) -> SpooledFile:
    note = settled.values.note or ""
    return file._replace(
        label_name=settled.values.label,
        split_type=settled.values.split,
        group_key=settled.values.group,
        review_state=str(ReviewState.CONTESTED) if settled.is_contested else file.review_state,
        review_note=_with_question(note, settled),
    )


def _settled_asset(asset: Asset, settled: Settled, labels: Mapping[str, Label]) -> Asset:
    values = settled.values
    label = labels[values.label] if values.label else None
    return replace(
        asset,
        label_id=label.label_id if label else None,
        label_name=label.name if label else None,
        split_type=values.split,
        review_state=str(ReviewState.CONTESTED) if settled.is_contested else asset.review_state,
    )


def _changes(asset: Asset, settled: Settled) -> bool:
    """Whether anything of the image becomes another."""
    contested = settled.is_contested and (
        asset.review_state != ReviewState.CONTESTED or settled.question() not in asset.review_note
    )
    return contested or settled.values != values_of(asset)


def _findings(asset: Asset, settled: Settled) -> list[ImportFinding]:
    found = [ImportFinding(asset_id=asset.asset_id, **f._asdict()) for f in settled.findings]
    note = _with_question(settled.values.note or "", settled)
    if settled.is_contested and note != asset.review_note:
        found = [f for f in found if (f.subject, f.outcome) != _NOTE_TAKEN]
        found.append(
            ImportFinding(
                asset_id=asset.asset_id,
                subject=_NOTE_TAKEN[0],
                outcome=_NOTE_TAKEN[1],
                path=settled.findings[0].path,
                before=asset.review_note,
                said=note,
            )
        )
    return found


def _without(settled: Settled, decided: Known) -> Settled:
    """Without the findings that only say again what was decided before."""
    findings = [
        finding
        for finding in settled.findings
        if finding.outcome is not FindingOutcome.DECIDED
        or (finding.subject, finding.said) not in decided
    ]
    return replace(settled, findings=findings)


def _with_question(note: str, settled: Settled) -> str:
    question = settled.question()
    if not question or question in note:
        return note
    return (f"{note}; {question}" if note else question)[: rules.MAX_NOTE_CHARACTERS]


def _same_bytes(path: str, there: str) -> ImportProblem:
    shown = printable(path)
    message = f"“{shown}” has the same bytes as “{printable(there)}”; kept once."
    return ImportProblem(shown, "same_bytes", message)


_KNOWN = "known:"
"""Before the id of an asset of the catalog, among content hashes of files that have none yet."""
_NOTE_TAKEN = (FindingSubject.NOTE, FindingOutcome.TAKEN)
