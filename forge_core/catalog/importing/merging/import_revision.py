"""The revision of an import while it is written: begun when the first thing changes."""

from collections.abc import Mapping, Sequence

from db.records import Label
from db.unit_of_work import UnitOfWork
from forge_core.catalog.editing import class_merges
from forge_core.catalog.editing.class_merges import ImportedClasses
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation


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

    def end(self, message: str) -> None:
        """Say what it did, if there is anything."""
        if self.revision_id is not None:
            self.uow.revisions.update_message(self.revision_id, message)
