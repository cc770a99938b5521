"""The revision of an import while it is written: begun when the first thing changes."""

from collections.abc import Mapping, Sequence

from db.enums import FindingOutcome, FindingSubject
from db.records import ImportFinding, Label
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import class_merges
from forge_core.catalog.editing.class_merges import ImportedClasses
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation

_ASKED_LABEL = (FindingSubject.LABEL, FindingOutcome.ASKED)


class ImportRevision:
    """One revision, its number and its classes."""

    def __init__(self, uow: UnitOfWork, operation: Operation) -> None:
        self.uow = uow
        self._operation = operation
        self.revision_id: int | None = None
        self.classes = ImportedClasses()

    def begin(self) -> int:
        """The number of the revision."""
        if self.revision_id is None:
            self.revision_id = journal.begin_revision(self.uow, self._operation)
        return self.revision_id

    def take_in(self, names: Sequence[str]) -> Mapping[str, Label]:
        """The classes of these names and of all names before."""
        known = self.classes.labels
        missing = [name for name in names if name not in known]
        if missing:
            more = class_merges.take_in_names(self.uow, missing, revision_id=self.begin())
            self.classes = ImportedClasses(
                labels={**known, **more.labels},
                created=[*self.classes.created, *more.created],
                revived=[*self.classes.revived, *more.revived],
                merged={**self.classes.merged, **more.merged},
            )
        return self.classes.labels

    def keep_findings(self, findings: Sequence[ImportFinding]) -> None:
        """Keep what was said; a label that a person is asked about can be chosen from then on.

        A name that is no class yet becomes one. A class that was retired stays so.
        """
        asked = {
            one.said for one in findings if one.said and (one.subject, one.outcome) == _ASKED_LABEL
        }
        if asked:
            known = {label.name for label in self.uow.labels.list_all()}
            self.take_in(sorted(asked - known))
        self.uow.findings.add(self.begin(), findings)

    def end(self, message: str) -> None:
        """Say what it did, if there is anything."""
        if self.revision_id is not None:
            self.uow.revisions.update_message(self.revision_id, message)
