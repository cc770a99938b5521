"""One transaction and the repositories that work inside it. Repositories never commit."""

from functools import cached_property

from sqlalchemy.orm import Session

from db.repositories.asset_lists import AssetListRepository
from db.repositories.assets import AssetRepository
from db.repositories.assignments import AssignmentRepository
from db.repositories.augmentation_presets import AugmentationPresetRepository
from db.repositories.changes import ChangeRepository
from db.repositories.checkpoints import CheckpointRepository
from db.repositories.chosen_images import ChosenImageRepository
from db.repositories.columns import ColumnRepository
from db.repositories.counts import CountRepository
from db.repositories.data_settings import DataSettingRepository
from db.repositories.differences import DifferenceRepository
from db.repositories.duplicates import DuplicateRepository
from db.repositories.evaluations import EvaluationRepository
from db.repositories.file_facts import FileFactRepository
from db.repositories.identity import IdentityRepository
from db.repositories.image_measures import ImageMeasuresRepository
from db.repositories.import_findings import ImportFindingRepository
from db.repositories.jobs import JobRepository
from db.repositories.kept_selections import KeptSelectionRepository
from db.repositories.label_audits import LabelAuditRepository
from db.repositories.label_issues import LabelIssueRepository
from db.repositories.label_requests import LabelRequestRepository
from db.repositories.label_votes import LabelVoteRepository
from db.repositories.labels import LabelRepository
from db.repositories.likeness_searches import LikenessSearchRepository
from db.repositories.metrics import MetricRepository
from db.repositories.moves import MoveRepository
from db.repositories.notices import NoticeRepository
from db.repositories.opinion_requests import OpinionRequestRepository
from db.repositories.prediction_blocks import PredictionBlockRepository
from db.repositories.predictions import PredictionRepository
from db.repositories.preferences import PreferenceRepository
from db.repositories.registry import RegistryRepository
from db.repositories.repair_ledgers import RepairLedgerRepository
from db.repositories.review_decisions import ReviewDecisionRepository
from db.repositories.revisions import RevisionRepository
from db.repositories.run_lists import RunListRepository
from db.repositories.run_seeds import RunSeedsRepository
from db.repositories.run_series import RunSeriesRepository
from db.repositories.run_tags import RunTagRepository
from db.repositories.runs import RunRepository
from db.repositories.scene_pairs import ScenePairRepository
from db.repositories.split_rule import SplitRuleRepository
from db.repositories.states import StateRepository
from db.repositories.typicality import TypicalityRepository
from db.repositories.views import SavedViewRepository


class UnitOfWork:
    """What one transaction can read and write. Made by `Database.read` and `Database.write`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cached_property
    def identity(self) -> IdentityRepository:
        """The id of the workspace."""
        return IdentityRepository(self.session)

    @cached_property
    def assets(self) -> AssetRepository:
        """Images of the catalog."""
        return AssetRepository(self.session)

    @cached_property
    def labels(self) -> LabelRepository:
        """Classes and the names they had."""
        return LabelRepository(self.session)

    @cached_property
    def revisions(self) -> RevisionRepository:
        """Revisions and what they changed."""
        return RevisionRepository(self.session)

    @cached_property
    def changes(self) -> ChangeRepository:
        """Changes of assets, with their rows in the history."""
        return ChangeRepository(self.session)

    @cached_property
    def typicality(self) -> TypicalityRepository:
        """How strange images are among all and within their class."""
        return TypicalityRepository(self.session)

    @cached_property
    def scene_pairs(self) -> ScenePairRepository:
        """Pairs of images that show nearly the same scene."""
        return ScenePairRepository(self.session)

    @cached_property
    def image_measures(self) -> ImageMeasuresRepository:
        """What was measured of pictures."""
        return ImageMeasuresRepository(self.session)

    @cached_property
    def data_settings(self) -> DataSettingRepository:
        """How images are read, where people chose it."""
        return DataSettingRepository(self.session)

    @cached_property
    def file_facts(self) -> FileFactRepository:
        """What of files their images do not show."""
        return FileFactRepository(self.session)

    @property
    def findings(self) -> ImportFindingRepository:
        """What imports said of images that were there."""
        return ImportFindingRepository(self.session)

    @cached_property
    def asset_lists(self) -> AssetListRepository:
        """Pages of assets in an order."""
        return AssetListRepository(self.session)

    @cached_property
    def states(self) -> StateRepository:
        """The catalog as of any revision."""
        return StateRepository(self.session)

    @cached_property
    def differences(self) -> DifferenceRepository:
        """What differs between two revisions."""
        return DifferenceRepository(self.session)

    @cached_property
    def counts(self) -> CountRepository:
        """Counts of assets by label, split and origin."""
        return CountRepository(self.session)

    @cached_property
    def columns(self) -> ColumnRepository:
        """The whole catalog as a stream."""
        return ColumnRepository(self.session)

    @cached_property
    def duplicates(self) -> DuplicateRepository:
        """Groups of near-duplicates as they were found last."""
        return DuplicateRepository(self.session)

    @cached_property
    def runs(self) -> RunRepository:
        """Training runs."""
        return RunRepository(self.session)

    @cached_property
    def run_lists(self) -> RunListRepository:
        """Pages of runs in an order."""
        return RunListRepository(self.session)

    @cached_property
    def run_tags(self) -> RunTagRepository:
        """Words that people gave runs."""
        return RunTagRepository(self.session)

    @cached_property
    def run_seeds(self) -> RunSeedsRepository:
        """Groups of runs that differ in their seed alone."""
        return RunSeedsRepository(self.session)

    @cached_property
    def metrics(self) -> MetricRepository:
        """Metrics of runs, an epoch a row."""
        return MetricRepository(self.session)

    @cached_property
    def series(self) -> RunSeriesRepository:
        """Named series of numbers of runs."""
        return RunSeriesRepository(self.session)

    @cached_property
    def evaluations(self) -> EvaluationRepository:
        """What checkpoints were worth on a split."""
        return EvaluationRepository(self.session)

    @cached_property
    def checkpoints(self) -> CheckpointRepository:
        """Checkpoint files of runs."""
        return CheckpointRepository(self.session)

    @cached_property
    def registry(self) -> RegistryRepository:
        """Which checkpoint answers under which alias, and since when."""
        return RegistryRepository(self.session)

    @cached_property
    def predictions(self) -> PredictionRepository:
        """What the networks of runs say of assets."""
        return PredictionRepository(self.session)

    @cached_property
    def prediction_blocks(self) -> PredictionBlockRepository:
        """Files with all class probabilities of scored images."""
        return PredictionBlockRepository(self.session)

    @cached_property
    def repair_ledgers(self) -> RepairLedgerRepository:
        """What repaired labels brought between two runs."""
        return RepairLedgerRepository(self.session)

    @cached_property
    def label_audits(self) -> LabelAuditRepository:
        """Audits of how many labels are wrong."""
        return LabelAuditRepository(self.session)

    @cached_property
    def label_issues(self) -> LabelIssueRepository:
        """Which labels look wrong."""
        return LabelIssueRepository(self.session)

    @cached_property
    def decisions(self) -> ReviewDecisionRepository:
        """What people answered about images."""
        return ReviewDecisionRepository(self.session)

    @cached_property
    def notices(self) -> NoticeRepository:
        """What people are told when jobs have ended."""
        return NoticeRepository(self.session)

    @cached_property
    def jobs(self) -> JobRepository:
        """The job queue."""
        return JobRepository(self.session)

    @cached_property
    def preferences(self) -> PreferenceRepository:
        """What people have set for themselves."""
        return PreferenceRepository(self.session)

    @cached_property
    def moves(self) -> MoveRepository:
        """New paths of assets, many at once."""
        return MoveRepository(self.session)

    @cached_property
    def assignments(self) -> AssignmentRepository:
        """Who is to look after which asset."""
        return AssignmentRepository(self.session)

    @cached_property
    def label_requests(self) -> LabelRequestRepository:
        """Which images were chosen to be labelled next."""
        return LabelRequestRepository(self.session)

    @cached_property
    def label_votes(self) -> LabelVoteRepository:
        """What each of several persons says an image shows."""
        return LabelVoteRepository(self.session)

    @cached_property
    def chosen_images(self) -> ChosenImageRepository:
        """Which images were chosen for what they are."""
        return ChosenImageRepository(self.session)

    @cached_property
    def split_rule(self) -> SplitRuleRepository:
        """Which split new images get."""
        return SplitRuleRepository(self.session)

    @cached_property
    def kept_selections(self) -> KeptSelectionRepository:
        """Images that were picked together."""
        return KeptSelectionRepository(self.session)

    @cached_property
    def opinion_requests(self) -> OpinionRequestRepository:
        """Which images are asked about without telling their labels."""
        return OpinionRequestRepository(self.session)

    @cached_property
    def likeness_searches(self) -> LikenessSearchRepository:
        """Searches for images that look like a picture."""
        return LikenessSearchRepository(self.session)

    @cached_property
    def views(self) -> SavedViewRepository:
        """Saved views."""
        return SavedViewRepository(self.session)

    @cached_property
    def presets(self) -> AugmentationPresetRepository:
        """Augmentation presets of people."""
        return AugmentationPresetRepository(self.session)
