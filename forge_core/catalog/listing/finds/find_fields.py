"""The fields of the filter for what was found or picked together."""

from forge_core.catalog.listing import text_values
from forge_core.catalog.listing.field_types import Control, FilterField, Group, Offer

FIELDS = (
    FilterField(
        name="alike",
        read=text_values.parse_number,
        words="Looks like",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=6,
        offer=Offer.SEARCHES,
        other="search {}",
        say=lambda value, said: f"looks like {said.name_search(value)}",
    ),
    FilterField(
        name="selected",
        read=text_values.parse_number,
        words="Picked together",
        control=Control.CHOICE,
        group=Group.PICTURE,
        seat=8,
        offer=Offer.SELECTIONS,
        other="selection {}",
        say=lambda value, said: said.selections.get(value, f"selection {value}"),
    ),
)
