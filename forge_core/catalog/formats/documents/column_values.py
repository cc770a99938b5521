"""What the columns of a table are for, told by the values in them where the names tell nothing."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]
Finds = Callable[[str], bool]
"""Whether a text names an image that is there."""

LEAST_FOUND = 0.5
_MOST_CLASSES = 1000
_MARKS = frozenset({"0", "1", "0.0", "1.0"})
_MARKED = frozenset({"1", "1.0"})
_YES = frozenset({"true", "yes", "ja", "oui", "si", "sí", "sim", "да", "x", "✓"})
_NO = frozenset({"false", "no", "nein", "non", "não", "нет"})
_UNSURE = _MARKS | {"", "-1", "-1.0"}
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_WHOLE = re.compile(r"\d+(?:\.0+)?")
_HASH_OR_TIME = re.compile(
    r"[0-9a-fA-F]{16,}|\d{4}-\d\d-\d\d.*|\d\d?[./]\d\d?[./]\d{2,4}.*|\w+://.*|[0-9a-fA-F-]{36}"
)
_ID = re.compile(r"(?:^|[_. ]|[a-z](?=I))(?:ids?|codes?|keys?|hash)$", re.IGNORECASE)
_NAME = re.compile(r"(?:name|label|class|value|title)$", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_NO_LABEL = re.compile(
    r"""(?:^|[_. ])(?:
    width|height|size|bytes|file_?size|area|pixels?\d*|channels?|depth|mode|dpi|orientation|
    md5|sha\d*|hash|checksum|crc|created(?:_at)?|updated(?:_at)?|modified|date|time|timestamp|
    url|uri|link|license|licence|copyright|photographer|lat|lon|latitude|longitude|
    x|y|w|h|x\d|y\d|x_?min|y_?min|x_?max|y_?max|left|top|right|bottom|bbox|box|roi|segmentation|
    fold|kfold|index|unnamed:?.*|row|rank|order|lead_time|annotator|annotated_by|completed_by|
    annotation_id|score|confidence|prob(?:ability)?|iscrowd|weights?|comments?|notes?|remarks?|
    bemerkung(?:en)?|anmerkung(?:en)?|kommentare?|remarques?|commentaires?|comentarios?|
    observaciones|caption|description|
    camera|device|iso|exposure|is_\w+|has_\w+|seed|version|format|extension|ext
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_PERSON = re.compile(r"(?:^|[_. ])(?:age|sex|gender)$", re.IGNORECASE)
"""What is said of who is seen: seldom the label, and a question where others are one."""


@dataclass(frozen=True, kw_only=True)
class LabelChoice:
    """Columns that can hold the label."""

    columns: tuple[str, ...] = ()
    """All that may, the likeliest first."""
    one_hot: tuple[str, ...] = ()
    """Columns of 0 and 1 of which each row marks one."""
    others: tuple[str, ...] = ()
    """Columns besides, of which nobody knows whether they say anything about a class."""


def path_column(
    rows: Sequence[Row], columns: Sequence[str], finds: Finds, known: Sequence[str] = ()
) -> str | None:
    """The column most of whose values name images that are there.

    Args:
        rows: The first rows.
        columns: Those that come into question.
        finds: Looks a value up.
        known: Columns whose names say so: they win where others find as many.
    """
    best: tuple[float, ...] = ()
    chosen = None
    for position, column in enumerate(columns):
        values = [row.get(column, "") for row in rows]
        asked = [value for value in values if value.strip()]
        distinct = list(dict.fromkeys(asked))
        if not distinct or len(distinct) * 10 < len(asked):
            continue  # numbers of classes find images called 0.jpg, too
        found = sum(finds(value) for value in distinct) / len(distinct)
        if found < LEAST_FOUND:
            continue
        with_ending = sum(map(has_ending, distinct)) / len(distinct)
        rank = (
            round(found, 1),
            column in known,
            with_ending,
            len(distinct) / len(asked),
            -position,
        )
        if rank > best:
            best, chosen = rank, column
    return chosen


def has_ending(value: str) -> bool:
    """Whether a text ends like a file's name."""
    return bool(_ENDING.search(value.strip()))


def label_columns(rows: Sequence[Row], columns: Sequence[str]) -> LabelChoice:
    """Which of the columns (the path and what is known left out) may hold the label."""
    marks = one_hot(rows, columns)
    if marks:
        return LabelChoice(one_hot=marks)
    texts, numbers, others = [], [], []
    filled = {c: sum(bool(row.get(c, "").strip()) for row in rows) for c in columns}
    for column in columns:
        values = [value.strip() for row in rows if (value := row.get(column, "")).strip()]
        if not column or not values or _NO_LABEL.search(column):
            continue
        distinct = Counter(values)
        if all(_HASH_OR_TIME.fullmatch(value) for value in distinct):
            continue
        is_repeated = len(distinct) <= min(_MOST_CLASSES, max(2, len(values) * 0.7))
        if len(distinct) == 1 and len(values) > 1:
            continue
        if not is_repeated and len(rows) > 4:
            others.append(column)
        elif all(_WHOLE.fullmatch(value) for value in distinct):
            numbers.append(column)
        elif all(_NUMBER.fullmatch(value) for value in distinct):
            others.append(column)
        else:
            texts.append(column)
    likely = _without_ids(rows, texts) or _without_ids(rows, numbers)
    if any(2 * filled[column] > len(rows) for column in likely):  # remarks stand here and there
        likely = [column for column in likely if 2 * filled[column] > len(rows)]
    plain = [column for column in likely if not _PERSON.search(column)]
    if len(plain) < 2:  # one column besides is the label, and none leaves a question
        others += [column for column in likely if column not in plain]
        likely = plain
    return LabelChoice(columns=tuple(_of_one_meaning(rows, likely)), others=tuple(others))


def _without_ids(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Columns less those that never hold a value twice, where others do: those count the rows."""
    values = {column: _filled(rows, column) for column in columns}
    repeated = [column for column in columns if len(set(values[column])) < len(values[column])]
    return repeated or [column for column in columns if not is_count(rows, column)]


def _of_one_meaning(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Of columns that part the images alike (tag_id, tag_name), the one that reads like names."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for column in columns:
        numbers: dict[str, int] = {}
        values = (row.get(column, "").strip() for row in rows)
        parted = tuple(numbers.setdefault(value, len(numbers)) for value in values)
        groups.setdefault(parted, []).append(column)

    def is_number(column: str) -> bool:
        return all(_NUMBER.fullmatch(value) for value in _filled(rows, column))

    def rank(column: str) -> tuple[bool, bool, bool]:
        return (
            is_number(column),
            bool(_ID.search(column)),
            not _NAME.search(column),
        )

    chosen = []
    for group in groups.values():  # counts that happen to go together are no names of each other
        chosen += group if all(map(is_number, group)) else [min(group, key=rank)]
    return [column for column in columns if column in chosen]


def words_for(rows: Sequence[Row], column: str, columns: Sequence[str]) -> str | None:
    """The column that says in words what a column of numbers says, None where there is none."""
    if not all(_NUMBER.fullmatch(value) for value in _filled(rows, column)):
        return None
    for other in columns:
        pairs = {(row.get(column, "").strip(), row.get(other, "").strip()) for row in rows}
        values = _filled(rows, other)
        is_one = len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) > 1
        are_words = not any(_NUMBER.fullmatch(value) for value in values)
        is_whole = len(values) == len(rows) > len(pairs)
        if (
            is_one
            and is_whole
            and are_words
            and not _NO_LABEL.search(other)
            and not _PERSON.search(other)
        ):
            return other
    return None


def _filled(rows: Sequence[Row], column: str) -> list[str]:
    return [value for row in rows if (value := row.get(column, "").strip())]


def is_count(rows: Sequence[Row], column: str) -> bool:
    """Whether a column counts the rows: whole numbers of which none comes again."""
    values = _filled(rows, column)
    return (
        len(values) > 2
        and len(set(values)) == len(values)
        and all(_WHOLE.fullmatch(value) for value in values)
    )


def is_no_label(rows: Sequence[Row], column: str) -> bool:
    """Whether the name or the values of a column say that it is none: sizes, hashes, dates."""
    values = [value for row in rows if (value := row.get(column, "").strip())]
    return bool(
        not values
        or _NO_LABEL.search(column)
        or _PERSON.search(column)
        or all(_HASH_OR_TIME.fullmatch(value) for value in values)
        or any("." in v and _NUMBER.fullmatch(v) and not _WHOLE.fullmatch(v) for v in values)
    )


def mark(cell: str) -> str:
    """A cell of a column of marks as 1 or 0, be it written as a word; any other cell as it is."""
    plain = cell.strip()
    folded = plain.casefold()
    return "1" if folded in _YES else "0" if folded in _NO else plain


def _are_words(rows: Sequence[Row], column: str) -> bool:
    """Whether a column answers in words of both kinds, not in blanks."""
    values = {row.get(column, "").strip().casefold() for row in rows}
    return bool(values & _YES and values & _NO and values <= _YES | _NO)


def one_hot(rows: Sequence[Row], columns: Sequence[str]) -> tuple[str, ...]:
    """Columns of 0 and 1 of which nearly every row marks exactly one; at least two."""
    marks = tuple(
        column
        for column in columns
        if column
        and (not _NO_LABEL.search(column) or _are_words(rows, column))
        and all(mark(row.get(column, "")) in _MARKS for row in rows)
    )
    if len(marks) < 2 or not rows:
        return ()
    single = sum(sum(mark(row.get(column, "")) in _MARKED for column in marks) == 1 for row in rows)
    return marks if single >= 0.95 * len(rows) else ()


def multi_hot(rows: Sequence[Row], columns: Sequence[str]) -> tuple[str, ...]:
    """Columns of 1, 0, blank and -1 (not sure) of which a row may mark several; at least two.

    Source: CheXpert's train.csv.
    """
    marks = []
    for column in columns:
        values = {row.get(column, "").strip() for row in rows}
        if column and values <= _UNSURE and not _NO_LABEL.search(column) and values & _MARKED:
            marks.append(column)
    marked = sum(any(row.get(c, "").strip() in _MARKED for c in marks) for row in rows)
    return tuple(marks) if len(marks) > 1 and 2 * marked >= len(rows) > 0 else ()


def is_boxes(rows: Sequence[Row], columns: Sequence[str]) -> bool:
    """Whether columns without names hold boxes: four numbers or more side by side."""
    in_row = most = 0
    for column in columns:
        values = [row.get(column, "").strip() for row in rows]
        is_number = all(_NUMBER.fullmatch(value) for value in values) and len(set(values)) > 1
        in_row = in_row + 1 if is_number else 0
        most = max(most, in_row)
    return most >= 4
