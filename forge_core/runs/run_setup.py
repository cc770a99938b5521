"""A training run as it was written down and as this process computes it: read once, handed on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from db.enums import Split
from db.records import Run
from forge_core.imaging.decode import DecodeLimits
from forge_core.models import devices
from forge_core.models.devices import Device
from forge_core.models.networks.carried_weights import StartWeights
from forge_core.runs import records, run_data
from forge_core.runs.files import folders
from forge_core.runs.run_data import RunData
from forge_core.runs.starting import start_weights
from forge_core.training.compute import ranks
from forge_core.training.config import TrainConfig
from forge_core.training.fit_setup import FitFolders, FitSetup, LabelledImages
from forge_core.training.pixels import kept
from forge_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class RunSetup:
    """A run with all that it needs here."""

    record: Run
    config: TrainConfig
    """The run's config with the device that this process has."""
    device: Device
    data: RunData
    folders: FitFolders
    folder_name: str
    """Of its folder below the runs root."""

    def fit_setup(self, workspace: Workspace, *, without: set[str]) -> FitSetup:
        """What the training is given.

        Args:
            workspace: Reads the images.
            without: Paths of images to leave out.

        Raises:
            InvalidInput: There is nothing left to train or to measure on.
        """
        return FitSetup(
            config=self.config,
            device=self.device,
            images=LabelledImages(
                train=self.data.image_set(workspace, Split.TRAIN, without=without),
                val=self.data.image_set(workspace, Split.VAL, without=without),
                class_names=self.data.class_names,
                label_ids=self.data.label_ids,
            ),
            folders=self.folders,
            run_id=self.record.run_id,
            revision_id=self.record.revision_id,
            limits=DecodeLimits.from_settings(workspace.image_settings),
            reference_plan=self.record.environment.speed if self.record.environment else None,
            start=start_of(workspace, self.config, self.data.label_ids, self.record.revision_id),
        )


def read(workspace: Workspace, run_id: int, device: str) -> RunSetup:
    """A run as it is computed in this process.

    Args:
        workspace: The workspace.
        run_id: The run.
        device: What the slot gave, such as cuda:0; `cuda` for one of several GPUs, a process each;
            empty for the device of the config.

    Raises:
        NotFound: There is no such run.
        InvalidInput: This machine has no such device.
        Conflict: The folder of the run holds another one.
    """
    record = records.get_run(workspace, run_id)
    config = TrainConfig.from_dict(record.config)
    if device:  # the GPU of our slot has another name in this process
        wanted = f"cuda:{ranks.local_rank()}" if device == "cuda" else device
        config = replace(config, device=wanted)
    folder_name = folders.claim(workspace, record)
    return RunSetup(
        record=record,
        config=config,
        device=devices.choose(config.device),
        data=run_data.read_run_data(
            workspace, record.revision_id, use_augmented=config.use_augmented
        ),
        folders=folders_for(workspace, workspace.runs.working_folder(folder_name)),
        folder_name=folder_name,
    )


def start_of(
    workspace: Workspace, config: TrainConfig, label_ids: Sequence[int], revision_id: int
) -> Callable[[], StartWeights] | None:
    """Reads what a config starts from, when it is asked for; None where it names no run."""
    if config.start_run is None:
        return None
    return partial(start_weights.read, workspace, config, label_ids, revision_id)


def folders_for(workspace: Workspace, checkpoints: Path) -> FitFolders:
    """Where a training writes: its own folder, and the pixels that all share."""
    return FitFolders(
        checkpoints=checkpoints,
        pixels=workspace.cache_folder / kept.FOLDER,
        pixels_budget_bytes=workspace.settings.pack_budget_bytes,
    )
