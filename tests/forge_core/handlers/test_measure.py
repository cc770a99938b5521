"""Pictures are measured by a process of the queue, and never by that of a page."""

import os

from forge_core.catalog.quality import image_issues
from forge_core.jobs import kinds, queue
from tests.arrange import ACTOR, make_catalog
from tests.forge_core.jobs.supervising import wait_for


def test_images_are_measured_by_a_worker__once(sqlite_supervising, tmp_path):
    workspace = sqlite_supervising.workspace
    make_catalog(workspace, tmp_path / "drawn", train=2, val=0, test=0)
    sqlite_supervising.start()
    ended = []
    for _ in range(2):
        job = queue.submit(workspace, kinds.MEASURE.name, "Measure images", {}, actor=ACTOR)
        wait_for(
            lambda job=job: queue.get_job(workspace, job.job_id).status.is_finished(),
            what="the images are measured",
        )
        ended.append(queue.get_job(workspace, job.job_id))
    first, second = ended
    assert (first.status, first.error) == ("succeeded", None)
    assert first.result == {"num_measured": 6, "num_failed": 0}
    assert second.result == {"num_measured": 0, "num_failed": 0}
    assert first.pid not in (None, os.getpid())
    assert image_issues.count_unmeasured(workspace) == 0
    assert image_issues.list_states(workspace)[0].num_measured == 6
