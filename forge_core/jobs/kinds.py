"""What kinds of jobs there are: every fact about a kind stands here, and nowhere else.

The queue, the slots, the processes and the pages read it. What a kind runs, and how what follows
its success is queued, is in `handlers`, the only room that knows all of them.
"""

from dataclasses import dataclass
from typing import Literal

Place = Literal["training", "scoring", "light"]
DeviceNeed = Literal["own", "shared", "none"]

ASKED_NICENESS = 5
"""Of what a person asked for and waits for: behind the web server and the browser, so that whoever
labels meanwhile is not disturbed. On a machine with nothing else to do it costs nothing."""
UNASKED_NICENESS = 15
"""Of what can wait: behind what a person waits for."""


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """One kind of job."""

    name: str
    """As the jobs table has it; never changes."""
    place: Place = "light"
    """Which of the machine's places a job takes; each has a number of its own."""
    device: DeviceNeed = "none"
    """`own`: no other such job computes on it; `shared`: the device with the least company."""
    niceness: int = ASKED_NICENESS
    """How far its process steps back behind others of the machine, 0 to 19."""
    is_warm: bool = False
    """Whether it runs in the process that waits with PyTorch imported: a person waits for it."""
    mirrors_run: bool = False
    """Whether the status of its run is always that of the job."""
    is_told: bool = False
    """Whether people are told when it has ended; see `notices`."""
    is_continued: bool = False
    """Whether it goes on, asked for again, with what it had not kept yet."""
    followed_by: tuple[str, ...] = ()
    """Names of the kinds that may be queued when it has succeeded."""
    noun: str = "image"
    """What it counts, in the singular, as a page says it."""
    subject: str = "It"
    """The job at the beginning of a sentence."""

    @property
    def after_loss(self) -> str:
        """What a person can do when its process has died."""
        return "Resume the run, or see its log." if self.mirrors_run else self.after_end

    @property
    def after_end(self) -> str:
        """What a person can do when the system asked its process to end."""
        return "Resume the run." if self.mirrors_run else "Start it again."


SCORE = JobKind(
    name="score", place="scoring", device="shared", niceness=UNASKED_NICENESS, is_continued=True
)
EMBED = JobKind(
    name="embed", place="scoring", device="shared", niceness=UNASKED_NICENESS, is_continued=True
)
MAP = JobKind(
    name="map",
    place="scoring",
    device="shared",
    niceness=UNASKED_NICENESS,
    is_continued=True,
    subject="The map",
)
COMPARE = JobKind(
    name="compare",
    place="scoring",
    device="shared",
    niceness=UNASKED_NICENESS,
    subject="The comparison",
)
LABEL_ISSUES = JobKind(
    name="label_issues",
    place="scoring",
    device="shared",
    niceness=UNASKED_NICENESS,
    subject="The judging",
)
TRAIN = JobKind(
    name="train",
    place="training",
    device="own",
    is_warm=True,
    mirrors_run=True,
    is_told=True,
    is_continued=True,
    followed_by=(SCORE.name,),
)
EVALUATE = JobKind(name="evaluate", device="shared", is_warm=True)
IMPORT = JobKind(name="import")
AUGMENT = JobKind(name="augment", is_warm=True)  # copies are made on the processor
CHECK_AUGMENTATION = JobKind(
    name="check_augmentation", device="shared", is_warm=True, noun="look", subject="The check"
)
LEARNING_CURVE = JobKind(name="label_outlook", device="shared", is_warm=True)
SHORTCUTS = JobKind(
    name="shortcuts", device="shared", is_warm=True, noun="step", subject="The look"
)
MEASURE = JobKind(name="measure", niceness=UNASKED_NICENESS)
LABEL_NEXT = JobKind(name="label_next", device="shared", is_warm=True)
RATE_SEARCH = JobKind(name="find_rate", device="shared", is_warm=True)
DRIFT = JobKind(name="drift", device="shared", is_warm=True, subject="The look")
EXPORT = JobKind(name="export", is_warm=True, subject="The export")  # traced on the processor

KINDS: dict[str, JobKind] = {
    kind.name: kind
    for kind in (
        TRAIN,
        SCORE,
        EMBED,
        MAP,
        COMPARE,
        LABEL_ISSUES,
        EVALUATE,
        IMPORT,
        AUGMENT,
        CHECK_AUGMENTATION,
        LEARNING_CURVE,
        SHORTCUTS,
        MEASURE,
        LABEL_NEXT,
        RATE_SEARCH,
        DRIFT,
        EXPORT,
    )
}


def find(name: str) -> JobKind:
    """The kind of this name; one that this version does not know is light and fails in words."""
    return KINDS.get(name) or JobKind(name=name)
