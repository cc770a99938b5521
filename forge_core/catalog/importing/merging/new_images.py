"""Brings the images that an import found new into its revision, each with its split.

A split that the import declares holds; an image without one gets that of the workspace's rule.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from db.records import Label, NewAsset
from forge_core.catalog.importing.merging.import_revision import ImportRevision
from forge_core.catalog.importing.merging.settlement import spooled_finding
from forge_core.catalog.importing.spool import ImportSpool, SpooledFile
from forge_core.catalog.revisions import journal
from forge_core.catalog.splits import split_rule


def add(writing: ImportRevision, spool: ImportSpool) -> dict[str, int]:
    """Add every file of the spool that is not dropped, with what was found out of it.

    Returns:
        By split how many images got it from the rule; empty where it gave none.
    """
    revision_id, uow = writing.begin(), writing.uow
    labels = writing.take_in(spool.list_labels())
    splits = _Splits(writing, spool)
    for files in spool.chunks():
        assets = [_new_asset(file, labels) for file in splits.give(files)]
        journal.add_assets(uow, revision_id, assets)
        ids = {asset.content_hash: asset.asset_id for asset in assets}
        findings = [
            spooled_finding(found, ids[found.content_hash])
            for found in spool.list_findings(list(ids))
        ]
        writing.keep_findings(findings)
    return dict(splits.given)


class _Splits:
    """Gives splits by the rule, chunk after chunk."""

    def __init__(self, writing: ImportRevision, spool: ImportSpool) -> None:
        self._uow = writing.uow
        self._spool = spool
        self._rule = split_rule.find_in(writing.uow)
        self._groups: dict[str, Counter[str | None]] = {}
        """Of groups that are there or declared, as they were before this import added to them."""
        self.given: Counter[str] = Counter()

    def give(self, files: Sequence[SpooledFile]) -> list[SpooledFile]:
        """The files with their splits, in their order."""
        keys = [file.group_key for file in files if file.group_key not in self._groups]
        there = split_rule.count_groups(self._uow, self._rule, keys)
        if there or any(keys):
            named = sorted({key for key in keys if key is not None})
            for key, declared in self._spool.count_splits_of_groups(named).items():
                there.setdefault(key, Counter()).update(declared)
        self._groups |= there
        return [self._with_split(file) for file in files]

    def _with_split(self, file: SpooledFile) -> SpooledFile:
        if file.split_type is not None:
            return file
        group = None if file.group_key is None else self._groups.get(file.group_key)
        split = self._rule.split_of(
            file.content_hash, file.group_key, group, is_augmented=bool(file.is_augmented)
        )
        if split is None:
            return file
        self.given[split.value] += 1
        return file._replace(split_type=split.value)


def _new_asset(file: SpooledFile, labels: Mapping[str, Label]) -> NewAsset:
    label = None if file.label_name is None else labels[file.label_name]
    return NewAsset(
        asset_id=journal.new_id(),
        file_path=file.key,
        label_id=None if label is None else label.label_id,
        label_name=None if label is None else label.name,
        split_type=file.split_type,
        source_dataset=file.source_dataset,
        content_hash=file.content_hash,
        width=file.width,
        height=file.height,
        size_bytes=file.size_bytes,
        mime=file.mime,
        perceptual_hash=file.perceptual_hash,
        is_augmented=bool(file.is_augmented),
        group_key=file.group_key,
        review_state=file.review_state,
        review_note=file.review_note,
    )
