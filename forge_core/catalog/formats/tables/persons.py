"""Tables of one form that differ in one word of their names: a person each, or a question each.

`labels_anna.csv` and `labels_ben.csv` label the same images with the same classes: votes. Where the
classes are others (`labels_colour.csv`, `labels_shape.csv`) they answer different questions. Those
that are called as versions (`labels_v2.csv`) are neither.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from forge_core.catalog.formats.scan import questions
from forge_core.catalog.formats.scan.questions import Asked
from forge_core.catalog.formats.scan.scanned_folder import (
    ReadOptions,
    parted,
    split_of_document,
)
from forge_core.catalog.formats.tables import table_choice
from forge_core.catalog.formats.tables.table_choice import Reading

_WORD = re.compile(r"[^\W_]+")
_VERSION = re.compile(
    r"(?:v|ver|version|rev|round|set|part|batch|fold|run)?\d[\d.-]*|new|old|latest|final|fixed|"
    r"corrected|clean(?:ed)?|raw|copy|backup|bak|orig(?:inal)?|updated?|full|all|small|tmp|noisy|"
    r"auto|pred(?:ictions?|icted)?|gt|truth|extra|more|merged|revised|relabell?ed",
    re.IGNORECASE,
)


def ask(
    readable: Sequence[Reading], options: ReadOptions
) -> tuple[Asked, list[Reading], list[str], dict[str, str]]:
    """The tables to read, of lists that answer different questions those of one, and the others.

    Last, the person that each table is of, where each of several persons wrote one.
    """
    chosen = table_choice.together(readable)
    nothing = Asked(chosen=None, is_open=False)
    if options.document is not None or options.label_column is not None or options.columns:
        return nothing, chosen, [], {}
    lists = {r.table.document: r for r in readable if table_choice.is_list(r)}
    by_document: dict[str, str] = {}
    if chosen[0].table.document in lists:
        by_document = questions.of_lists({name: r.labels for name, r in lists.items()})
    elif kin := others_of(chosen, readable):
        if have_the_same_classes(list(kin.values())):
            return nothing, list(kin.values()), [], {r.table.document: w for w, r in kin.items()}
        lists = {r.table.document: r for r in kin.values()}
        by_document = {r.table.document: word for word, r in kin.items()}
    if not by_document:
        return nothing, chosen, [], {}
    answers = (by_document[name] for name, r in lists.items() for _ in r.rows)
    asked = questions.ask(answers, options.question, list(lists))
    wanted = asked.chosen or by_document[chosen[0].table.document]
    chosen = [r for name, r in lists.items() if by_document[name] == wanted]
    return asked, chosen, [name for name in lists if by_document[name] != wanted], {}


def others_of(chosen: Sequence[Reading], readable: Sequence[Reading]) -> dict[str, Reading]:
    """The word that each of such tables has alone, to the table; empty where there is but one.

    Args:
        chosen: The table that would be read.
        readable: All that could be.
    """
    if len(chosen) != 1 or "label" not in chosen[0].mapping:
        return {}
    if "annotator" in chosen[0].mapping or "split" in chosen[0].mapping:
        return {}
    best = chosen[0]
    found: dict[str, Reading] = {}
    for other in readable:
        if other.table.columns != best.table.columns or other.mapping != best.mapping:
            continue
        if split_of_document(other.table.document) is not None:
            continue
        pair = _apart(best.table.document, other.table.document) if other is not best else None
        shared = best.labels.keys() & other.labels.keys()
        if pair is not None and 2 * len(shared) >= len(best.labels):
            found.setdefault(pair[0], best)
            found[pair[1]] = other
    if any(_VERSION.fullmatch(word) for word in found):
        return {}
    return found if len(set(map(id, found.values()))) == len(found) else {}


def have_the_same_classes(tables: Sequence[Reading]) -> bool:
    """Whether the tables give mostly the same labels, whatever to which image."""
    said = [set(table.labels.values()) - {""} for table in tables]
    return 2 * len(set.intersection(*said)) >= len(set.union(*said))


def _apart(one: str, other: str) -> tuple[str, str] | None:
    """The one word in which two names differ, of each."""
    first, second = _words(one), _words(other)
    if len(first) != len(second):
        return None
    apart = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    return apart[0] if len(apart) == 1 else None


def _words(document: str) -> list[str]:
    return _WORD.findall(parted(PurePosixPath(document).with_suffix("").as_posix()))
