"""What is filtered, in words: one chip a condition, each with its cross."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from forge_core.catalog.listing.asset_list import NONE
from pages.components import errors
from pages.components.gallery import filter_address
from pages.components.gallery.filter_address import (
    AUGMENTED_WORDS,
    REVIEW_WORDS,
    RUN_SORTS,
    SORTS,
)


@dataclass(frozen=True)
class Chip:
    """A condition in words, and the parameters that say it."""

    words: str
    names: tuple[str, ...]


def describe(where: Mapping[str, str], sort: str, names: Mapping[str, str]) -> list[Chip]:
    """The chips of a filter, without those whose own box shows them (label, split, source, text).

    Args:
        where: The filter, as in the address.
        sort: The order.
        names: Names of classes by number, as text.
    """
    found: list[Chip] = []
    run = where.get("run")
    who = f"run {run}"
    if "predicted" in where:
        said = names.get(where["predicted"], f"class {where['predicted']}")
        found.append(Chip(f"{who} says {said}", ("predicted",)))
    if "disagrees" in where:
        differs = where["disagrees"] in ("yes", "true")
        found.append(Chip(f"{who} {'disagrees' if differs else 'agrees'}", ("disagrees",)))
    found += _range(where, "confidence", f"{who} sure", "%")
    if sort in RUN_SORTS:
        words = RUN_SORTS[sort]
        found.append(Chip(f"{words[0].lower()}{words[1:]}, {who}", ("sort",)))
    elif sort != "newest":
        words = SORTS[sort]
        found.append(Chip(f"{words[0].lower()}{words[1:]}", ("sort",)))
    if run is not None and not found_a_run(found):
        found.append(Chip(f"suggestions of {who}", ("run",)))
    if "author" in where:
        found.append(Chip(f"changed by {where['author']}", ("author",)))
    if "changed_since" in where:
        found.append(Chip(f"changed since revision {where['changed_since']}", ("changed_since",)))
    found += _days(where)
    found += _range(where, "side", "shorter side", "px")
    if "duplicates" in where:
        is_any = where["duplicates"] == "any"
        found.append(
            Chip("near-duplicates" if is_any else "one group of near-duplicates", ("duplicates",))
        )
    if "augmented" in where:
        value = {"true": "yes", "false": "no"}.get(where["augmented"], where["augmented"])
        found.append(Chip(AUGMENTED_WORDS[value].lower(), ("augmented",)))
    if "review" in where:
        found.append(Chip(REVIEW_WORDS[where["review"]].lower(), ("review",)))
    if "assigned" in where:
        nobody = where["assigned"] == NONE
        found.append(
            Chip(
                "assigned to nobody" if nobody else f"assigned to {where['assigned']}",
                ("assigned",),
            )
        )
    return found


def found_a_run(chips: list[Chip]) -> bool:
    """Whether one of the chips speaks of a run already."""
    of_a_run = {*filter_address.OPINION_FIELDS}
    return any(set(chip.names) & of_a_run or ", run " in chip.words for chip in chips)


def show(chips: list[Chip]) -> None:
    """Draw the chips; a click takes one away."""
    for chip in chips:
        st.button(
            errors.literal(chip.words),
            icon=":material/close:",
            icon_position="right",
            help=f"Remove: {errors.literal(chip.words)}",
            on_click=filter_address.remove,
            args=(chip.names,),
            key=f"chip_{'_'.join(chip.names)}",
        )


def _range(where: Mapping[str, str], name: str, words: str, unit: str) -> list[Chip]:
    low, high = where.get(f"{name}_min"), where.get(f"{name}_max")
    if unit == "%":
        low, high = (None if v is None else f"{100 * float(v):.4g}" for v in (low, high))
    if low is not None and high is not None:
        return [Chip(f"{words} {low} to {high} {unit}", (f"{name}_min", f"{name}_max"))]
    if low is not None:
        return [Chip(f"{words} from {low} {unit}", (f"{name}_min",))]
    if high is not None:
        return [Chip(f"{words} up to {high} {unit}", (f"{name}_max",))]
    return []


def _days(where: Mapping[str, str]) -> list[Chip]:
    since, until = where.get("since"), where.get("until")
    if since and until:
        words = f"imported on {since}" if since == until else f"imported {since} to {until}"
        return [Chip(words, ("since", "until"))]
    if since:
        return [Chip(f"imported since {since}", ("since",))]
    return [Chip(f"imported until {until}", ("until",))] if until else []
