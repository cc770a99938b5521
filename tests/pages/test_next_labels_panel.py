"""The panel that chooses what to label next."""

from db.enums import JobStatus, RequestReason
from db.repositories.label_requests import LabelRequest
from forge_core.catalog.editing import label_edits
from forge_core.evaluation.label_next.replay import Budget, Replay
from forge_core.jobs import queue
from forge_core.predictions.labelling import next_labels
from forge_core.predictions.labelling.next_labels import NextLabels, Way
from forge_core.workspace import Workspace
from tests import arrange
from tests.arrange import ACTOR
from tests.pages.visiting import visit, words

PAGE = "data/balance.py"


def expanders(app) -> list[str]:
    return [expander.label for expander in app.expander]


def test_next_labels__offers_to_choose_only_while_labels_are_missing(catalog: Workspace):
    assert "What to label next" not in expanders(visit(PAGE))
    taken = [asset.asset_id for asset in arrange.list_all(catalog)][:3]
    label_edits.relabel(catalog, taken, None, actor=ACTOR)
    assert "What to label next" in expanders(visit(PAGE))


def test_next_labels__tells_what_was_chosen_and_opens_the_queue(catalog: Workspace):
    taken = [asset.asset_id for asset in arrange.list_all(catalog) if asset.split_type == "train"]
    label_edits.relabel(catalog, taken[:4], None, actor=ACTOR)
    result = NextLabels(
        network="run 1",
        num_candidates=4,
        num_labelled=200,
        way=Way.CHOICE,
        num_by_reason={RequestReason.COVERS: 2, RequestReason.CHANCE: 1},
        num_dropped=0,
        num_not_embedded=1,
        replay=Replay(
            budgets=(Budget(num_labels=10, chosen=(0.5, 0.52), by_chance=(0.4, 0.41)),),
            num_test=50,
        ),
    )
    requests = [
        LabelRequest(asset_id=asset_id, reason=RequestReason.COVERS) for asset_id in taken[:3]
    ]
    with catalog.database.write() as uow:
        uow.label_requests.replace_open(requests, revision_id=1, actor="tester")
        job = queue.add_in(uow, next_labels.KIND, "Choose", {}, actor=ACTOR)
        uow.jobs.update_if(job.job_id, [JobStatus.QUEUED], status=JobStatus.RUNNING)
    queue.finish(catalog, job, JobStatus.SUCCEEDED, result=result.as_json())
    app = visit(PAGE)
    said = words(app)
    assert "beat chance by +10.5 points of accuracy" in said
    assert "2 that stand for many others, 1 drawn by chance; compared by run 1" in said
    assert "1 image could not be read" in said
    assert "Label 3 images" in said
