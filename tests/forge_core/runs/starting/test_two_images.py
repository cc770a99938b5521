"""Two images in all: every step says what is missing and what helps, and none sends in a circle."""

import pytest

from forge_core.catalog.editing import label_edits
from forge_core.catalog.splits import duplicates, split_plan
from forge_core.catalog.splits.sizes import SplitRatios
from forge_core.errors import InvalidInput
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, draw_folder, import_folder, list_all
from tests.forge_core.handlers.running import make_config

MORE = (
    "The largest class has 1 image, and a split needs 3 of a class at least: import or label more."
)


def problems(workspace: Workspace) -> list[str]:
    return launch.check_data(workspace).problems


def test_two_images__import_split_and_training_say_what_helps(
    sqlite_workspace: Workspace, tmp_path
) -> None:
    workspace = sqlite_workspace
    assert import_folder(workspace, draw_folder(tmp_path / "p", ["cat", "dog"], per_class=1)).added
    assert duplicates.find_duplicates(workspace).num_groups == 0
    assert problems(workspace) == [
        f"0 images are in training, so nothing can be learned. {MORE}",
        f"0 images are in validation, so nothing can be measured. {MORE}",
    ]
    plan = split_plan.plan_split(workspace, SplitRatios(train=80, val=10, test=10))
    few = "gets no image: there are too few of each class to divide. Import or label more."
    assert plan.warnings == [f"val {few}", f"test {few}"]
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    with pytest.raises(InvalidInput, match="0 images are in validation") as refused:
        launch.start_run(workspace, make_config(), actor=ACTOR)
    assert refused.value.next_step is not None
    assert "Split 80/10/10" not in refused.value.next_step, "that was done, and changes nothing"
    one, _ = list_all(workspace)
    label_edits.set_split(workspace, [one.asset_id], "val", actor=ACTOR)
    assert problems(workspace) == [
        "Training has images of 1 class, 'dog', and needs at least 2. "
        "Label images of a second class and put them into training.",
        "1 image is in validation and shows no class that is trained, so nothing can be measured. "
        f"{MORE}",
    ]
