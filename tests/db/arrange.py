"""Rows that tests of the database need: a run, an image, both as small as the rules allow."""

import uuid

from db.enums import RunStatus
from db.records import NewAsset
from db.unit_of_work import UnitOfWork


def make_asset(file_path: str, **values: object) -> NewAsset:
    fields: dict[str, object] = {
        "asset_id": uuid.uuid4(),
        "file_path": file_path,
        "label_id": None,
        "label_name": None,
        "split_type": None,
        "source_dataset": "drawn",
        "content_hash": "0" * 64,
        "width": 8,
        "height": 8,
        "size_bytes": 100,
        "mime": "image/png",
        "perceptual_hash": None,
    }
    return NewAsset(**{**fields, **values})  # type: ignore[arg-type]


def add_run(uow: UnitOfWork, **values: object) -> int:
    fields: dict[str, object] = {
        "status": RunStatus.SUCCEEDED,
        "author": "ana",
        "config": {},
        "revision_id": 1,
        "class_names": ["cat", "dog"],
        "label_ids": [1, 2],
    }
    return uow.runs.add(**{**fields, **values})
