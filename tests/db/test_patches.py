"""A patch names columns that exist, changes something, and knows which assets it changes."""

import uuid
from dataclasses import fields, replace
from datetime import datetime

import pytest

from db.models import VisionAsset
from db.patches import AssetPatch
from db.records import Asset, Label

ASSET = Asset(
    asset_id=uuid.UUID(int=1),
    file_path="a.png",
    label_id=3,
    label_name="cat",
    split_type="train",
    source_dataset="pets",
    is_augmented=False,
    last_augmented_at=None,
    created_at=datetime(2026, 11, 1),
    content_hash="0" * 64,
    width=8,
    height=8,
    size_bytes=100,
    mime="image/png",
    perceptual_hash=None,
    parent_asset_id=None,
    review_state=None,
    review_note="",
    row_version=1,
)
CAT = Label(label_id=3, name="cat", color="#000000", hotkey=None, description="", is_retired=False)


def test_every_field_is_a_column_of_the_assets() -> None:
    assert {field.name for field in fields(AssetPatch)} <= set(VisionAsset.__table__.columns.keys())


def test_a_misspelt_column_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        AssetPatch(split="train")  # type: ignore[call-arg]


@pytest.mark.parametrize("values", [{}, {"label_id": 3}, {"label_name": None}])
def test_a_patch_changes_something_and_never_half_a_label(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"patch changes something|changed together"):
        AssetPatch(**values)  # type: ignore[arg-type]


def test_values__are_those_that_were_given__none_too() -> None:
    assert AssetPatch(split_type=None).values() == {"split_type": None}
    assert AssetPatch.labelled(None).values() == {"label_id": None, "label_name": None}
    assert AssetPatch.labelled(CAT).values() == {"label_id": 3, "label_name": "cat"}


def test_differing__compares_what_the_patch_names() -> None:
    other = replace(ASSET, split_type="val")
    assert AssetPatch.labelled(CAT).differing([ASSET]) == []
    assert AssetPatch.labelled(None).differing([ASSET]) == [ASSET]
    assert AssetPatch(split_type="val").differing([ASSET, other]) == [ASSET]
    assert AssetPatch(is_deleted=True).differing([ASSET, other]) == [ASSET, other]
    assert AssetPatch(is_deleted=False).differing([ASSET, other]) == []


def test_differing__the_name_follows_the_label() -> None:
    assert AssetPatch.labelled(CAT).differing([replace(ASSET, label_name="kitten")]) == []
