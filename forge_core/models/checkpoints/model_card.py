"""The card of a checkpoint: everything needed to use its weights rightly, as readable JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import PIL
import torch
import torchvision

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.errors import CheckpointRejected, InvalidInput
from forge_core.models.checkpoints.decision_rule import DecisionRule

SCHEMA = 2
"""From 2 on the file proves its card too, and keeps its golden predictions as image files."""
OLDEST_SCHEMA = 1
LARGEST_TEMPERATURE = 20.0
GOLDEN_TOLERANCE = 1e-3
_TEXT_LIMIT = 1_000
_MAX_DIGITS = 19


def library_versions(device: str = "cpu") -> dict[str, str]:
    """Versions of what computes here: torch, torchvision, pillow, cuda, cudnn, device."""
    cudnn = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "pillow": PIL.__version__,
        "cuda": torch.version.cuda or "none",
        "cudnn": str(cudnn or "none"),
        "device": device,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """What a checkpoint says about itself."""

    architecture: str
    """A name that `architectures.get_architecture` knows."""
    class_names: tuple[str, ...]
    """Names of the classes in the order of the logits."""
    label_ids: tuple[int, ...]
    """Ids of the same classes in the catalog, in the same order."""
    eval_transform: EvalTransform
    """Image to network input; its crop is the input size."""
    channel_order: str = "RGB"
    """Order of the channels that the network reads."""
    run_id: str | int | None = None
    """The run that trained it."""
    revision_id: int | None = None
    """The revision of the catalog that it was trained on."""
    seed: int = 0
    """Seed of the run."""
    stage: str = ""
    """Stage in which it was saved: warmup, finetune or scratch."""
    epoch: int = 0
    """Epoch at whose end it was saved."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Metrics at that epoch, by name."""
    versions: Mapping[str, str] = field(default_factory=library_versions)
    """Libraries and device that trained it."""
    created_at: str = field(default_factory=_now)
    """When it was saved, ISO 8601 in UTC."""
    golden_tolerance: float = GOLDEN_TOLERANCE
    """Largest difference of golden logits, as a share of the largest |logit|."""
    temperature: float = 1.0
    """What logits are divided by before they become probabilities; 1 changes nothing."""
    decision_rule: DecisionRule | None = None
    """When an answer is accepted; without it nothing decides."""
    schema: int = SCHEMA
    """Form of the checkpoint; 1 is that of older versions, whose file does not prove its card."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        object.__setattr__(self, "label_ids", tuple(self.label_ids))
        if len(self.class_names) < 2 or len(set(self.class_names)) != len(self.class_names):
            raise InvalidInput("A model card needs at least 2 classes of different names.")
        if len(self.label_ids) != len(self.class_names):
            raise InvalidInput(
                f"The card has {len(self.label_ids)} label ids for {len(self.class_names)} classes."
            )
        if self.channel_order != "RGB":
            raise InvalidInput(f"Channel order {self.channel_order!r} is unknown; RGB is the one.")
        if not 0 < self.golden_tolerance <= GOLDEN_TOLERANCE:
            raise InvalidInput(
                f"A golden tolerance of {self.golden_tolerance:g} proves nothing; "
                f"at most {GOLDEN_TOLERANCE:g} is accepted."
            )

        if not 1 / LARGEST_TEMPERATURE <= self.temperature <= LARGEST_TEMPERATURE:
            raise InvalidInput(
                f"A temperature of {self.temperature:g} is none; it is from "
                f"{1 / LARGEST_TEMPERATURE:g} to {LARGEST_TEMPERATURE:g}."
            )

    @property
    def num_classes(self) -> int:
        """K, the number of logits."""
        return len(self.class_names)

    def to_json(self) -> str:
        """JSON that a person can read, with the schema number first."""
        values = asdict(self) | {"eval_transform": self.eval_transform.to_dict()}
        values |= {"metrics": dict(self.metrics), "versions": dict(self.versions)}
        return json.dumps({"schema": self.schema} | values, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Read a card, whoever wrote it.

        Raises:
            CheckpointRejected: It is no card, of another schema, or a value cannot be right.
        """
        try:
            values = json.loads(text, parse_int=_whole_number)
        except InvalidInput as error:
            raise CheckpointRejected(
                f"The card of the checkpoint cannot be used: {error.message}",
                next_step="Export the checkpoint from its run again.",
            ) from error
        except (json.JSONDecodeError, RecursionError) as error:
            raise CheckpointRejected(
                "The card of the checkpoint is not JSON.",
                next_step="Export the checkpoint from its run again.",
                detail=str(error),
            ) from error
        if not isinstance(values, dict):
            raise CheckpointRejected("The card of the checkpoint is not a JSON object.")
        schema = values.get("schema")
        if type(schema) is not int or not OLDEST_SCHEMA <= schema <= SCHEMA:
            raise CheckpointRejected(
                f"The card of the checkpoint has schema {str(schema)[:_TEXT_LIMIT]}; this version "
                f"reads {OLDEST_SCHEMA} to {SCHEMA}.",
                next_step="Load it with the version of Vision Forge that saved it.",
            )
        try:
            _check_types(values)
            transform = EvalTransform.from_dict(values.pop("eval_transform"))
            rule = values.pop("decision_rule", None)
            rule = None if rule is None else DecisionRule.from_dict(rule)
            return cls(eval_transform=transform, decision_rule=rule, **values)
        except (InvalidInput, TypeError, KeyError) as error:
            raise CheckpointRejected(
                "The card of the checkpoint cannot be used: "
                + (error.message if isinstance(error, InvalidInput) else "it is incomplete."),
                next_step="Export the checkpoint from its run again.",
                detail=str(error),
            ) from error


def _whole_number(digits: str) -> int:
    """A whole number of a card; no seed, id or size needs more than 64 bits."""
    if len(digits) > _MAX_DIGITS:
        raise InvalidInput(f"a number in it has {len(digits):,} digits.")
    return int(digits)


def _check_types(values: dict[str, Any]) -> None:
    """Refuse values of a card whose JSON type is not that of the field."""
    unknown = set(values) - {found.name for found in fields(ModelCard)}
    if unknown:
        raise InvalidInput(f"it has unknown fields: {', '.join(sorted(unknown))[:_TEXT_LIMIT]}.")
    _expect(values, "architecture", str)
    for name, kind in (("class_names", str), ("label_ids", int)):
        items = values.get(name)
        if not isinstance(items, list) or not all(type(item) is kind for item in items):
            raise InvalidInput(f"{name} is not a list of {kind.__name__}.")
    for name in ("channel_order", "stage", "created_at"):
        _expect(values, name, str)
    for name in ("seed", "epoch"):
        _expect(values, name, int)
    _expect(values, "run_id", str, int, type(None))
    _expect(values, "revision_id", int, type(None))
    _expect(values, "golden_tolerance", int, float)
    _expect(values, "temperature", int, float)
    _expect(values, "metrics", dict)
    _expect(values, "versions", dict)
    if not all(isinstance(metric, (int, float)) for metric in values.get("metrics", {}).values()):
        raise InvalidInput("metrics are not numbers.")
    if not all(isinstance(version, str) for version in values.get("versions", {}).values()):
        raise InvalidInput("versions are not text.")


def _expect(values: dict[str, Any], name: str, *kinds: type) -> None:
    if name in values and type(values[name]) not in kinds:
        raise InvalidInput(f"{name} is {str(values[name])[:_TEXT_LIMIT]!r}.")
