"""What was dropped on the page: files alone, and those inside of zips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from forge_core.errors import InvalidInput
from forge_core.predictions.bulk.sources import ZipSource
from pages.components import errors

MAX_FILES = 2_000
"""More are for `forge predict`, which streams them."""


@dataclass(frozen=True)
class DroppedFile:
    """One file."""

    name: str
    file_id: str
    """By which it is known in this session."""
    read: Callable[[], bytes]
    """All its bytes; raises ImageRejected for one of a zip that cannot be taken out."""


def unpack(files: Sequence[UploadedFile], max_bytes: int) -> list[DroppedFile]:
    """The files in their order, those of a zip in its place; what is left out is said."""
    found: list[DroppedFile] = []
    for file in files:
        if not file.name.lower().endswith(".zip"):
            found.append(DroppedFile(file.name, file.file_id, file.getvalue))
            continue
        try:
            source = ZipSource(BytesIO(file.getvalue()), name=file.name)
        except InvalidInput as error:
            errors.show(error)
            continue
        if not source.count():
            st.warning(f"{errors.literal(file.name)} holds no image.")
        found += [
            DroppedFile(each.name, f"{file.file_id}/{place}", partial(each.read, max_bytes))
            for place, each in enumerate(source.files())
        ]
    if len(found) > MAX_FILES:
        st.warning(
            f"The first {MAX_FILES:,} of {len(found):,} files are looked at. `forge predict` takes "
            "a folder or a zip of any size."
        )
    return found[:MAX_FILES]
