"""Which of several questions about an image is the one whose answer is its label."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forge_core.catalog.formats.scan.scanned_folder import Caution
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The questions of a label file, and the one that counts."""

    chosen: str | None
    """None while there are several, or none at all."""
    is_open: bool
    """Whether somebody has to choose."""
    cautions: tuple[Caution, ...] = ()
    notes: tuple[str, ...] = ()

    def counts(self, question: str) -> bool:
        """Whether answers to a question are labels."""
        return not self.is_open and self.chosen in (None, question)


def ask(found: Iterable[str], chosen: str | None, documents: Sequence[str]) -> Asked:
    """The questions of a label file.

    Args:
        found: The question of each answer.
        chosen: The one that a person wants.
        documents: The label files, for the message.

    Raises:
        InvalidInput: Nobody asked what was chosen.
    """
    answers = Counter(found)
    named = [name for name, _ in answers.most_common()]
    if chosen is not None:
        if chosen not in answers:
            raise InvalidInput(
                f"There is no question {chosen!r} in {printable(documents[0])}.",
                next_step=f"It has {', '.join(named[:20]) or 'none'}.",
            )
        notes = (f"The answer to “{printable(chosen)}” is the label.",) if len(named) > 1 else ()
        return Asked(chosen=chosen, is_open=False, notes=notes)
    if len(named) < 2:
        return Asked(chosen=None, is_open=False)
    shown = ", ".join(f"“{printable(name)}” ({answers[name]:,})" for name in named[:8])
    message = (
        f"{printable(documents[0])} answers {len(named)} questions about each image: {shown}. "
        "Choose the one whose answer is the label; until then the images come in unlabelled."
    )
    caution = Caution(
        kind="several_questions", message=message, option="question", choices=tuple(named)
    )
    return Asked(chosen=None, is_open=True, cautions=(caution,))
