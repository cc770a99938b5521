"""A checkpoint answers under a name only on evidence, or by a reason that stays."""

import csv
import io
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from forge_core import file_hashes
from forge_core.catalog.editing import label_edits
from forge_core.errors import CheckpointRejected, Conflict, ForgeError, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.predictions import kept_evaluations
from forge_core.registry import aliases, evidence, promotion, provenance
from forge_core.registry.evidence import Evidence
from forge_core.runs import removal
from forge_core.runs.starting import launch
from forge_core.workspace import Workspace
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.registry.second_runs import add_run

ANA = Actor("ana")


@pytest.fixture
def promoted(pair: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Run 1 answers as production; run 2 is as good, run 3 answers the opposite."""
    monkeypatch.setenv("FORGE_WORKSPACE", str(pair.folder))
    add_run(pair, scale=-1.0)
    promotion.promote(pair, gather(pair, 1), actor=ANA)
    return pair


def gather(workspace: Workspace, run_id: int, **options: object) -> Evidence:
    return evidence.gather(workspace, "production", run_id, **options)


def measured(workspace: Workspace, run_id: int, **options: object) -> Evidence:
    """The evidence, after all that was missing was evaluated."""
    found = gather(workspace, run_id, **options)
    promotion.evaluate_missing(workspace, found, actor=ANA, device="cpu")
    return gather(workspace, run_id, **options)


def outcomes(found: Evidence) -> dict[str, bool]:
    return {check.name: check.passed for check in found.checks}


def test_promote__asks_for_both_to_be_measured_on_the_same_images(promoted: Workspace) -> None:
    found = gather(promoted, 2)
    assert [each.run_id for each in found.missing] == [2], "run 1 was measured after its training"
    with pytest.raises(Conflict, match="run 2 was not measured"):
        promotion.promote(promoted, found, actor=ANA)
    found = measured(promoted, 2)
    assert outcomes(found) == {"golden": True, "accuracy": True, "classes": True}
    entry = promotion.promote(promoted, found, actor=ANA, reason="newer")
    kept = entry.evidence
    assert (entry.version, entry.run_id, entry.is_forced, kept["flips"]) == (2, 2, False, [0, 0])
    assert kept_evaluations.get(promoted, kept["evaluation_id"]).summary.run_id == 2
    assert kept_evaluations.get(promoted, kept["against_id"]).summary.run_id == 1


def test_promote__a_worse_one_is_refused_and_forced_only_with_a_reason(
    promoted: Workspace,
) -> None:
    lenient = measured(promoted, 3, class_bound=1.0)
    assert outcomes(lenient) == {"golden": True, "accuracy": False, "classes": True}
    found = gather(promoted, 3)
    with pytest.raises(Conflict, match=r"that is no chance .* lose more than 5 points"):
        promotion.promote(promoted, found, actor=ANA)
    with pytest.raises(InvalidInput, match="with a reason"):
        promotion.promote(promoted, found, actor=ANA, is_forced=True, reason=" ")
    entry = promotion.promote(promoted, found, actor=ANA, is_forced=True, reason="a trial")
    assert entry.is_forced
    assert [check["passed"] for check in entry.evidence["checks"]] == [True, False, False]


def test_labels_changed_since__are_other_images_and_ask_for_new_evaluations(
    promoted: Workspace,
) -> None:
    measured(promoted, 2)
    asset = launch.run_assets(promoted, 1, "test")[0]
    other = next(n for n in gather(promoted, 2).class_names if n != asset.label_id)
    label_edits.relabel(promoted, [asset.asset_id], other, actor=ANA)
    assert [each.run_id for each in gather(promoted, 2).missing] == [2, 1]


def test_promote__a_file_that_is_gone_or_another_one_cannot_be_forced(
    promoted: Workspace,
) -> None:
    path = promoted.folder / "runs/run-2/best.safetensors"
    found = measured(promoted, 2)
    data = path.read_bytes()
    path.write_bytes((promoted.folder / "runs/run-1/best.safetensors").read_bytes())
    for act in (
        lambda: gather(promoted, 2),
        lambda: promotion.promote(promoted, found, actor=ANA, is_forced=True, reason="now"),
    ):
        with pytest.raises(CheckpointRejected, match="another file than was recorded"):
            act()
    path.unlink()
    with pytest.raises(NotFound, match="not in the runs folder"):
        promotion.promote(promoted, found, actor=ANA, is_forced=True, reason="now")
    path.write_bytes(data)
    assert aliases.get_current(promoted, "production").run_id == 1


def test_promote__what_answers_otherwise_here_is_refused(promoted: Workspace) -> None:
    path = promoted.folder / "runs/run-2/best.safetensors"
    tensors, metadata = load_file(path), _metadata(path)
    name = next(
        key for key in tensors if key.startswith("golden") and tensors[key].is_floating_point()
    )
    tensors[name] = tensors[name] + 1.0
    save_file(tensors, path, metadata)
    with promoted.database.write() as uow:
        uow.session.connection().exec_driver_sql(
            "UPDATE checkpoints SET content_hash = "
            f"'{file_hashes.hash_file(path)}' WHERE run_id = 2"
        )
    assert outcomes(gather(promoted, 2))["golden"] is False
    with pytest.raises(ForgeError):
        promotion.promote(promoted, gather(promoted, 2), actor=ANA)


def _metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())


def test_one_command__says_what_answered_trained_on_which_images_labelled_by_whom(
    promoted: Workspace,
) -> None:
    train = launch.run_assets(promoted, 1, "train")
    entry = aliases.get_current(promoted, "production")
    label_edits.relabel(promoted, [train[0].asset_id], train[-1].label_id, actor=Actor("bea"))
    promotion.promote(promoted, measured(promoted, 2), actor=ANA)
    removal.delete_run(promoted, 1)
    shown = forge("registry", "show", "production", "--at", entry.created_at, "--images")
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert [(row["file_path"], row["label"]) for row in rows] == [
        (asset.file_path, asset.label_name) for asset in train
    ]
    assert {(row["labelled_by"], row["how"]) for row in rows} == {("tester", "import")}
    now = provenance.describe(promoted, "production")
    assert now.run.run_id == 2
    assert forge("registry", "show", "production", "--at", "2020-01-01").exit_code == 1


def test_commands__promote_list_and_roll_back(promoted: Workspace) -> None:
    refused = forge("registry", "promote", 3, "production", "--device", "cpu")
    assert refused.exit_code == 1
    assert "Run 3 is not promoted" in refused.stderr
    assert forge("registry", "promote", 3, "production", "--check").exit_code == 1
    entry = forge_json("registry", "promote", 3, "production", "--force", "--why", "a trial")
    assert (entry["run_id"], entry["is_forced"]) == (3, True)
    forge_json("registry", "promote", "production", "phone")
    listed = forge_json("registry", "list")
    assert [(each["alias"], each["run_id"]) for each in listed] == [("phone", 3), ("production", 3)]
    assert forge_json("registry", "rollback", "production")["run_id"] == 1
    assert [each["version"] for each in forge_json("registry", "history", "production")] == [
        3,
        2,
        1,
    ]
    assert "phone" in forge("registry", "list").stdout
    assert forge_json("registry", "withdraw", "phone")["run_id"] is None
