"""The catalog as it stood: read as columns, so that a million images fit and take a second."""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from db.columns import AssetColumns
from db.records import AssetAsOf
from db.unit_of_work import UnitOfWork
from forge_core.errors import InvalidInput
from forge_core.workspace import Workspace


class AssetsAsOf(Sequence[AssetAsOf]):
    """The living assets of a revision in the order of their ids; a record is made when asked for.

    Equal to any sequence of equal records. `column_cache` has the same, for those who need arrays.
    """

    def __init__(self, columns: AssetColumns, names: dict[int, str]) -> None:
        self.columns = columns
        self._names = names

    def __len__(self) -> int:
        return len(self.columns)

    def where(self, mask: npt.NDArray[np.bool_]) -> "AssetsAsOf":
        """The assets at which the mask is true."""
        return AssetsAsOf(self.columns.where(mask), self._names)

    def name_of(self, label_id: int) -> str:
        """What a class was called then."""
        return self._names.get(label_id, f"class {label_id}")

    @overload
    def __getitem__(self, position: int) -> AssetAsOf: ...

    @overload
    def __getitem__(self, position: slice) -> list[AssetAsOf]: ...

    def __getitem__(self, position: int | slice) -> AssetAsOf | list[AssetAsOf]:
        if isinstance(position, slice):
            return [self[place] for place in range(*position.indices(len(self)))]
        if not -len(self) <= position < len(self):
            raise IndexError(position)
        return self.columns.record_at(position % len(self), self._names)

    def __iter__(self) -> Iterator[AssetAsOf]:
        return (self.columns.record_at(place, self._names) for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # like a list

    def __repr__(self) -> str:
        return f"AssetsAsOf({len(self):,} images)"


def read(workspace: Workspace, revision_id: int, *, split: str | None = None) -> AssetsAsOf:
    """Paths, hashes, labels and splits as of a revision; see `history.as_of`."""
    with workspace.database.read() as uow:
        check_revision(uow, revision_id)
        return AssetsAsOf(
            uow.states.list_as_of(revision_id, split=split),
            uow.labels.list_names_as_of(revision_id),
        )


def read_columns(
    workspace: Workspace, revision_id: int, *, split: str | None = None, with_files: bool = False
) -> AssetColumns:
    """Ids, label ids, splits and origin as arrays, in the order of ids; paths only if asked for.

    What an epoch needs to be shuffled in memory: 25 bytes an image.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    with workspace.database.read() as uow:
        check_revision(uow, revision_id)
        return uow.states.list_as_of(revision_id, split=split, with_files=with_files)


def check_revision(uow: UnitOfWork, revision_id: int) -> None:
    """Refuse a revision that is not there.

    Raises:
        InvalidInput: There is no such revision yet.
    """
    latest = uow.revisions.latest_id()
    if not 0 <= revision_id <= latest:
        raise InvalidInput(
            f"There is no revision {revision_id}; the catalog has revisions 0 to {latest}."
        )
