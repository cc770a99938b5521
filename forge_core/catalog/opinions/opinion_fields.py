"""The fields of the filter that speak of what several people say."""

from db.repositories.opinions import DIFFER
from forge_core.catalog.listing import field_texts, text_values
from forge_core.catalog.listing.field_types import Control, FilterField, Group

FIELDS = (
    FilterField(
        name="opinions",
        read=text_values.parse_text,
        words="Opinions",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=7,
        values=field_texts.OPINIONS_WORDS,
        noun="state of opinions",
        say=lambda value, said: "opinions differ" if value == DIFFER else "with an opinion",
    ),
    FilterField(
        name="asked_of",
        read=text_values.parse_text,
        words="Second opinion of",
        control=Control.CHOICE,
        group=Group.WORK,
        seat=8,
        say=lambda value, said: f"second opinion of {value}",
    ),
)
