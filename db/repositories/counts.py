"""Counts of assets, kept by triggers; and the recount that proves them."""

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.models import AssetCount, AssetFacetCount, VisionAsset
from db.records import CountRow

_IS_OWN = AssetCount.is_augmented.is_(False)
_SUMS = select(
    *(
        func.coalesce(func.sum(case((condition, AssetCount.num_images), else_=0)), 0)
        for condition in (_IS_OWN, _IS_OWN & (AssetCount.label_key == 0), ~_IS_OWN)
    )
)
"""Built once: every page asks for it when it opens and every few seconds."""


class CountRepository:
    """How many living assets there are of each label, split and origin."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list_all(self) -> list[CountRow]:
        """Every combination that has at least one asset."""
        rows = self._session.execute(
            select(
                AssetCount.label_key,
                AssetCount.split_key,
                AssetCount.is_augmented,
                AssetCount.num_images,
            ).where(AssetCount.num_images != 0)
        )
        return [
            CountRow(
                label_id=label_key or None,
                split_type=split_key or None,
                is_augmented=is_augmented,
                num_images=num_images,
            )
            for label_key, split_key, is_augmented, num_images in rows
        ]

    def sum_up(self) -> tuple[int, int, int]:
        """Living images, those of them without a label, and augmented copies."""
        images, unlabelled, augmented = self._session.execute(_SUMS).one()
        return int(images), int(unlabelled), int(augmented)

    def list_facet(self, facet: str) -> list[tuple[str, int]]:
        """Each value of `source` or `review` with its number of living assets, by value.

        '' stands for none. From the kept counts.
        """
        rows = self._session.execute(
            select(AssetFacetCount.value, AssetFacetCount.num_images)
            .where(AssetFacetCount.facet == facet, AssetFacetCount.num_images != 0)
            .order_by(AssetFacetCount.value)
        )
        return [(value, number) for value, number in rows]

    def list_recounted_facet(self, facet: str) -> list[tuple[str, int]]:
        """The same, counted from the assets themselves: slow, and the truth."""
        column = func.coalesce(
            VisionAsset.source_dataset if facet == "source" else VisionAsset.review_state, ""
        )
        rows = self._session.execute(
            select(column, func.count()).where(VisionAsset.is_deleted.is_(False)).group_by(column)
        )
        return sorted((value, number) for value, number in rows)

    def list_recounted(self) -> list[CountRow]:
        """The same, counted from the assets themselves: slow, and the truth."""
        rows = self._session.execute(
            select(
                VisionAsset.label_id,
                VisionAsset.split_type,
                VisionAsset.is_augmented,
                func.count(),
            )
            .where(VisionAsset.is_deleted.is_(False))
            .group_by(VisionAsset.label_id, VisionAsset.split_type, VisionAsset.is_augmented)
        )
        return [
            CountRow(label_id=label, split_type=split, is_augmented=augmented, num_images=number)
            for label, split, augmented, number in rows
        ]
