"""Which files hold the probabilities of scored images, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from db.run_records import PredictionBlock
from forge_core.workspace import Workspace
from tests.db.arrange import add_run

BLOCK = PredictionBlock(
    run_id=1,
    checkpoint_hash="b" * 64,
    block=0,
    file_path="probabilities/run-1/bbbb-0.f16",
    num_images=512,
    num_classes=3,
    revision_id=7,
)


def test_add__a_block_grows_and_others_follow_it(workspace: Workspace) -> None:
    grown = replace(BLOCK, num_images=1_024, revision_id=8)
    second = replace(BLOCK, block=1, file_path="probabilities/run-1/bbbb-1.f16")
    earlier = replace(BLOCK, checkpoint_hash="a" * 64, file_path="probabilities/run-1/aaaa-0.f16")
    with workspace.database.write() as uow:
        assert add_run(uow) == BLOCK.run_id
        for block in (BLOCK, second, earlier, grown):
            uow.prediction_blocks.add(block)
    with workspace.database.write() as uow:
        of_one = uow.prediction_blocks.list_of_run(1, checkpoint_hash=BLOCK.checkpoint_hash)
        assert of_one == [grown, second]
        assert uow.prediction_blocks.list_of_run(1) == [earlier, grown, second]
        other = replace(BLOCK, run_id=add_run(uow))
        uow.prediction_blocks.add(other)
        assert uow.prediction_blocks.list_all() == [earlier, grown, second, other]
        uow.prediction_blocks.remove_of_run(1, checkpoint_hash=BLOCK.checkpoint_hash)
        assert uow.prediction_blocks.list_all() == [earlier, other]
        uow.prediction_blocks.remove_of_run(1)
        assert uow.prediction_blocks.list_all() == [other]
        uow.prediction_blocks.remove_all()
        assert uow.prediction_blocks.list_all() == []


@pytest.mark.parametrize(
    "wrong", [{"file_path": "/tmp/x"}, {"file_path": ""}, {"num_classes": 0}, {"num_images": -1}]
)
def test_add__refuses_what_names_no_file_of_ours(workspace: Workspace, wrong: dict) -> None:
    with workspace.database.write() as uow:
        add_run(uow)
    with pytest.raises(IntegrityError), workspace.database.write() as uow:
        uow.prediction_blocks.add(replace(BLOCK, **wrong))
