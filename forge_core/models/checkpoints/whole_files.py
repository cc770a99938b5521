"""Files that take their place complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write, which then takes its place; nothing is left where that fails.

    Only its owner may read it, until the body says otherwise. Its name begins with that of `path`
    and ends in `.partial`, so that what a killed process left can be found.
    """
    handle, partial_name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".partial")
    os.close(handle)
    partial = Path(partial_name)
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
