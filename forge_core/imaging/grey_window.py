"""Which greys of a deep image are shown: the window that becomes black to white.

Cameras and scanners write 12 bits into files of 16, and scans have values far outside of what is
looked at. By default a grey means what its file declares; a window is chosen for a whole catalog,
since the same grey must mean the same in every image that is compared.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from forge_core.errors import InvalidInput

Kind = Literal["declared", "percentile", "fixed"]
_NUMBER = r"-?\d{1,9}(?:\.\d{1,6})?"
_PERCENTILE = re.compile(rf"percentile:({_NUMBER})-({_NUMBER})")
_FIXED = re.compile(rf"fixed:({_NUMBER})/({_NUMBER})")
FORMS = "declared, percentile:1-99, or fixed:CENTRE/WIDTH such as fixed:2048/4096"


@dataclass(frozen=True)
class GreyWindow:
    """The window of 16-bit, 32-bit and float greys; colours and 8-bit greys have none."""

    kind: Kind = "declared"
    low: float = 0.0
    """Percent of the image's pixels that become black, or the value that does."""
    high: float = 0.0
    """Percent of them that stay below white, or the value that becomes white."""

    @classmethod
    def parse(cls, text: str) -> "GreyWindow":
        """Read what `str` writes, or a person types: see `FORMS`.

        Raises:
            InvalidInput: It is none of them, or holds no greys.
        """
        if text in ("", "declared"):
            return DECLARED
        if found := _PERCENTILE.fullmatch(text):
            low, high = float(found[1]), float(found[2])
            if 0 <= low < high <= 100:
                return cls("percentile", low, high)
        if found := _FIXED.fullmatch(text):
            centre, width = float(found[1]), float(found[2])
            if width > 0:
                return cls("fixed", centre - width / 2, centre + width / 2)
        raise InvalidInput(
            f"{text[:60]!r} is no window of greys.",
            next_step=f"Use {FORMS}; percentages rise from 0 to 100, and the width is above 0.",
        )

    def __str__(self) -> str:
        if self.kind == "percentile":
            return f"percentile:{self.low:g}-{self.high:g}"
        if self.kind == "fixed":
            return f"fixed:{(self.low + self.high) / 2:.10g}/{self.high - self.low:.10g}"
        return "declared"

    def name(self) -> str:
        """As part of a file's name; empty for the default."""
        return "" if self.kind == "declared" else re.sub(r"[:/]", "_", str(self))

    def range_of(self, image: Image.Image) -> tuple[float, float] | None:
        """The values that become black and white; None where the file decides.

        Args:
            image: Loaded, mode "I" or "F".
        """
        if self.kind == "declared":
            return None
        if self.kind == "fixed":
            return self.low, self.high
        values = np.asarray(image)
        low, high = (float(value) for value in np.percentile(values, [self.low, self.high]))
        if high > low:
            return low, high
        low, high = float(values.min()), float(values.max())  # nearly all pixels are the same
        return (low, high) if high > low else None


DECLARED = GreyWindow()
