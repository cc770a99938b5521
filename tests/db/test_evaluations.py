"""Evaluations on both databases."""

import pytest
from sqlalchemy.exc import IntegrityError

from db.enums import Split
from db.unit_of_work import UnitOfWork
from forge_core.workspace import Workspace
from tests.db.arrange import add_run

BEST, LAST = "b" * 64, "1" * 64


def keep(uow: UnitOfWork, run_id: int, accuracy: float = 0.5, **values: object) -> int:
    fields: dict[str, object] = {
        "run_id": run_id,
        "checkpoint_hash": BEST,
        "split": Split.TEST,
        "revision_id": 7,
        "num_images": 10,
        "accuracy": accuracy,
        "report": {"confusion": [[4, 1], [4, 1]], "accuracy": accuracy},
        "author": "ana",
    }
    return uow.evaluations.add(**{**fields, **values})  # type: ignore[arg-type]


def test_add__the_same_measured_again_takes_its_place(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        run = add_run(uow)
        first = keep(uow, run)
        other = keep(uow, run, 0.4, checkpoint_hash=LAST)
        again = keep(uow, run, 0.75, author="ben")
        assert (again == first, other == first) == (True, False)
        found = uow.evaluations.find_of_checkpoint(run, BEST, Split.TEST, 7)
        assert found == uow.evaluations.find(first)
        assert found is not None
        assert (found.accuracy, found.author, found.report["accuracy"]) == (0.75, "ben", 0.75)
        assert found.report["confusion"] == [[4, 1], [4, 1]]
        assert uow.evaluations.find_of_checkpoint(run, BEST, Split.TEST, 8) is None
        assert uow.evaluations.find_of_checkpoint(run, BEST, Split.VAL, 7) is None


def test_list_of_split__all_checkpoints_measured_on_it(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        first, second, removed = add_run(uow), add_run(uow), add_run(uow)
        for run, accuracy in ((first, 0.5), (second, 0.6), (removed, 0.9)):
            keep(uow, run, accuracy)
        later = keep(uow, second, 0.7, revision_id=8)
        keep(uow, first, 0.1, split=Split.VAL)
        uow.runs.update_fields(removed, is_deleted=True)
    with workspace.database.read() as uow:
        listed = uow.evaluations.list_of_split(Split.TEST, revision_id=7)
        assert [(one.run_id, one.accuracy) for one in listed] == [(first, 0.5), (second, 0.6)]
        assert [one.evaluation_id for one in uow.evaluations.list_of_split(Split.TEST)][-1] == later
        assert [one.split for one in uow.evaluations.list_of_run(first)] == ["test", "val"]
        assert uow.evaluations.list_of_run(removed) == []


@pytest.mark.parametrize("values", [{"split": "valid"}, {"num_images": 0}, {"run_id": 99}])
def test_add__refuses_what_is_no_evaluation(workspace: Workspace, values: dict) -> None:
    with pytest.raises(IntegrityError), workspace.database.write() as uow:
        keep(uow, **{"run_id": add_run(uow), **values})
