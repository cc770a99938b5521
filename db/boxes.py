"""Frozen dataclasses that a column of JSON holds: read and written here and nowhere else.

A key that this version does not know is let go, one that is missing has its default: what an
earlier version wrote stays readable.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

BoxT = TypeVar("BoxT")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job did not succeed, for a person."""

    message: str = ""
    next_step: str = ""
    detail: str = ""
    """For whoever looks into it: a traceback, a signal."""
    kind: str = ""
    """Name of the class of the error, where it was foreseen: what would help depends on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a job is."""

    fraction: float | None = None
    """Done of the whole, 0 to 1; None while that is not known."""
    message: str = ""
    eta_seconds: float | None = None
    eta_low_seconds: float | None = None
    """Of a training: it takes from so long"""
    eta_high_seconds: float | None = None
    """to so long,"""
    eta_why: str = ""
    """which is known from this."""
    done: int | None = None
    """Things done of `total`, where they are counted."""
    total: int | None = None
    images_per_second: float | None = None
    stage: str = ""
    """Of a training: a stage of the run, or verify, pack and test beside them."""
    epoch: int = 0
    """Epoch that is running, from 1; 0 before the first."""
    total_epochs: int = 0
    step: int = 0
    """Steps done of `steps`: of an epoch, or of the stage before the first."""
    steps: int = 0
    after: str | None = None
    """Of a scoring: the last asset whose prediction is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a process computed on. Empty where an earlier version did not ask."""

    torch: str = ""
    torchvision: str = ""
    pillow: str = ""
    cuda: str = ""
    cudnn: str = ""
    device: str = ""
    """As a person reads it, for example "NVIDIA H200"."""
    device_id: str = ""
    """As torch calls it, for example "cuda:0"."""
    python: str = ""
    platform: str = ""
    processors: int | None = None
    driver: str = ""
    """Of the GPU."""
    packages_sha256: str = ""
    """Equal for the same packages in the same versions."""
    commit: str | None = None
    """Of the source; None for an installed copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutImage:
    """An image that a run could not use."""

    source: str
    reason: str
    message: str = ""
    """In words; only of the first ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnvironment(Environment):
    """What a run began on, how it computes, and what became of that later."""

    speed: Mapping[str, Any] | None = None
    """How it computes (`Speed.choice`): a run that repeats it does the same."""
    left_out: tuple[LeftOutImage, ...] = ()
    resumed_in: tuple[Environment, ...] = ()
    """Where it went on, each time that this was not where it was before."""


def read_environment(values: Mapping[str, Any] | None) -> RunEnvironment | None:
    """The environment of a run that was written as these JSON values."""
    found = read_box(RunEnvironment, values)
    if found is None:
        return None
    return replace(
        found,
        left_out=tuple(LeftOutImage(**_known(LeftOutImage, each)) for each in found.left_out),
        resumed_in=tuple(Environment(**_known(Environment, each)) for each in found.resumed_in),
    )


def read_box(kind: type[BoxT], values: Mapping[str, Any] | None) -> BoxT | None:
    """The box that was written as these JSON values; None where nothing was."""
    if values is None:
        return None
    return kind(**_known(kind, values))


def write_box(box: Any) -> dict[str, Any]:
    """A box as JSON values; what has its default is left out."""
    return {
        field.name: _plain(value)
        for field in fields(box)
        if (value := getattr(box, field.name)) != field.default or field.default is MISSING
    }


def as_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of columns, the boxes among them as JSON."""
    return {
        name: write_box(value) if is_dataclass(value) else value for name, value in values.items()
    }


def _known(kind: Any, values: Any) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return write_box(value) if is_dataclass(value) else value
