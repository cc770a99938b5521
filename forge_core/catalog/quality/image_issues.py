"""Dark, blurred or odd pictures, and outliers: measured numbers, and lines that people draw.

There are no verdicts: what is too dark depends on the pictures. Each issue shows how its measure is
distributed, a person draws the line, and the images beyond it are a filter of the gallery. The line
is the workspace's; until somebody draws one it lies at the most extreme hundredth.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from db.records import Asset, AssetFilter
from forge_core.catalog.listing import asset_list
from forge_core.errors import ForgeError, InvalidInput
from forge_core.imaging import measures, thumbnails
from forge_core.imaging.decode import DecodeLimits
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

BINS = 60
AT_ONCE = 512
READERS = 4
UNDRAWN_SHARE = 0.01
"""Of the images lie beyond a line that nobody has drawn."""


@dataclass(frozen=True, kw_only=True)
class ImageIssue:
    """One kind of issue: a measure, and which of its ends is the doubtful one."""

    name: str
    """In addresses and commands; never changes."""
    words: str
    measure: str
    """A field of `PictureMeasures`, or a `Typicality`."""
    is_low: bool
    """Whether small values are doubtful, else large ones."""
    scale: str
    """What the measure says, in words."""

    def condition(self, line: float) -> str:
        """The value of the filter's field `measured` for the images beyond a line."""
        return f"{self.measure}{'<' if self.is_low else '>'}{line:.6g}"


_ISSUES = (
    ImageIssue(
        name="dark", words="Dark", measure="brightness", is_low=True, scale="0 black, 1 white"
    ),
    ImageIssue(
        name="bright", words="Bright", measure="brightness", is_low=False, scale="0 black, 1 white"
    ),
    ImageIssue(
        name="low_contrast",
        words="Low contrast",
        measure="contrast",
        is_low=True,
        scale="0 one shade, 0.5 black and white",
    ),
    ImageIssue(
        name="blurred",
        words="Blurred",
        measure="sharpness",
        is_low=True,
        scale="variance of the Laplacian at 128 px",
    ),
    ImageIssue(
        name="grey", words="Grey among colour", measure="colour", is_low=True, scale="0 grey"
    ),
    ImageIssue(
        name="empty",
        words="Nearly empty",
        measure="emptiness",
        is_low=False,
        scale="share of one shade",
    ),
    ImageIssue(
        name="odd_shape",
        words="Odd shape",
        measure="elongation",
        is_low=False,
        scale="longer side by shorter side",
    ),
    ImageIssue(
        name="small", words="Small", measure="short_side", is_low=True, scale="shorter side, px"
    ),
)
_OUTLIERS = (
    ImageIssue(
        name="unlike_all",
        words="Unlike any other",
        measure="strangeness",
        is_low=False,
        scale="mean distance to the 10 nearest images",
    ),
    ImageIssue(
        name="unlike_class",
        words="Unlike its class",
        measure="class_strangeness",
        is_low=False,
        scale="mean distance to the 10 nearest of its class",
    ),
)
OUTLIERS = {issue.name for issue in _OUTLIERS}
"""Issues of an image among the others: a network compares them, see `embeddings.nearness`."""
ISSUES = {issue.name: issue for issue in (*_ISSUES, *_OUTLIERS)}
"""Every issue by name, in the order in which people read them."""


@dataclass(frozen=True, kw_only=True)
class IssueState:
    """An issue as it is now in the catalog."""

    issue: ImageIssue
    line: float
    is_drawn: bool
    """Whether a person drew the line."""
    num_measured: int
    num_beyond: int
    """Images beyond the line whose picture nobody has confirmed."""
    edges: Sequence[float]
    """Of the bins, one more than there are bins."""
    counts: Sequence[int]

    @property
    def where(self) -> dict[str, str]:
        """The gallery's filter for the images beyond the line."""
        return {"measured": self.issue.condition(self.line), "undecided": "picture"}


@dataclass(frozen=True, kw_only=True)
class MeasuringReport:
    """What a measuring did."""

    num_measured: int
    num_failed: int
    """Images whose file is missing or cannot be read."""


def measure_images(workspace: Workspace, *, progress: Progress = SILENT) -> MeasuringReport:
    """Measure every image whose bytes were not measured yet, from its thumbnail.

    Thumbnails that are missing are made on the way. Kept in batches: what was measured when it is
    cancelled stays.

    Args:
        workspace: The workspace.
        progress: Told the images done; asked before each batch.

    Raises:
        Cancelled: The rest is not measured.
    """
    limits = DecodeLimits.from_settings(workspace.image_settings)
    cache = thumbnails.cache_of(workspace.cache_folder, limits.window)

    def measure_one(asset: Asset) -> Mapping[str, Any] | None:
        try:
            thumbnail = cache.get(
                asset.content_hash, lambda: workspace.store.read(asset.file_path), limits
            )
            with Image.open(BytesIO(thumbnail)) as picture:
                found = measures.measure(picture, width=asset.width, height=asset.height)
        except (ForgeError, OSError):
            return None
        return {
            "asset_id": asset.asset_id,
            "content_hash": asset.content_hash,
            **asdict(found),
        }

    with workspace.database.read() as uow:
        total = uow.image_measures.count_to_measure()
    done = failed = 0
    after = None
    with ThreadPoolExecutor(READERS) as readers:
        while True:
            progress.check()
            with workspace.database.read() as uow:
                assets = uow.image_measures.list_to_measure(after=after, limit=AT_ONCE)
            if not assets:
                return MeasuringReport(num_measured=done - failed, num_failed=failed)
            rows = list(readers.map(measure_one, assets))
            measured = [row for row in rows if row is not None]
            with workspace.database.write() as uow:
                uow.image_measures.add(measured)
            after = assets[-1].asset_id
            done += len(rows)
            failed += len(rows) - len(measured)
            progress.advance(done, total, f"{done:,} of {total:,} images")


def count_unmeasured(workspace: Workspace) -> int:
    """How many images were not measured since they came in or got other bytes."""
    with workspace.database.read() as uow:
        return uow.image_measures.count_to_measure()


def count_measured(workspace: Workspace) -> int:
    """How many measures there are, also of what images were before."""
    with workspace.database.read() as uow:
        return uow.image_measures.count()


def find_issue(name: str) -> ImageIssue:
    """The issue of this name.

    Raises:
        InvalidInput: There is none.
    """
    if name not in ISSUES:
        raise InvalidInput(
            f"There is no image issue {name[:60]!r}.", next_step=f"Use {', '.join(ISSUES)}."
        )
    return ISSUES[name]


def list_states(workspace: Workspace) -> list[IssueState]:
    """Every issue with the distribution of its measure, its line and what lies beyond it."""
    with workspace.database.read() as uow:
        lines = uow.image_measures.list_lines()
        values = {
            measure: np.array(uow.image_measures.list_values(measure), np.float64)
            for measure in {issue.measure for issue in ISSUES.values()}
        }
    return [
        _state(workspace, issue, values[issue.measure], lines.get(issue.name))
        for issue in ISSUES.values()
    ]


def draw_line(workspace: Workspace, name: str, value: float, *, actor: Actor) -> None:
    """Remember where the line of an issue lies, for everybody.

    Raises:
        InvalidInput: There is no such issue, or the value is no finite number.
    """
    issue = find_issue(name)
    if not np.isfinite(value):
        raise InvalidInput("A line lies at a number.")
    with workspace.database.write() as uow:
        uow.image_measures.put_line(issue.name, float(value), actor.checked().name)


def _state(
    workspace: Workspace, issue: ImageIssue, values: np.ndarray, drawn: float | None
) -> IssueState:
    share = UNDRAWN_SHARE if issue.is_low else 1 - UNDRAWN_SHARE
    line = drawn
    if line is None:
        line = float(np.quantile(values, share)) if len(values) else 0.0
    line = float(f"{line:.6g}")  # as the filter says it
    counts, edges = np.histogram(values, BINS) if len(values) else (np.zeros(1, int), [0.0, 1.0])
    where = AssetFilter(measured=issue.condition(line), undecided="picture")
    return IssueState(
        issue=issue,
        line=line,
        is_drawn=drawn is not None,
        num_measured=len(values),
        num_beyond=asset_list.count_assets(workspace, where) if len(values) else 0,
        edges=[float(edge) for edge in edges],
        counts=[int(number) for number in counts],
    )
