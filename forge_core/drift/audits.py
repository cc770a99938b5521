"""An audit: a few answers of the traffic that a person checks, drawn once and kept with the log.

The draw is a file beside the parts of the log, the person's answers are lines that are appended to
another. A new draw takes the place of the old one. Imports no torch.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from forge_core import local_files
from forge_core.drift import accuracy, traffic
from forge_core.drift.accuracy import Audited, Layer
from forge_core.drift.traffic import Traffic
from forge_core.errors import InvalidInput, StorageUnavailable
from forge_core.evaluation.answers import Floats
from forge_core.file_hashes import hash_file

LEAST_LABELS = 30
"""So many of the audit's images count as an audit."""
_MAX_BYTES = 8 * 2**20


class Found(StrEnum):
    """What a person says of an image of an audit, where it is not one of the classes."""

    NONE = "none of the classes"
    UNCLEAR = "cannot be told"


@dataclass(frozen=True, kw_only=True)
class AuditImage:
    """An answer that was drawn."""

    image_sha256: str
    request_id: str
    time: str
    """ISO 8601."""
    layer: int
    label_name: str
    """The answer."""
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Audit:
    """A draw of answers, and what is said of them."""

    checkpoint_sha256: str
    drawn_at: str
    """ISO 8601, to the microsecond: what is said belongs to this draw alone."""
    first: str
    """Time of the oldest answer that could be drawn, ISO 8601."""
    last: str
    num_answers: int
    """That could be drawn."""
    layers: tuple[Layer, ...]
    images: tuple[AuditImage, ...]
    said: Mapping[str, str]
    """By the hash of an image: a class, or a `Found`; what was said last comes last."""

    @property
    def num_said(self) -> int:
        """Images of which something is said."""
        return sum(each.image_sha256 in self.said for each in self.images)

    def found(self) -> list[Audited]:
        """What was found in each layer; what cannot be told is left out."""
        right, wrong = [0] * len(self.layers), [0] * len(self.layers)
        for each in self.images:
            label = self.said.get(each.image_sha256, Found.UNCLEAR)
            if label != Found.UNCLEAR:
                (right if label == each.label_name else wrong)[each.layer] += 1
        return [
            Audited(layer=layer, num_right=right[place], num_wrong=wrong[place])
            for place, layer in enumerate(self.layers)
        ]

    @property
    def num_labels(self) -> int:
        """Images that count."""
        return sum(each.num_right + each.num_wrong for each in self.found())


def draw(
    seen: Traffic,
    confidence: Floats,
    *,
    num_images: int = accuracy.AUDIT_IMAGES,
    seed: int | None = None,
) -> Audit:
    """Draw an audit and keep it in the place of an earlier one of this checkpoint.

    Args:
        seen: The traffic.
        confidence: (N,) calibrated, of its answers.
        num_images: How many to draw.
        seed: Of the draw; by default another each time.

    Raises:
        InvalidInput: There are fewer answers than that.
        StorageUnavailable: The folder of the log cannot be written to.
    """
    if len(seen) < num_images:
        raise InvalidInput(
            f"An audit of {num_images} images takes as many answers, and {len(seen):,} are logged."
        )
    now = datetime.now(UTC)
    chosen = int(now.timestamp() * 1_000) if seed is None else seed
    layers, drawn = accuracy.draw_layers(confidence, num_images=num_images, seed=chosen)
    images = [
        AuditImage(
            image_sha256=seen.answers[int(row)].image_sha256,
            request_id=seen.answers[int(row)].request_id,
            time=seen.answers[int(row)].time.isoformat(timespec="seconds"),
            layer=place,
            label_name=seen.answers[int(row)].label_name,
            confidence=float(confidence[int(row)]),
        )
        for place, members in enumerate(drawn)
        for row in members
    ]
    audit = Audit(
        checkpoint_sha256=seen.checkpoint.sha256,
        drawn_at=now.isoformat(timespec="microseconds"),
        first=seen.answers[0].time.isoformat(timespec="seconds"),
        last=seen.answers[-1].time.isoformat(timespec="seconds"),
        num_answers=len(seen),
        layers=tuple(layers),
        images=tuple(sorted(images, key=lambda each: each.image_sha256)),
        said={},
    )
    values = {name: value for name, value in asdict(audit).items() if name != "said"}
    path = _path(seen.folder, audit.checkpoint_sha256)
    try:
        local_files.replace(path, json.dumps(values).encode(), flushed=True)
    except OSError as error:
        raise _unwritable(seen.folder, error) from error
    return audit


def find(folder: Path, checkpoint_sha256: str) -> Audit | None:
    """The audit that was drawn last for a checkpoint, with all that is said of its images."""
    try:
        values = json.loads(local_files.read_plain(_path(folder, checkpoint_sha256), _MAX_BYTES))
        images = tuple(AuditImage(**each) for each in values.pop("images"))
        layers = tuple(Layer(**each) for each in values.pop("layers"))
        return Audit(images=images, layers=layers, said=_read_said(folder, values), **values)
    except (OSError, ValueError, KeyError, TypeError):  # none, or of another version
        return None


def say(folder: Path, audit: Audit, said: Mapping[str, str], *, by: str) -> Audit:
    """Keep what a person says of images; of one image the last word counts.

    Args:
        folder: Of the log.
        audit: The audit.
        said: By the hash of an image: a class, or a `Found`; "" takes back what was said.
        by: Who says it.

    Raises:
        InvalidInput: An image is not of this audit.
        StorageUnavailable: The folder of the log cannot be written to.
    """
    strangers = said.keys() - {each.image_sha256 for each in audit.images}
    if strangers:
        raise InvalidInput(
            f"{len(strangers):,} images are not of this audit, such as {min(strangers)[:12]}.",
            next_step="See `forge drift --audit` for those that are.",
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [
        json.dumps({"drawn_at": audit.drawn_at, "image": key, "said": label, "by": by, "time": now})
        for key, label in said.items()
    ]
    path = _said_path(folder, audit.checkpoint_sha256)
    try:
        with local_files.open_private(path, "ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise _unwritable(folder, error) from error
    found = find(folder, audit.checkpoint_sha256)
    assert found is not None, "it was drawn"
    return found


def take_pictures(folder: Path, audit: Audit, source: Path) -> int:
    """Copy the pictures of an audit out of a person's folder, found by their hashes.

    Returns:
        How many of its images have a picture now.

    Raises:
        StorageUnavailable: The folder of the log cannot be written to.
    """
    wanted = {each.image_sha256 for each in audit.images if picture_of(folder, audit, each) is None}
    target = _pictures(folder, audit)
    try:
        for path in sorted(source.rglob("*")):
            if not wanted:
                break
            if path.is_file() and (found := hash_file(path)) in wanted:
                local_files.make_folder(target)
                local_files.replace(target / found, path.read_bytes())
                wanted.discard(found)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return sum(picture_of(folder, audit, each) is not None for each in audit.images)


def picture_of(folder: Path, audit: Audit, image: AuditImage) -> Path | None:
    """The picture of an image: one that was supplied, or one that the log keeps."""
    supplied = _pictures(folder, audit) / image.image_sha256
    return supplied if supplied.is_file() else traffic.find_picture(folder, image.image_sha256)


def _read_said(folder: Path, values: Mapping[str, Any]) -> dict[str, str]:
    said: dict[str, str] = {}
    try:
        data = local_files.read_plain(_said_path(folder, values["checkpoint_sha256"]), _MAX_BYTES)
    except OSError:
        return said
    for line in data.splitlines():
        try:
            row = json.loads(line)
            if row["drawn_at"] == values["drawn_at"]:
                said.pop(str(row["image"]), None)  # the last word comes last
                said[str(row["image"])] = str(row["said"])
        except (ValueError, KeyError, TypeError):  # torn
            continue
    return {key: label for key, label in said.items() if label}


def _path(folder: Path, checkpoint_sha256: str) -> Path:
    return folder / f"audit-{checkpoint_sha256[:16]}.json"


def _said_path(folder: Path, checkpoint_sha256: str) -> Path:
    return folder / f"audit-{checkpoint_sha256[:16]}.jsonl"


def _pictures(folder: Path, audit: Audit) -> Path:
    return folder / f"audit-{audit.checkpoint_sha256[:16]}.pictures"


def _unwritable(folder: Path, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(
        f"The audit cannot be kept in {folder}: {error.strerror or error}.",
        next_step="Make room there, or let this person write to the folder of the log.",
    )
