"""What runs really used, beside one another: not what a config names, but what it came to.

A choice that played no part in a run (the learning rate of a stage that it does not have) is none
of its settings. The input's size is that of the network where nobody chose one, epochs are those
that were trained.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.enums import Split
from db.records import EpochRow, Run
from forge_core.catalog.revisions import history
from forge_core.models.architectures import get_architecture
from forge_core.runs import data_comparison
from forge_core.runs.comparing import config_words
from forge_core.training.config import EXTENSION, TrainConfig
from forge_core.training.options import OPTIONS
from forge_core.workspace import Workspace

UNUSED = "–"
STAGES = ("warmup", "finetune", "scratch")
STAGE_WORDS = {
    "warmup": "Warm-up epochs",
    "finetune": "Fine-tuning epochs",
    "scratch": "Epochs from scratch",
}
SPLIT_WORDS = {
    Split.TRAIN: "Training images",
    Split.VAL: "Validation images",
    Split.TEST: "Test images",
}
_COMPUTED = ("number_format", "memory_layout", "num_threads")
"""What `Computed with` says, once it is known."""
_SAID_OTHERWISE = frozenset(
    {"schema", "augmentation", "extensions", "warmup_epochs", "finetune_epochs", "scratch_epochs"}
)


@dataclass(frozen=True, kw_only=True)
class UsedSetting:
    """A setting of several runs, in words."""

    title: str
    values: tuple[str, ...]
    """Of each run in their order; `UNUSED` where it played no part."""

    @property
    def differs(self) -> bool:
        """Whether not all of them have the same."""
        return len(set(self.values)) > 1


def list_settings(workspace: Workspace, runs: Sequence[Run]) -> list[UsedSetting]:
    """Every setting that one of the runs used, those that differ first."""
    with workspace.database.read() as uow:
        epochs = uow.metrics.list_of_runs([run.run_id for run in runs])
    columns = [_describe(workspace, run, epochs[run.run_id]) for run in runs]
    titles = list(dict.fromkeys(title for column in columns for title in column))
    found = [
        UsedSetting(title=title, values=tuple(column.get(title, UNUSED) for column in columns))
        for title in titles
    ]
    return sorted(found, key=lambda setting: not setting.differs)


def used_choices(config: TrainConfig) -> dict[str, Any]:
    """The fields of a config that play a part in its run, with what is taken where none is set.

    Numbers of the augmentation stand one by one, as `augmentation.hue`.
    """
    values = config.to_dict()
    values.pop("schema")
    values.pop("augmentation")
    values["input_size"] = config.input_size or get_architecture(config.architecture).input_size
    for option in OPTIONS:
        if not _plays_a_part(option.name, option.stages, config):
            values.pop(option.name)
    stages = stages_of(config)
    for stage in STAGES:
        if stage not in stages:
            values.pop(f"{stage}_epochs")
    numbers = config.augmentation_parameters.to_dict()
    return {**values, **{f"augmentation.{name}": value for name, value in numbers.items()}}


def stages_of(config: TrainConfig) -> tuple[str, ...]:
    """The stages that a config has, without those of no epoch."""
    if not config.pretrained:
        return ("scratch",)
    planned = ("finetune",) if config.train_all_layers else ("warmup", "finetune")
    return tuple(stage for stage in planned if config.epochs_of(stage))


def _plays_a_part(name: str, stages: Sequence[str], config: TrainConfig) -> bool:
    own = stages_of(config)
    if config.extensions:  # they train as the last stage does
        own = (*own, "finetune" if config.pretrained else "scratch")
    if not set(stages) & set(own):
        return False
    match name:
        case "momentum" | "nesterov":
            return config.optimizer == "sgd"
        case "min_lr":
            return config.schedule != "constant"
        case "head_lr" | "keep_statistics":
            return not config.train_all_layers
        case _:
            return True


def _describe(workspace: Workspace, run: Run, epochs: Sequence[EpochRow]) -> dict[str, str]:
    """The settings of a run by their titles, in the order in which they are read."""
    config = TrainConfig.from_dict(run.config)
    choices = used_choices(config)
    found = {
        config_words.title_of(name): config_words.describe_value(name, choices.pop(name))
        for name in ("architecture", "pretrained", "start_run", "input_size")
    }
    found |= _describe_epochs(config, epochs)
    found["Batch size"] = str(choices.pop("batch_size"))
    speed: Mapping[str, Any] = (run.environment.speed if run.environment else None) or {}
    if int(speed.get("parts", 1)) > 1:
        found["Batch size"] += f", in {speed['parts']} parts"
    if speed:
        layout = str(speed.get("memory_layout", "")).replace("_", " ")
        found["Computed with"] = (
            f"{speed.get('number_format', '')}, {layout}, {speed.get('num_threads', '')} threads"
        )
        for name in _COMPUTED:
            choices.pop(name, None)
    choices.pop("device")
    found["Device"] = run.device or UNUSED
    found |= _describe_data(workspace, run)
    for name, value in choices.items():
        if name not in _SAID_OTHERWISE:
            found[config_words.title_of(name)] = config_words.describe_value(name, value)
    return found


def _describe_epochs(config: TrainConfig, epochs: Sequence[EpochRow]) -> dict[str, str]:
    """Epochs that were trained of each stage; beside them how many were planned, if others."""
    trained = Counter(epoch.stage for epoch in epochs)
    planned = {stage: config.epochs_of(stage) for stage in stages_of(config)}
    for number, _ in enumerate(config.extensions, start=1):
        name = f"{EXTENSION}{number if number > 1 else ''}"
        planned[name] = config.epochs_of(name)
    return {
        STAGE_WORDS.get(stage, f"Epochs of {stage}"): (
            str(number) if trained[stage] == number else f"{trained[stage]} of {number}"
        )
        for stage, number in planned.items()
    }


def _describe_data(workspace: Workspace, run: Run) -> dict[str, str]:
    made = history.revision_times(workspace, [run.revision_id]).get(run.revision_id)
    counts = data_comparison.count_used(workspace, run)
    moment = f"{made.day} {made:%b %Y, %H:%M} UTC" if made else "an empty catalog"
    return {
        "Data": f"{moment} (revision {run.revision_id})",
        **{words: f"{counts[split]:,}" for split, words in SPLIT_WORDS.items()},
        "Classes": str(len(run.class_names)),
    }
