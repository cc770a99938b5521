"""What the columns of a table mean: found by their names, or told by a person."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from forge_core.errors import InvalidInput

ROLES: dict[str, str] = {
    "path": "File name",
    "label": "Label",
    "split": "Split",
    "group": "Group",
    "source": "Source",
    "note": "Review note",
}
"""What a column can be used for, with the word a person reads."""

NAMES: dict[str, tuple[str, ...]] = {
    "path": (
        "file_path",
        "filepath",
        "image_path",
        "img_path",
        "path",
        "file_name",
        "filename",
        "image_name",
        "img_name",
        "image_file",
        "image_filename",
        "image_uri",
        "image_url",
        "uri",
        "url",
        "image",
        "img",
        "image_id",
        "imageid",
        "img_id",
        "file",
        "file_id",
        "fname",
        "id",
        "name",
        "id_code",
        "image_file_name",
        "image_index",
        "picture",
        "photo",
        "datei",
        "dateiname",
        "bild",
        "fichier",
        "archivo",
        "imagen",
        "nome_file",
    ),
    "label": (
        "label_name",
        "class_name",
        "classname",
        "category_name",
        "label",
        "labels",
        "class",
        "category",
        "target",
        "choice",
        "breed",
        "species",
        "diagnosis",
        "tag",
        "label_id",
        "class_id",
        "category_id",
        "y",
        "name",
        "wnid",
        "synset",
        "classid",
        "labelid",
        "categoryid",
        "dx",
        "finding_labels",
        "kategorie",
        "klasse",
        "etiquette",
        "classe",
        "categorie",
        "etiqueta",
        "clase",
        "categoria",
        "etichetta",
        "tag_name",
        "tagname",
        "display_name",
        "displayname",
        "befund",
        "diagnose",
        "art",
        "gattung",
        "espece",
        "especie",
        "specie",
        "diagnostic",
        "diagnostico",
        "diagnosi",
        "klass",
        "klasa",
        "trida",
        "класс",
        "категория",
        "метка",
        "类别",
        "标签",
        "類別",
        "標籤",
        "ラベル",
        "クラス",
        "레이블",
        "클래스",
    ),
    "split": (
        "split_type",
        "split",
        "subset",
        "set",
        "usage",
        "ml_use",
        "partition",
        "data_set",
        "phase",
    ),
    "group": (
        "group_key",
        "group",
        "group_id",
        "patient_id",
        "patientid",
        "patient",
        "subject_id",
        "scene_id",
        "lesion_id",
        "case_id",
        "study_id",
        "person_id",
        "participant_id",
        "driver_id",
        "identity",
        "subject",
        "participant",
        "driver",
    ),
    "source": ("source_dataset", "source", "dataset"),
    "note": (
        "review_note",
        "note",
        "notes",
        "comment",
        "comments",
        "remark",
        "remarks",
        "bemerkung",
        "bemerkungen",
        "anmerkung",
        "kommentar",
        "remarque",
        "remarques",
        "commentaire",
        "comentario",
        "comentarios",
        "observaciones",
    ),
    "augmented": ("is_augmented",),
    "annotator": (
        "annotator",
        "annotator_id",
        "annotated_by",
        "completed_by",
        "rater",
        "rater_id",
        "worker_id",
        "labeler",
        "labeller",
        "reader",
        "grader",
    ),
}
"""Names by which a column of each role is known, the surest first; see `_plain`."""
_NESTED = ("label", "split", "group", "note")
"""Roles that a field inside other fields may have."""
_WHO = frozenset({"identity", "subject", "participant", "driver"})
"""Names of groups that may be the class itself, where no other column is."""
_VAGUE = frozenset({"name", "y", "set", "target", "id", "art", "group", "reader"})
"""Names that say little of a field inside others."""


def guess(columns: Sequence[str]) -> dict[str, str]:
    """Role to column, for every role that a name fits; the path may be missing."""
    by_name = {_plain(column): column for column in reversed(columns)}
    nested = {_inner(column): column for column in reversed(columns) if _inner(column)}
    found: dict[str, str] = {}
    for role, names in NAMES.items():
        column = next((by_name[name] for name in names if name in by_name), None)
        if column is None and role in _NESTED:
            column = next((nested[n] for n in names if n in nested and n not in _VAGUE), None)
        if column is not None:
            found[role] = column
    if "label" not in found and _plain(found.get("group", "")) in _WHO:
        del found["group"]
    if "path" in found and "label" not in found and len(columns) == 2:
        (other,) = [column for column in columns if column != found["path"]]
        found |= {} if other in found.values() else {"label": other}
    return found


def guess_others(columns: Sequence[str], path: str) -> dict[str, str]:
    """Role to column for every role but the path, which is known."""
    found = guess([path, *(column for column in columns if column != path)])
    if found.get("path") == path:
        others = found
    else:
        others = guess([column for column in columns if column != path])
    return {role: name for role, name in others.items() if role != "path" and name != path}


def is_known(role: str, column: str) -> bool:
    """Whether a column's name is one of those of a role."""
    inner = _inner(column)
    return _plain(column) in NAMES[role] or (
        role in _NESTED and inner in NAMES[role] and inner not in _VAGUE
    )


def is_obvious(role: str, column: str) -> bool:
    """Whether nobody needs to be told what a column is used for."""
    return _plain(column) in (role, NAMES[role][0], _plain(ROLES[role]))


def path_columns(columns: Sequence[str]) -> list[str]:
    """Columns whose name says that they may hold the images' names, the surest first."""
    by_name = {_plain(column): column for column in reversed(columns)}
    return [by_name[name] for name in NAMES["path"] if name in by_name]


def check(mapping: Mapping[str, str], columns: Sequence[str], document: str) -> None:
    """Refuse a mapping that the table cannot follow. An empty column means: used for nothing.

    Raises:
        InvalidInput: A role is unknown, or a column is not there.
    """
    for role, column in mapping.items():
        if role not in NAMES:
            raise InvalidInput(
                f"A column cannot be used as {role!r}.", next_step=f"Use {', '.join(ROLES)}."
            )
        if column and column not in columns:
            raise InvalidInput(
                f"{document} has no column {column!r}.",
                next_step=f"Its columns are {', '.join(columns[:20])}.",
            )


def parse(texts: Sequence[str]) -> dict[str, str]:
    """Role to column from words like `path=id,label=breed`.

    Raises:
        InvalidInput: A part has no "=", or a role is not known.
    """
    mapping: dict[str, str] = {}
    for part in (part for text in texts for part in text.split(",") if part.strip()):
        role, separator, column = (piece.strip() for piece in part.partition("="))
        if not separator or role not in ROLES or not column:
            raise InvalidInput(
                f"{part.strip()!r} does not say which column is used for what.",
                next_step=f"Write role=column with the roles {', '.join(ROLES)}, "
                "like path=id,label=breed.",
            )
        mapping[role] = column
    return mapping


def _plain(column: str) -> str:
    """A column's name folded: lower case, without accents, "_" for space."""
    letters = unicodedata.normalize("NFD", column.strip().lower())
    text = "".join(c for c in letters if not "\u0300" <= c <= "\u036f")
    return re.sub(r"[ -]", "_", unicodedata.normalize("NFC", text))


def _inner(column: str) -> str:
    """The last part of a field inside others (`annotations.label`), empty where there is none."""
    outer, _, last = column.replace("/", ".").rpartition(".")
    return _plain(last) if outer else ""
