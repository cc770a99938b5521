"""Images of the catalog: lookups, keyset pages, bulk writes. Only living assets are seen."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from db.models import VisionAsset
from db.patches import AssetPatch
from db.records import Asset, AssetFilter, NewAsset
from db.repositories import bulk, filters
from db.repositories.asset_lists import ASSET_COLUMNS, AssetListRepository
from db.repositories.query_plans import QueryPlanner
from db.repositories.rows import slices, to_record

NEW_COLUMNS = [field.name for field in fields(NewAsset)]
NEW_VALUES = attrgetter(*NEW_COLUMNS)


class AssetRepository:
    """Images of the catalog."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, asset_id: uuid.UUID) -> Asset | None:
        """The living asset with this id, or None."""
        found = self.list_by_ids([asset_id])
        return found[0] if found else None

    def find_by_path(self, file_path: str) -> Asset | None:
        """The living asset at this path, or None."""
        row = self._session.execute(
            select(*ASSET_COLUMNS).where(
                VisionAsset.file_path == file_path, VisionAsset.is_deleted.is_(False)
            )
        ).one_or_none()
        return to_record(Asset, row) if row else None

    def list_by_ids(
        self, asset_ids: Sequence[uuid.UUID], *, with_removed: bool = False
    ) -> list[Asset]:
        """Assets with these ids, in no particular order; unknown ids are left out."""
        found: list[Asset] = []
        for part in slices(asset_ids):
            statement = select(*ASSET_COLUMNS).where(VisionAsset.asset_id.in_(part))
            if not with_removed:
                statement = statement.where(VisionAsset.is_deleted.is_(False))
            found += [to_record(Asset, row) for row in self._session.execute(statement)]
        return found

    def list_removed_ids(self, asset_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
        """Those of the ids that belong to removed assets."""
        return {
            asset_id
            for part in slices(asset_ids)
            for asset_id in self._session.scalars(
                select(VisionAsset.asset_id).where(
                    VisionAsset.asset_id.in_(part), VisionAsset.is_deleted.is_(True)
                )
            )
        }

    def list_parents(self) -> dict[uuid.UUID, uuid.UUID]:
        """What each augmented copy was made from, where that is known; removed ones included.

        A parent is given when a copy is added and never changes, so this holds at any revision.
        """
        rows = self._session.execute(
            select(VisionAsset.asset_id, VisionAsset.parent_asset_id).where(
                VisionAsset.is_augmented.is_(True), VisionAsset.parent_asset_id.is_not(None)
            )
        )
        return {asset_id: parent_id for asset_id, parent_id in rows if parent_id is not None}

    def list_page(
        self, where: AssetFilter, *, sort: str, after: str | None, limit: int
    ) -> list[Asset]:
        """Up to `limit` assets behind the cursor `after`; see `AssetListRepository.list_rows`."""
        rows = AssetListRepository(self._session).list_rows(
            where, sort=sort, after=after, limit=limit
        )
        return [row.asset for row in rows]

    def list_all(self) -> list[Asset]:
        """Every living asset, oldest first."""
        statement = select(*ASSET_COLUMNS).where(filters.living()).order_by(VisionAsset.asset_id)
        return [to_record(Asset, row) for row in self._session.execute(statement)]

    def list_ids(self, where: AssetFilter) -> list[uuid.UUID]:
        """Ids of all assets that match, oldest first."""
        statement = select(VisionAsset.asset_id).where(*self.conditions(where))
        statement = statement.order_by(VisionAsset.asset_id)
        return list(self._session.scalars(statement))

    def count_matching(self, where: AssetFilter) -> int:
        """How many assets match."""
        statement = select(func.count()).select_from(VisionAsset)
        return self._session.scalar(statement.where(*self.conditions(where))) or 0

    def list_hash_by_path(self, file_paths: Sequence[str]) -> dict[str, str]:
        """Content hash of every living asset at one of these paths."""
        return {
            path: content_hash
            for part in slices(file_paths)
            for path, content_hash in self._session.execute(
                select(VisionAsset.file_path, VisionAsset.content_hash).where(
                    VisionAsset.file_path.in_(part), VisionAsset.is_deleted.is_(False)
                )
            )
        }

    def list_labels_by_hash(
        self, content_hashes: Sequence[str]
    ) -> dict[str, tuple[str, str | None]]:
        """Path and label name of a living asset with each of these content hashes."""
        return {
            row.content_hash: (row.file_path, row.label_name)
            for part in slices(content_hashes)
            for row in self._session.execute(
                select(
                    VisionAsset.content_hash, VisionAsset.file_path, VisionAsset.label_name
                ).where(VisionAsset.content_hash.in_(part), VisionAsset.is_deleted.is_(False))
            )
        }

    def list_by_hashes(self, content_hashes: Sequence[str]) -> list[Asset]:
        """Every living asset with one of these content hashes, by hash and age."""
        return self._list_where(VisionAsset.content_hash, content_hashes)

    def list_by_paths(self, file_paths: Sequence[str]) -> list[Asset]:
        """Every living asset at one of these paths, by hash and age."""
        return self._list_where(VisionAsset.file_path, file_paths)

    def list_paths_by_hash_start(self, start: str) -> list[str]:
        """Paths of the living assets whose content hash begins so, in lower case hex digits."""
        statement = select(VisionAsset.file_path).where(
            VisionAsset.content_hash >= start,
            VisionAsset.content_hash < f"{start}g",
            VisionAsset.is_deleted.is_(False),
        )
        return list(self._session.scalars(statement))

    def count_splits_of_groups(self, group_keys: Sequence[str]) -> dict[str, Counter[str | None]]:
        """Of each group how many living images are in each split, augmented copies left out.

        Groups without an image are left out; the count under None is of those in no split.
        """
        found: dict[str, Counter[str | None]] = {}
        for part in slices(group_keys):
            rows = self._session.execute(
                select(VisionAsset.group_key, VisionAsset.split_type, func.count())
                .where(
                    VisionAsset.group_key.in_(part),
                    VisionAsset.is_deleted.is_(False),
                    VisionAsset.is_augmented.is_(False),
                )
                .group_by(VisionAsset.group_key, VisionAsset.split_type)
            )
            for key, split, number in rows:
                found.setdefault(str(key), Counter())[split] += int(number)
        return found

    def has_any(self) -> bool:
        """Whether there is any living asset."""
        statement = select(VisionAsset.asset_id).where(VisionAsset.is_deleted.is_(False)).limit(1)
        return self._session.scalar(statement) is not None

    def _list_where(self, column: InstrumentedAttribute[str], values: Sequence[str]) -> list[Asset]:
        return [
            to_record(Asset, row)
            for part in slices(values)
            for row in self._session.execute(
                select(*ASSET_COLUMNS)
                .where(column.in_(part), VisionAsset.is_deleted.is_(False))
                .order_by(VisionAsset.content_hash, VisionAsset.asset_id)
            )
        ]

    def add(self, assets: Sequence[NewAsset]) -> None:
        """Insert new assets, all of them or none; thousands a call are fast.

        Raises:
            sqlalchemy.exc.IntegrityError: One breaks a rule, such as a path that is in use.
        """
        rows = list(map(NEW_VALUES, assets))
        bulk.insert_rows(self._session, "vision_assets", NEW_COLUMNS, rows)

    def update_fields(self, asset_ids: Sequence[uuid.UUID], patch: AssetPatch) -> None:
        """Give all these assets the same values and raise their row version by one."""
        for part in slices(asset_ids):
            self._session.execute(
                update(VisionAsset)
                .where(VisionAsset.asset_id.in_(part))
                .values(**patch.values(), row_version=VisionAsset.row_version + 1)
                .execution_options(synchronize_session=False)
            )

    def update_last_augmented(self, asset_ids: Sequence[uuid.UUID]) -> None:
        """Note when the newest living copy of each of these was made; the row version stays.

        None for those without a copy.
        """
        copy = aliased(VisionAsset)
        newest = (
            select(func.max(copy.created_at))
            .where(copy.parent_asset_id == VisionAsset.asset_id, copy.is_deleted.is_(False))
            .correlate(VisionAsset)
            .scalar_subquery()
        )
        for part in slices(asset_ids):
            self._session.execute(
                update(VisionAsset)
                .where(VisionAsset.asset_id.in_(part))
                .values(last_augmented_at=newest)
                .execution_options(synchronize_session=False)
            )

    def update_label_name(self, label_id: int, label_name: str) -> None:
        """Let the name beside the label follow a rename; the row version stays."""
        self._session.execute(
            update(VisionAsset)
            .where(VisionAsset.label_id == label_id)
            .values(label_name=label_name)
            .execution_options(synchronize_session=False)
        )

    def conditions(self, where: AssetFilter) -> list[ColumnElement[bool]]:
        """What the filter says, written for all that match in no order."""
        plan = QueryPlanner(self._session).plan_for_all(where)
        return filters.matching(
            where, column=plan.column, probe_first=plan.probe_first, as_array=plan.as_array
        )
