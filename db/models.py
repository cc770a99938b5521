"""The whole schema on one page: every table, by the part of the product that it belongs to.

Every constraint is named, so that migrations can find it again. Times are UTC from the database.
A table whose record in `db.records` has the same name ends in `Row`.
"""

from db.tables.base import Base
from db.tables.catalog import (
    AssetChangeRow,
    AssetCount,
    AssetFacetCount,
    CatalogState,
    DuplicateMember,
    ImageMeasuresRow,
    ImportFindingRow,
    LabelClass,
    LabelClassState,
    MeasureLineRow,
    ReviewDecisionRow,
    RevisionRow,
    SplitRuleRow,
    VisionAsset,
)
from db.tables.data import DataSettingRow, FileFactRow
from db.tables.judging import (
    ImageTypicalityRow,
    LabelAuditLookRow,
    LabelAuditRow,
    LabelIssueRow,
    RepairLedgerRow,
    ScenePairRow,
)
from db.tables.notices import NoticeRow
from db.tables.people import (
    Assignment,
    AugmentationPresetRow,
    ChosenImageRow,
    LabelRequestRow,
    LabelVoteRow,
    OpinionRequestRow,
    SavedViewRow,
    UserPreference,
)
from db.tables.registry import RegistryEntryRow
from db.tables.runs import (
    CheckpointRow,
    EvaluationAnswerRow,
    EvaluationRow,
    JobRow,
    Prediction,
    PredictionBlockRow,
    RunMetric,
    RunSeedsRow,
    RunSeriesRow,
    RunTag,
    TrainingRun,
)
from db.tables.searches import (
    KeptSelectionRow,
    LikenessHitRow,
    LikenessSearchRow,
    SelectedAssetRow,
)

__all__ = [
    "AssetChangeRow",
    "AssetCount",
    "AssetFacetCount",
    "Assignment",
    "AugmentationPresetRow",
    "Base",
    "CatalogState",
    "CheckpointRow",
    "ChosenImageRow",
    "DataSettingRow",
    "DuplicateMember",
    "EvaluationAnswerRow",
    "EvaluationRow",
    "FileFactRow",
    "ImageMeasuresRow",
    "ImageTypicalityRow",
    "ImportFindingRow",
    "JobRow",
    "KeptSelectionRow",
    "LabelAuditLookRow",
    "LabelAuditRow",
    "LabelClass",
    "LabelClassState",
    "LabelIssueRow",
    "LabelRequestRow",
    "LabelVoteRow",
    "LikenessHitRow",
    "LikenessSearchRow",
    "MeasureLineRow",
    "NoticeRow",
    "OpinionRequestRow",
    "Prediction",
    "PredictionBlockRow",
    "RegistryEntryRow",
    "RepairLedgerRow",
    "ReviewDecisionRow",
    "RevisionRow",
    "RunMetric",
    "RunSeedsRow",
    "RunSeriesRow",
    "RunTag",
    "SavedViewRow",
    "ScenePairRow",
    "SelectedAssetRow",
    "SplitRuleRow",
    "TrainingRun",
    "UserPreference",
    "VisionAsset",
]
