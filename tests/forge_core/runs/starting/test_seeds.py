"""Runs that differ in their seed alone: queued together, and more of them later."""

from dataclasses import replace
from pathlib import Path

import pytest

from forge_core.errors import InvalidInput
from forge_core.runs import records
from forge_core.runs.starting import launch, seeds
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.runs.repeated import SETTINGS


def test_start__the_runs_are_one_group_and_differ_in_their_seed_alone(
    workspace: Workspace, tmp_path: Path, no_supervisor: None
) -> None:
    make_catalog(workspace, tmp_path / "drawn")
    alone = seeds.start(workspace, SETTINGS, 1, actor=ACTOR)
    first = seeds.start(workspace, replace(SETTINGS, seed=5), 3, actor=ACTOR, name="wide")
    group = seeds.members(workspace, first.run_id)
    assert [run.config["seed"] for run in group] == [5, 6, 7]
    assert len({seeds.settings_of(run) for run in group}) == 1
    assert {run.name for run in group} == {"wide"}
    assert seeds.members(workspace, group[2].run_id) == group
    assert seeds.members(workspace, alone.run_id) == [alone]
    with workspace.database.read() as uow:
        assert uow.run_seeds.list_groups() == {first.run_id: [run.run_id for run in group]}
    with pytest.raises(InvalidInput, match="21 seeds"):
        seeds.start(workspace, SETTINGS, 21, actor=ACTOR)


def test_add__a_run_that_stood_alone_begins_a_group_with_seeds_that_are_new(
    workspace: Workspace, tmp_path: Path, no_supervisor: None
) -> None:
    make_catalog(workspace, tmp_path / "drawn")
    alone = launch.start_run(workspace, SETTINGS, actor=ACTOR)
    launch.start_run(workspace, replace(SETTINGS, seed=4), actor=ACTOR)
    launch.start_run(workspace, replace(SETTINGS, scratch_epochs=2, seed=30), actor=ACTOR)
    seeds.add(workspace, alone.run_id, 2, actor=ACTOR)
    seeds.add(workspace, alone.run_id, 1, actor=ACTOR)
    group = seeds.members(workspace, alone.run_id)
    assert [run.config["seed"] for run in group] == [0, 5, 6, 7]
    assert [run.run_id for run in group] == [1, 4, 5, 6]
    assert {run.revision_id for run in group} == {alone.revision_id}
    assert len(records.list_runs(workspace)) == 6
