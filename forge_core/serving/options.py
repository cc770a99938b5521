"""What an operator can set of the service: limits of time, number and bytes, with their reasons.

Read from the environment alone, so that a container needs nothing else; a command's options
replace single values.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from forge_core.errors import InvalidInput
from forge_core.imaging.decode import DEFAULT_LIMITS, DecodeLimits
from forge_core.imaging.grey_window import GreyWindow
from forge_core.serving.engines import BATCH_SIZE

PREFIX = "FORGE_SERVE_"
LEAST_TRAFFIC_LOG_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """Each field is the variable `FORGE_SERVE_<NAME>`; numbers are positive."""

    header_seconds: float = 10.0
    """From the first byte of a request, or from connecting, to the end of its header."""
    header_bytes: int = 64 * 2**10
    """Largest request line and header."""
    idle_seconds: float = 10.0
    """Longest silence in the middle of a body."""
    body_seconds: float = 120.0
    """From the end of the header to the end of the body."""
    body_bytes: int = 128 * 2**20
    """Largest body of one request."""
    bodies_bytes: int = 512 * 2**20
    """Largest sum of the bodies that are received or worked on at a time."""
    keep_alive_seconds: float = 15.0
    """How long a connection may rest between two requests."""
    answer_seconds: float = 30.0
    """From the end of the body to the answer."""
    end_seconds: float = 20.0
    """From SIGTERM to the end of the process, whatever clients do."""
    connections: int = 512
    """Most open connections; one more is told to come back."""
    files: int = 64
    """Most images of one request."""
    waiting_images: int = 256
    """Most images that wait for their answer; a request beyond them is told to come back."""
    batch_size: int = 16
    """Most images that the network is given together."""
    batch_wait_ms: float = 5.0
    """How long the first image of a batch waits for others that are being decoded."""
    decode_threads: int = 2
    """Files that are decoded at a time; of very large images one at a time, apart from these."""
    large_pixels: int = 16_000_000
    """From this width x height on, an image is decoded alone, so that small ones pass it."""
    golden_seconds: float = 300.0
    """How often the golden predictions are replayed while the service runs."""
    watch_seconds: float = 5.0
    """How often it is looked whether the file or the name means another checkpoint now."""
    keys: str = ""
    """File of API keys, or its text; without any, everybody may predict and nobody administer."""
    cors: str = ""
    """Origins of web pages that may ask, separated by commas; `*` for any."""
    shadow_log: str = ""
    """File to which disagreements of the shadow are written; without it they are only counted."""
    shadow_log_rows: int = 10_000
    """Most disagreements in that file; then the older half goes."""
    traffic_log: str = ""
    """Folder to which every answer is logged; without it none is."""
    traffic_log_bytes: int = 2**30
    """Most that this folder holds, pictures included; then the oldest parts go."""
    traffic_log_days: int = 90
    """How long its parts are kept."""
    traffic_log_pictures: str = "no"
    """`yes`: the pictures are kept there too; `disagreements`: those that the shadow answers
    otherwise."""
    limits: DecodeLimits = DEFAULT_LIMITS
    """What is refused before a pixel is decoded: `FORGE_MAX_IMAGE_BYTES` and so on."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not (value > 0 and math.isfinite(value)):
                raise _unusable(field.name, str(value))
        if self.batch_size > BATCH_SIZE:
            raise InvalidInput(
                f"{PREFIX}BATCH_SIZE is {self.batch_size}; at most {BATCH_SIZE} go together."
            )
        if self.traffic_log_pictures not in ("yes", "no", "disagreements"):
            raise InvalidInput(
                f"{PREFIX}TRAFFIC_LOG_PICTURES is {self.traffic_log_pictures!r}.",
                next_step="Set yes, no or disagreements.",
            )
        if self.traffic_log_bytes < LEAST_TRAFFIC_LOG_BYTES:
            raise InvalidInput(
                f"{PREFIX}TRAFFIC_LOG_BYTES is {self.traffic_log_bytes:,}; at least "
                f"{LEAST_TRAFFIC_LOG_BYTES:,} are needed."
            )
        if self.files > self.waiting_images:
            raise InvalidInput(
                f"One request may bring {self.files} images, but only {self.waiting_images} may "
                "wait, so that it could never be answered.",
                next_step=f"Raise {PREFIX}WAITING_IMAGES or lower {PREFIX}FILES.",
            )

    @property
    def origins(self) -> list[str]:
        """The origins of `cors`."""
        return [origin.strip() for origin in self.cors.split(",") if origin.strip()]

    @property
    def shadow_log_path(self) -> Path | None:
        """The file of `shadow_log`, if one is named."""
        return Path(self.shadow_log) if self.shadow_log else None

    @property
    def traffic_log_path(self) -> Path | None:
        """The folder of `traffic_log`, if one is named."""
        return Path(self.traffic_log).expanduser() if self.traffic_log else None

    @property
    def keeps_pictures(self) -> bool:
        """Whether the log of traffic keeps all of them."""
        return self.traffic_log_pictures == "yes"

    @property
    def kept_pictures(self) -> str:
        """Which pictures the log of traffic keeps, in words."""
        return {
            "yes": "with pictures",
            "no": "without pictures",
            "disagreements": "with the pictures that the shadow answers otherwise",
        }[self.traffic_log_pictures]

    @property
    def keeps_disagreements(self) -> bool:
        """Whether it keeps the pictures that the shadow answers otherwise."""
        return self.traffic_log_pictures != "no"


def from_environment(environment: Mapping[str, str]) -> ServiceOptions:
    """The options that variables set; what they leave out is as in `ServiceOptions`.

    Raises:
        InvalidInput: A variable of ours is unknown, is no number, or cannot be used.
    """
    values: dict[str, Any] = {"limits": _image_limits(environment)}
    defaults = {field.name: field.default for field in fields(ServiceOptions)}
    for variable, text in environment.items():
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX):
            continue
        if name not in defaults or name == "limits":
            raise InvalidInput(
                f"There is no setting {variable}.", next_step="See docs/serving.md for their names."
            )
        values[name] = _read(name, text, type(defaults[name]))
    return ServiceOptions(**values)


def _image_limits(environment: Mapping[str, str]) -> DecodeLimits:
    standard = DEFAULT_LIMITS
    numbers = {
        field: _read(variable, environment[variable], int)
        for field, variable in (
            ("max_bytes", "FORGE_MAX_IMAGE_BYTES"),
            ("max_pixels", "FORGE_MAX_IMAGE_PIXELS"),
        )
        if variable in environment
    }
    if any(value < 1 for value in numbers.values()):
        raise InvalidInput("FORGE_MAX_IMAGE_BYTES and FORGE_MAX_IMAGE_PIXELS are at least 1.")
    window = environment.get("FORGE_GREY_WINDOW")
    return DecodeLimits(
        max_bytes=numbers.get("max_bytes", standard.max_bytes),
        max_pixels=numbers.get("max_pixels", standard.max_pixels),
        window=standard.window if window is None else GreyWindow.parse(window),
    )


def _read(name: str, text: str, kind: type) -> Any:
    try:
        return kind(text.strip())
    except ValueError as error:
        raise _unusable(name, text) from error


def _unusable(name: str, found: str) -> InvalidInput:
    variable = name if name.startswith("FORGE_") else PREFIX + name.upper()
    return InvalidInput(
        f"{variable} is {found!r}, which is no number that can be used.",
        next_step="Set a number greater than 0, or leave it out.",
    )
