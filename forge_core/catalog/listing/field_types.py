"""What a field of the filter is: its reading, its words, its control."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from db.records import AssetFilter
from db.repositories.asset_lists import SORTS

OPINION_FIELDS = tuple(
    known.name for known in fields(AssetFilter) if known.metadata.get("of_a_run")
)
"""Fields that mean nothing without a run."""
ANSWER_FIELDS = tuple(
    known.name for known in fields(AssetFilter) if known.metadata.get("of_an_evaluation")
)
"""Fields that mean nothing without an evaluation."""


class Control(enum.Enum):
    """How a field is chosen on the page."""

    CHOICE = "one of several"
    SEARCH = "a text"
    NUMBER = "a whole number"
    DAY = "a day"
    SHARES = "two shares in percent, this one and its upper one"
    WITH_LOWER = "by the control of the field that it is the upper one of"


class Group(enum.Enum):
    """Where its control stands: in the row of filters, or in a group behind "More"."""

    ROW = "Row"
    MODEL = "Model"
    EVALUATION = "Evaluation"
    HISTORY = "History"
    PICTURE = "Picture"
    WORK = "Work"


class Offer(enum.Enum):
    """What the catalog adds to the values that a choice always has."""

    NOTHING = enum.auto()
    CLASSES = enum.auto()
    ALL_CLASSES = enum.auto()
    """Retired ones too."""
    SOURCES = enum.auto()
    RUNS = enum.auto()
    EVALUATIONS = enum.auto()
    AUTHORS = enum.auto()
    PERSONS = enum.auto()
    SEARCHES = enum.auto()
    """Searches for images that look alike."""
    SELECTIONS = enum.auto()
    """Images that were picked together."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A filter as it stands in an address, with what its words need."""

    where: Mapping[str, str]
    sort: str
    class_names: Mapping[str, str]
    """By number, as text."""
    evaluations: Mapping[str, str] = field(default_factory=dict)
    """Evaluations in words, by number as text."""
    searches: Mapping[str, str] = field(default_factory=dict)
    """Pictures whose like was searched for, by number as text."""
    selections: Mapping[str, str] = field(default_factory=dict)
    """What was picked together in words, by number as text."""

    def name_class(self, value: str) -> str:
        """The class of this number in words."""
        return self.class_names.get(value, f"class {value}")

    def name_evaluation(self, value: str) -> str:
        """The evaluation of this number in words."""
        return self.evaluations.get(value, f"evaluation {value}")

    def name_search(self, value: str) -> str:
        """The picture of the search of this number: the end of its path."""
        return self.searches.get(value, f"search {value}").rpartition("/")[2]

    @property
    def run(self) -> str:
        """The run whose opinion is meant, in words."""
        return f"run {self.where.get('run')}"

    @property
    def asks_the_run(self) -> bool:
        """Whether a condition or the order is of the run's predictions."""
        return SORTS[self.sort].of_a_run or any(name in self.where for name in OPINION_FIELDS)


@dataclass(frozen=True)
class Chip:
    """A condition in words, and the parameters that say it."""

    words: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FilterField:
    """One field. `say` is None where the control in the row of filters shows the value."""

    name: str
    """In `AssetFilter`, in the address, in the routes and behind `--where`."""
    read: Callable[[Any, str], Any]
    """The value that a text means; refuses with the field's name."""
    write: Callable[[Any], str] = str
    """The text of a value; `read` gives the value back."""
    words: str
    """Of its control."""
    control: Control
    group: Group
    seat: int = 0
    """Its place in a group, two a line, from 1."""
    icon: str = ""
    """Of its control in the row of filters."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The values that a choice always has, in words."""
    noun: str = ""
    """What a value is called; given where a link with another value than `values` is refused."""
    offer: Offer = Offer.NOTHING
    other: str = "{}"
    """How a choice shows a value that it does not offer, such as a class that is gone."""
    least: int = 0
    """The smallest number of a `NUMBER`."""
    say: Callable[[str, Said], str] | None = None
    """The chip's words for a value; empty for no chip."""
    upper: str = ""
    """The field that bounds from above what this one bounds from below; they share a chip."""
    unit: str = ""
    """Of a number that has an upper field."""
    say_range: Callable[[str | None, str | None, Said], str] | None = None
    """The chip's words for this bound and the upper one."""

    def canonical(self, text: str) -> str:
        """The value as `write` puts it: one spelling of yes, one of a number."""
        return self.write(self.read(text, self.name))

    @property
    def is_class(self) -> bool:
        """Whether its values are classes, by number."""
        return self.offer in (Offer.CLASSES, Offer.ALL_CLASSES)
