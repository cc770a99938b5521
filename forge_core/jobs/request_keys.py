"""What a job is asked, in short: by it the newest answer to a question is found in one row."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def make_key(asked: Mapping[str, Any]) -> str:
    """64 characters, the same for what is equal as JSON values, whatever the order of its fields.

    1 and 1.0 are equal, as in Python: which of them comes back depends on the database.
    """
    text = json.dumps(_plain(asked), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
