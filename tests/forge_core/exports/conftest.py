"""A run's network, traced once for all tests: that takes seconds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from forge_core.exports import network_graph, requests
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.runs.files import checkpoints
from forge_core.workspace import Workspace
from tests import trained
from tests.arrange import ACTOR
from tests.forge_core.handlers import running


@pytest.fixture(scope="session")
def graphs() -> dict[Any, onnx.ModelProto]:
    """The traced network of run 1 by its decision rule, for all modules."""
    return {}


@pytest.fixture(scope="module")
def exported(
    finished_run_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    graphs: dict[Any, onnx.ModelProto],
) -> Iterator[Workspace]:
    """A workspace whose run 1 was exported by its job; what traces again gets the same graph."""
    workspace = trained.open_copy(finished_run_folder, tmp_path_factory.mktemp("exports") / "copy")
    trace = network_graph.trace

    def trace_once(loaded):
        rule = loaded.card.decision_rule
        if rule not in graphs:
            graphs[rule] = trace(loaded)
        return graphs[rule]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network_graph, "trace", trace_once)
        patch.setattr("forge_core.jobs.supervision.ensure_supervisor", lambda *_, **__: None)
        job = requests.submit_export(workspace, 1, actor=ACTOR)
        assert requests.submit_export(workspace, 1, actor=ACTOR).job_id == job.job_id
        running.run_here(workspace, job.job_id)
        yield workspace
    workspace.database.dispose()


@pytest.fixture
def loaded(exported: Workspace) -> LoadedCheckpoint:
    """The checkpoint that was exported."""
    return checkpoint.load_checkpoint(checkpoints.checkpoint_path(exported, 1))
