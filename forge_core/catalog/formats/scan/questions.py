"""Which of several questions about an image is the one whose answer is its label."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from forge_core.catalog.formats.scan import label_records
from forge_core.catalog.formats.scan.scanned_folder import Caution, parted
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput

_WORD = re.compile(r"[^\W_]+")
_WHO = frozenset({"identity", "identities", "person", "persons", "subject", "subjects", "patients"})


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


def says_who(document: str) -> bool:
    """Whether a list is called as one of who is seen (identity_CelebA.txt), not of classes."""
    return not _WHO.isdisjoint(_WORD.findall(parted(PurePosixPath(document).stem)))


def of_lists(said: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """The question that each list of images and labels answers, by what its name says.

    Lists that are called alike but for their split answer one (`images_variant_train.txt` and
    `images_variant_test.txt`: "variant"); words that all of them have say nothing. Where no two
    lists say different things of one image there is one question, whatever they are called.

    Args:
        said: Of each list, what it says of each image; a part of the lines will do.

    Returns:
        The question of each list; empty where there is only one.
    """
    kins = {document: label_records.without_split(document) for document in said}
    first: dict[str, tuple[str, object]] = {}
    if not any(
        kins[document] != (known := first.setdefault(image, (kins[document], label)))[0]
        and known[1] != label
        for document, labels in said.items()
        for image, label in labels.items()
    ):
        return {}
    words = {kin: _WORD.findall(PurePosixPath(kin).stem) for kin in kins.values()}
    common = set.intersection(*(set(found) for found in words.values())) if words else set()
    names = {
        kin: " ".join(word for word in found if word not in common) or kin
        for kin, found in words.items()
    }
    return {document: names[kin] for document, kin in kins.items()}


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
    verb = "answers" if len(documents) == 1 else "answer"
    message = (
        f"{label_records.named(documents)} {verb} {len(named)} questions about each image: "
        f"{shown}. "
        "Choose the one whose answer is the label; until then the images come in unlabelled."
    )
    caution = Caution(
        kind="several_questions", message=message, option="question", choices=tuple(named)
    )
    return Asked(chosen=None, is_open=True, cautions=(caution,))
