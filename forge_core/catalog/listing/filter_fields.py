"""The fields by which a list of images is filtered, each declared once.

The page, its chips, its address, the command line and the routes read `FIELDS`; what a field means
in SQL stands under the same name in `db.repositories.filters`, its type in `AssetFilter`.
"""

from collections.abc import Mapping
from typing import Any

from db.enums import Split
from db.records import ACROSS, ANY, NONE, AssetFilter
from forge_core.catalog.listing import answer_fields, field_texts, text_values
from forge_core.catalog.listing.field_types import (
    Chip,
    Control,
    FilterField,
    Group,
    Offer,
    Said,
)
from forge_core.catalog.listing.finds import find_fields
from forge_core.catalog.opinions import opinion_fields

SPLIT_WORDS: dict[str, str] = {
    Split.TRAIN.value: "train",
    Split.VAL.value: "val",
    Split.TEST.value: "test",
    Split.HELD_OUT.value: "kept aside",
    NONE: "not assigned",
}
"""What a split is called where people read it, and what images without one are."""


def read(values: Mapping[str, Any]) -> AssetFilter:
    """An asset filter from text values such as `label=3`, `label=none`, `augmented=no`.

    Raises:
        InvalidInput: A value is not of its kind, such as a label that is no number.
    """
    return AssetFilter(
        **{
            name: known.read(values[name], name)
            for name, known in FIELDS.items()
            if values.get(name) is not None
        }
    )


def write(where: AssetFilter) -> dict[str, str]:
    """The filter as text values; `read` gives it back."""
    values = {name: getattr(where, name) for name in FIELDS}
    return {
        name: FIELDS[name].write(value) for name, value in values.items() if value not in (None, "")
    }


def describe(said: Said) -> list[Chip]:
    """The chips of a filter, in the order of the fields."""
    found = []
    for name, known in FIELDS.items():
        if known.say_range is not None:
            bounds = (said.where.get(name), said.where.get(known.upper))
            names = tuple(end for end in (name, known.upper) if end in said.where)
            words = known.say_range(*bounds, said) if names else ""
        elif known.say is not None and name in said.where:
            names = (name,)
            words = known.say(known.canonical(said.where[name]), said)
        else:
            continue
        if words:
            found.append(Chip(words, names))
    return found


def _read_label(value: Any, name: str) -> int | str:
    return value if value in (NONE, ANY) else text_values.parse_number(value, name)


def _read_number_or_any(value: Any, name: str) -> int | str:
    return ANY if value == ANY else text_values.parse_number(value, name)


def _read_group(value: Any, name: str) -> Any:
    return value if value in (ANY, ACROSS) else text_values.parse_id(value)


_FIELDS = (
    FilterField(
        name="label",
        read=_read_label,
        words="Label",
        control=Control.CHOICE,
        group=Group.ROW,
        icon="sell",
        values={ANY: "any label", NONE: "no label"},
        offer=Offer.CLASSES,
        other="label {}",
    ),
    FilterField(
        name="split",
        read=text_values.parse_text,
        words="Split",
        control=Control.CHOICE,
        group=Group.ROW,
        icon="call_split",
        values=SPLIT_WORDS,
        noun="split",
    ),
    FilterField(
        name="source",
        read=text_values.parse_text,
        words="Source",
        control=Control.CHOICE,
        group=Group.ROW,
        icon="folder",
        offer=Offer.SOURCES,
    ),
    FilterField(
        name="group",
        read=text_values.parse_text,
        words="Group",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=9,
        values={NONE: "no group"},
        say=lambda value, said: "in no group" if value == NONE else f"group {value}",
    ),
    FilterField(
        name="text",
        read=text_values.parse_text,
        words="Text in the path",
        control=Control.SEARCH,
        group=Group.ROW,
        icon="search",
    ),
    FilterField(
        name="predicted",
        read=text_values.parse_number,
        words="It says",
        control=Control.CHOICE,
        group=Group.MODEL,
        seat=4,
        offer=Offer.ALL_CLASSES,
        say=lambda value, said: f"{said.run} says {said.name_class(value)}",
    ),
    FilterField(
        name="disagrees",
        read=text_values.parse_yes_no,
        write=field_texts.write_yes_no,
        words="The run",
        control=Control.CHOICE,
        group=Group.MODEL,
        seat=3,
        values={"yes": "Disagrees with the label", "no": "Agrees with the label"},
        say=lambda value, said: f"{said.run} {'disagrees' if value == 'yes' else 'agrees'}",
    ),
    FilterField(
        name="confidence_min",
        read=text_values.parse_part,
        write=field_texts.write_share,
        words="How sure it is (%)",
        control=Control.SHARES,
        group=Group.MODEL,
        seat=5,
        upper="confidence_max",
        say_range=field_texts.say_shares,
    ),
    FilterField(
        name="confidence_max",
        read=text_values.parse_part,
        write=field_texts.write_share,
        words="How sure it is (%)",
        control=Control.WITH_LOWER,
        group=Group.MODEL,
    ),
    FilterField(
        name="issue_min",
        read=text_values.parse_part,
        write=field_texts.write_share,
        words="How likely the label is wrong (%)",
        control=Control.SHARES,
        group=Group.MODEL,
        seat=6,
        upper="issue_max",
        say_range=field_texts.say_doubts,
    ),
    FilterField(
        name="issue_max",
        read=text_values.parse_part,
        write=field_texts.write_share,
        words="How likely the label is wrong (%)",
        control=Control.WITH_LOWER,
        group=Group.MODEL,
    ),
    FilterField(
        name="suspected",
        read=text_values.parse_number,
        words="It looks like",
        control=Control.CHOICE,
        group=Group.MODEL,
        seat=7,
        offer=Offer.ALL_CLASSES,
        say=lambda value, said: f"looks like {said.class_names.get(value, f'class {value}')}",
    ),
    FilterField(
        name="audit",
        read=_read_number_or_any,
        words="Drawn by",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=5,
        values={ANY: "any audit"},
        other="audit {}",
        say=lambda value, said: f"drawn by {'an audit' if value == ANY else f'audit {value}'}",
    ),
    FilterField(
        name="run",
        read=text_values.parse_number,
        words="Run",
        control=Control.CHOICE,
        group=Group.MODEL,
        seat=1,
        offer=Offer.RUNS,
        other="run {}",
        say=lambda value, said: "" if said.asks_the_run else f"suggestions of {said.run}",
    ),
    *answer_fields.FIELDS,
    FilterField(
        name="author",
        read=text_values.parse_text,
        words="Changed by",
        control=Control.CHOICE,
        group=Group.HISTORY,
        seat=1,
        offer=Offer.AUTHORS,
        say=lambda value, said: f"changed by {value}",
    ),
    FilterField(
        name="changed_since",
        read=text_values.parse_number,
        words="After revision",
        control=Control.NUMBER,
        group=Group.HISTORY,
        seat=2,
        say=lambda value, said: f"changed since revision {value}",
    ),
    FilterField(
        name="since",
        read=text_values.parse_day,
        words="Imported from",
        control=Control.DAY,
        group=Group.HISTORY,
        seat=3,
        upper="until",
        say_range=field_texts.say_days,
    ),
    FilterField(
        name="until",
        read=text_values.parse_day,
        words="Imported to",
        control=Control.DAY,
        group=Group.HISTORY,
        seat=4,
    ),
    FilterField(
        name="side_min",
        read=text_values.parse_number,
        words="Shorter side from (px)",
        control=Control.NUMBER,
        group=Group.PICTURE,
        seat=1,
        least=1,
        upper="side_max",
        unit="px",
        say_range=lambda low, high, said: field_texts.say_range("shorter side", low, high, "px"),
    ),
    FilterField(
        name="side_max",
        read=text_values.parse_number,
        words="Shorter side to (px)",
        control=Control.NUMBER,
        group=Group.PICTURE,
        seat=2,
        least=1,
    ),
    FilterField(
        name="duplicates",
        read=_read_group,
        words="Near-duplicates",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=4,
        values={ANY: "Only near-duplicates", ACROSS: "Near-duplicates in two splits"},
        say=lambda value, said: {
            ANY: "near-duplicates",
            ACROSS: "near-duplicates in two splits",
        }.get(value, "one group of near-duplicates"),
    ),
    FilterField(
        name="augmented",
        read=text_values.parse_yes_no,
        write=field_texts.write_yes_no,
        words="Augmented copies",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=3,
        values=field_texts.AUGMENTED_WORDS,
        say=lambda value, said: field_texts.AUGMENTED_WORDS[value].lower(),
    ),
    FilterField(
        name="review",
        read=text_values.parse_text,
        words="Review",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=1,
        values=field_texts.REVIEW_WORDS,
        noun="review state",
        say=lambda value, said: field_texts.REVIEW_WORDS[value].lower(),
    ),
    FilterField(
        name="measured",
        read=text_values.parse_text,
        words="Measured",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=5,
        say=lambda value, said: field_texts.say_measured(value),
    ),
    FilterField(
        name="file",
        read=text_values.parse_text,
        words="File",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=7,
        values=field_texts.FILE_WORDS,
        noun="fact of a file",
        say=lambda value, said: field_texts.FILE_WORDS[value].lower(),
    ),
    *find_fields.FIELDS,
    FilterField(
        name="decided",
        read=text_values.parse_text,
        words="Confirmed",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=3,
        values=field_texts.DECIDED_WORDS,
        noun="question",
        say=lambda value, said: field_texts.DECIDED_WORDS[value].lower(),
    ),
    FilterField(
        name="undecided",
        read=text_values.parse_text,
        words="Not confirmed",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=4,
        values=field_texts.UNDECIDED_WORDS,
        noun="question",
        say=lambda value, said: field_texts.UNDECIDED_WORDS[value].lower(),
    ),
    FilterField(
        name="requested",
        read=text_values.parse_text,
        words="To label next",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=6,
        values=field_texts.REQUESTED_WORDS,
        noun="reason",
        say=lambda value, said: f"to label next, {field_texts.REQUESTED_WORDS[value].lower()}",
    ),
    *opinion_fields.FIELDS,
    FilterField(
        name="assigned",
        read=text_values.parse_text,
        words="Assigned to",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=2,
        values={NONE: "nobody"},
        offer=Offer.PERSONS,
        say=lambda value, said: f"assigned to {'nobody' if value == NONE else value}",
    ),
)
FIELDS = {known.name: known for known in _FIELDS}
"""Every field by name, in the order of the chips."""
