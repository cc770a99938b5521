"""Balance: the counts, and the warnings in words."""

from db.records import CountRow, Label
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import balance
from forge_core.catalog.listing.balance import describe_balance
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, make_catalog


def label(label_id: int, name: str) -> Label:
    return Label(
        label_id=label_id, name=name, color="#000000", hotkey=None, description="", is_retired=False
    )


def count(
    label_id: int | None, split: str | None, number: int, augmented: bool = False
) -> CountRow:
    return CountRow(label_id=label_id, split_type=split, is_augmented=augmented, num_images=number)


def test_balance__counts_every_class_and_split(workspace: Workspace, tmp_path) -> None:
    assets = make_catalog(workspace, tmp_path / "images", train=6, val=2, test=2)
    label_edits.relabel(workspace, [assets[0].asset_id], None, actor=ACTOR)
    found = balance.class_balance(workspace)
    circle = found.rows[0]
    assert (circle.label_name, circle.total) == ("circle", 9)
    assert (found.split_total("val"), found.split_total(None), found.unlabelled.total) == (6, 0, 1)
    assert found.total == 30


def test_balance__ratio_and_its_warning() -> None:
    # 90 cats, 20 dogs in train: 4.5 times, above the limit
    found = describe_balance(
        [label(1, "cat"), label(2, "dog")],
        [count(1, "train", 90), count(2, "train", 20), count(1, "val", 20), count(2, "val", 20)],
    )
    assert found.imbalance_ratio == 4.5
    (warning,) = found.warnings
    assert "4.5 times" in warning.text
    assert (warning.label, warning.split) == (2, "train")


def test_balance__says_what_few_test_images_mean() -> None:
    found = describe_balance(
        [label(1, "crack"), label(2, "fine")],
        [
            count(1, "train", 20),
            count(2, "train", 20),
            count(1, "val", 20),
            count(2, "val", 20),
            count(1, "test", 3),
            count(2, "test", 40),
        ],
    )
    assert [w.text for w in found.warnings] == [
        "test has 3 images of 'crack': its accuracy can only be 0, 33, 67, 100 %."
    ]


def test_balance__names_empty_splits_and_unassigned_images() -> None:
    found = describe_balance([label(1, "cat")], [count(1, None, 50), count(None, None, 4)])
    texts = " ".join(warning.text for warning in found.warnings)
    assert "4 images have no label" in texts
    assert "0 images are in train" in texts
    assert "0 images are in val, so nothing can be measured" in texts
    assert "50 labelled images are not assigned to a split" in texts


def test_balance__leaves_augmented_copies_out() -> None:
    found = describe_balance(
        [label(1, "cat")], [count(1, "train", 50), count(1, "train", 500, augmented=True)]
    )
    assert (found.rows[0].train, found.augmented, found.total) == (50, 500, 50)


def test_balance__of_an_empty_catalog() -> None:
    found = describe_balance([], [])
    assert (found.rows, found.imbalance_ratio, found.warnings, found.total) == ([], None, [], 0)
