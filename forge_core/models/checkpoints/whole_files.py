"""Files that take their place complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forge_core import disk_space


@contextmanager
def written_whole(path: Path, *, place: str = "runs", needed_bytes: int = 0) -> Iterator[Path]:
    """A file beside `path` to write, which then takes its place; nothing is left where that fails.

    Only its owner may read it, until the body says otherwise. Its name begins with that of `path`
    and ends in `.partial`, so that what a killed process left can be found.

    Args:
        path: The file.
        place: Whose disk it lies on, for a sentence.
        needed_bytes: About so large it becomes; 0 where that is not known.

    Raises:
        DiskFull: There is no room for it.
    """
    with disk_space.told(place, path.parent, needed_bytes=needed_bytes):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".partial")
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
