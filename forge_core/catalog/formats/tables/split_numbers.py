"""Splits that are written as numbers: 0 train, 1 val, 2 test.

Source: CelebA's list_eval_partition.txt; the metadata.csv of WILDS.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from forge_core.catalog.formats.documents.column_values import Row
from forge_core.catalog.formats.documents.table_file import TableFile
from forge_core.catalog.formats.scan.scanned_folder import split_of_name
from forge_core.errors import InvalidInput

MEANING = {"0": "train", "1": "val", "2": "test"}
_FLAG = re.compile(r"is[_ ]?(train|valid|val|validation|test)(?:ing)?(?:[_ ](?:set|image))?", re.I)
_YES, _NO = frozenset({"1", "1.0", "true", "yes"}), frozenset({"0", "0.0", "false", "no"})
_WORDS = re.compile(r"(?:^|[^a-z])(?:partition|split)s?(?:[^a-z]|$)")


def says_splits(document: str) -> bool:
    """Whether a document is called as one that divides images: list_eval_partition.txt."""
    return bool(_WORDS.search(PurePosixPath(document).stem.lower()))


def are_numbers(rows: Sequence[Row], column: str) -> bool:
    """Whether a column holds such numbers and nothing else."""
    values = {value for row in rows if (value := row.get(column, "").strip())}
    return bool(values) and values <= MEANING.keys()


def is_flag(rows: Sequence[Row], column: str) -> bool:
    """Whether a column says yes or no to being of one split: is_train, is_valid, is_test."""
    values = {value for row in rows if (value := row.get(column, "").strip().lower())}
    return bool(_FLAG.fullmatch(column.strip())) and len(values) == 2 and values <= _YES | _NO


def _of_flag(column: str) -> Mapping[str, str]:
    """The split of each value of such a column: what is not valid or test is train."""
    match = _FLAG.fullmatch(column.strip())
    split = split_of_name(match[1]) if match else None
    other = "test" if split == "train" else "train"
    values = {**dict.fromkeys(_YES, split or ""), **dict.fromkeys(_NO, other)}
    return {form(v): s for v, s in values.items() for form in (str.lower, str.title, str.upper)}


def meaning(table: TableFile, rows: Sequence[Row], column: str) -> Mapping[str, str] | None:
    """The split of each number; empty for a column of words.

    None where only 0 and 1 occur: either may be train.

    Args:
        table: Read to its end where the first rows hold numbers.
        rows: The first rows.
        column: Of the splits.
    """
    if is_flag(rows, column):
        return _of_flag(column)
    if not are_numbers(rows, column):
        return {}
    seen: set[str] = set()
    with suppress(InvalidInput):
        for _, cells in table.rows():
            seen.add(cells.get(column, "").strip())
            if "2" in seen:
                return MEANING
    return None if "1" in seen else MEANING
