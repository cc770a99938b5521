"""The closed sets of words that columns hold."""

import enum


class Split(enum.StrEnum):
    """A part of the catalog. `HELD_OUT` is never trained on and never moved by a split."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    HELD_OUT = "held_out"


class ReviewState(enum.StrEnum):
    """Whether somebody should look at an image again; none for most images."""

    FLAGGED = "flagged"  # by a person, with a note
    CONTESTED = "contested"  # by an import: what it says and what is there differ
    AMBIGUOUS = "ambiguous"  # by a person: no one class is right; it is kept aside


class Question(enum.StrEnum):
    """What is asked of an image where people review it."""

    LABEL = "label"  # is its label right
    PICTURE = "picture"  # can its picture be used
    SPLIT = "split"  # may it stay in its split, beside what looks like it
    PREDICTION = "prediction"  # was what a network said of it wrong
    OPINION = "opinion"  # what does it show, asked without telling its label
    DIFFERENCE = "difference"  # which of the opinions that differ holds
    GOLD = "gold"  # is its label certain enough to measure people by


class Answer(enum.StrEnum):
    """What a person answers."""

    KEEP = "keep"  # all is right as it is
    ACCEPT = "accept"  # what is suggested holds
    CHOOSE = "choose"  # another label holds
    AMBIGUOUS = "ambiguous"  # no one label is right: out of train, val and test, and kept
    HELD_OUT = "held_out"  # kept aside
    SKIP = "skip"  # not now
    CORRECT = "correct"  # the network was wrong, and this label is right

    def settles(self) -> bool:
        """Whether the question is answered, so that it is not asked again."""
        return self is not Answer.SKIP


class OpinionKind(enum.StrEnum):
    """Why an image's label is asked for without telling it."""

    SECOND = "second"  # of a share of what was decided: one other person shall answer
    GOLD = "gold"  # its label is certain: everybody who did not decide it shall answer


class Measure(enum.StrEnum):
    """What is measured of a picture; `forge_core.imaging.measures` says what each number means."""

    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SHARPNESS = "sharpness"
    COLOUR = "colour"
    EMPTINESS = "emptiness"
    ELONGATION = "elongation"
    SHORT_SIDE = "short_side"


class Typicality(enum.StrEnum):
    """How far an image is from those nearest to it; `ImageTypicalityRow` says what each means."""

    STRANGENESS = "strangeness"
    CLASS_STRANGENESS = "class_strangeness"


class RequestReason(enum.StrEnum):
    """Why an image was chosen to be labelled next."""

    COVERS = "covers"  # many images like it have no label near them
    DOUBT = "doubt"  # a network that is trained on the labels would learn from it
    CHANCE = "chance"  # drawn from all images without a label, each as likely
    STRANGE = "strange"  # met in the traffic of a checkpoint, unlike what that was tested on
    DISAGREEMENT = "disagreement"  # met in the traffic, and the shadow answered otherwise

    def is_of_traffic(self) -> bool:
        """Whether such an image is in the catalog only because it was met in the traffic."""
        return self in (RequestReason.STRANGE, RequestReason.DISAGREEMENT)


class SplitRuleKind(enum.StrEnum):
    """Which split an image gets that comes in without one."""

    NONE = "none"  # none: it waits until somebody divides
    GROUP = "group"  # that of its group, where images of it are there
    RATIO = "ratio"  # that of its group; else drawn by a hash of its bytes, in a ratio


class RegistryAction(enum.StrEnum):
    """What an entry of the registry does to its alias."""

    PROMOTE = "promote"  # it means this checkpoint from now on
    ROLL_BACK = "roll_back"  # it means again what it meant before
    WITHDRAW = "withdraw"  # it means none any more


class RunStatus(enum.StrEnum):
    """Where a training run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its process was lost; it can be resumed

    def is_finished(self) -> bool:
        """Whether nothing more will happen unless a person asks for it."""
        return self not in (RunStatus.QUEUED, RunStatus.RUNNING)


class RunOrder(enum.StrEnum):
    """What comes first in a list of runs."""

    NEWEST = "newest"
    OLDEST = "oldest"
    BEST = "best"  # highest accuracy, as it is shown
    LONGEST = "longest"
    NAME = "name"


class JobStatus(enum.StrEnum):
    """Where a job stands. A finished job never changes again."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    def is_finished(self) -> bool:
        """Whether the row is final."""
        return self not in (JobStatus.QUEUED, JobStatus.RUNNING)


class Channel(enum.StrEnum):
    """How people are told that a job has ended."""

    PAGE = "page"  # a desktop notice by whatever page of the app is open
    WEBHOOK = "webhook"
    MAIL = "mail"


class NoticeState(enum.StrEnum):
    """Whether a notice reached its channel."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"  # it failed too often


class EndRequest(enum.StrEnum):
    """How a person asked a job to end."""

    NONE = "none"
    PAUSE = "pause"  # it shall be resumed
    CANCEL = "cancel"


class GroupKind(enum.StrEnum):
    """Which groups of near-duplicates are meant."""

    ALL = "all"
    ACROSS_SPLITS = "across_splits"
    CONTESTED = "contested"  # their images have different labels


class RevisionKind(enum.StrEnum):
    """What a revision did to the catalog."""

    IMPORT = "import"
    RELABEL = "relabel"
    SET_SPLIT = "set_split"  # of the images that somebody chose
    SPLIT = "split"  # of the whole catalog, by a plan
    REMOVE = "remove"
    RESTORE = "restore"
    FLAG = "flag"
    UNFLAG = "unflag"
    KEEP_ONE = "keep_one"  # of near-duplicates
    AUGMENT = "augment"
    RELINK = "relink"
    CREATE_CLASS = "create_class"
    RENAME_CLASS = "rename_class"
    EDIT_CLASS = "edit_class"
    MERGE_CLASS = "merge_class"
    RETIRE_CLASS = "retire_class"
    UNRETIRE_CLASS = "unretire_class"
    UNDO = "undo"


class ChangeOutcome(enum.StrEnum):
    """What became of an operation that was to change the catalog."""

    APPLIED = "applied"  # a revision was written
    ALREADY_APPLIED = "already_applied"  # this operation id was seen before
    NOTHING = "nothing"  # all was as asked already
    CONFLICT = "conflict"  # all that differed was left alone


class FindingSubject(enum.StrEnum):
    """What of an image an import speaks of."""

    LABEL = "label"
    SPLIT = "split"
    GROUP = "group"
    SOURCE = "source"
    NOTE = "note"


class FindingOutcome(enum.StrEnum):
    """What became of what an import says of an image."""

    TAKEN = "taken"  # the catalog has it now
    KEPT = "kept"  # the catalog has what it had
    ASKED = "asked"  # a person decides: the image waits in the queue of contested ones
    DECIDED = "decided"  # as kept, by the choice of a person: it is not asked again
    LOCKED = "locked"  # it would have left held_out
    LEAK = "leak"  # the same bytes in two splits of one import


class FileFact(enum.StrEnum):
    """What of a file its image does not show."""

    PAGES = "pages"  # it has several pages or frames, and the first is the image
    DEEP = "deep"  # greys beyond 8 bits
    FEW_GREYS = "few_greys"  # deep, and its pixels stay below `FEW_GREYS_SHARE`


FEW_GREYS_SHARE = 0.25
"""Of the greys up to the file's white: an image that reaches no further uses few of them."""


class UndoBlock(enum.StrEnum):
    """Why a change cannot be taken back."""

    SUPERSEDED = "superseded"  # what it changed is something else by now
    PATH_TAKEN = "path taken"
    CLASS_RETIRED = "class retired"


class CheckpointKind(enum.StrEnum):
    """Which of a run's checkpoints."""

    BEST = "best"
    CALIBRATED = "calibrated"
    """A copy of one of the others whose card carries a temperature and a decision rule."""
    LAST = "last"
