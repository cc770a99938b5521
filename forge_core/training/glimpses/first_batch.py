"""The first images of a stage as the network gets them. Without torch: pages read it.

Legend: N images, S pixels.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor

MOST = 12
LARGEST_SIDE = 160


@dataclass(frozen=True, kw_only=True)
class FirstBatch:
    """Some images of the first batch, augmented and cropped, with the colours given back."""

    stage: str
    labels: tuple[int, ...]
    """The class of each, as a place among the network's outputs."""
    png: bytes
    """All of them beside each other, each a square."""

    def tiles(self) -> list[Image.Image]:
        """Each image by itself."""
        strip = Image.open(BytesIO(self.png)).convert("RGB")
        side = strip.height
        return [
            strip.crop((place * side, 0, (place + 1) * side, side))
            for place in range(len(self.labels))
        ]

    def to_json(self) -> str:
        """One line of JSON."""
        values = {"stage": self.stage, "labels": self.labels}
        return json.dumps({**values, "png": base64.b64encode(self.png).decode()})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote."""
        values = json.loads(text)
        return cls(
            stage=values["stage"],
            labels=tuple(values["labels"]),
            png=base64.b64decode(values["png"]),
        )


def draw(
    inputs: "Tensor",
    labels: "Tensor",
    *,
    stage: str,
    mean: Sequence[float],
    std: Sequence[float],
) -> FirstBatch:
    """The first images of a batch.

    Args:
        inputs: (N, C, S, S), normalised.
        labels: (N,) int64.
        stage: Of the run.
        mean: Of each channel, 0 to 1, which was subtracted.
        std: Of each channel, by which it was divided.
    """
    pixels = inputs[:MOST].detach().float().cpu().numpy()
    scale, offset = (np.asarray(each)[:, None, None] for each in (std, mean))
    shown = np.clip((pixels * scale + offset) * 255.0 + 0.5, 0, 255).astype(np.uint8)
    shown = np.broadcast_to(shown, (len(shown), 3, *shown.shape[2:])).transpose(0, 2, 3, 1)
    side = min(LARGEST_SIDE, shown.shape[1])
    strip = Image.new("RGB", (side * len(shown), side))
    for place, image in enumerate(shown):
        strip.paste(Image.fromarray(image).resize((side, side)), (place * side, 0))
    buffer = BytesIO()
    strip.save(buffer, "PNG")
    return FirstBatch(
        stage=stage, labels=tuple(labels[: len(shown)].tolist()), png=buffer.getvalue()
    )
