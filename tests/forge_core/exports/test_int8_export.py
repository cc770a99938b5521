"""A network in 8 bits: what that costs is measured and told, or the file is not written."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from forge_core.errors import InvalidInput
from forge_core.exports import int8_export, requests
from forge_core.imaging import decode
from forge_core.inference.onnx_network import OnnxNetwork
from forge_core.models.checkpoints.checkpoint import LoadedCheckpoint
from forge_core.predictions import measured_images
from forge_core.serving import loading
from forge_core.workspace import Workspace
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.handlers import running


@pytest.fixture
def path(exported: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exported in 8 bits by its job, once."""
    found = requests.find_kept(exported, 1, in_int8=True)
    if found is None:
        monkeypatch.setattr("forge_core.jobs.supervision.ensure_supervisor", lambda *_, **__: None)
        job = requests.submit_export(exported, 1, actor=ACTOR, in_int8=True)
        running.run_here(exported, job.job_id)
        found = requests.find_kept(exported, 1, in_int8=True)
    assert found is not None
    return found


def test_file_in_8_bits__says_what_it_costs_on_the_validation_images(
    exported: Workspace, path: Path, loaded: LoadedCheckpoint
) -> None:
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("QuantizeLinear") > 2
    floating = requests.find_kept(exported, 1)
    assert floating is not None
    before, after = OnnxNetwork(floating), OnnxNetwork(path)
    right = []
    for asset in measured_images.read(exported, 1, "val").assets:
        image = decode.decode_image(exported.store.read(asset.file_path)).image
        truth = loaded.card.label_ids.index(asset.label_id)
        right.append([each.run(image).logits.argmax() == truth for each in (before, after)])
    of_float, of_int8 = np.array(right).T
    job = requests.find_export_job(exported, 1, in_int8=True)
    assert job is not None
    assert job.result is not None
    told = job.result["int8"]
    assert told["num_images"] == len(right) == 12
    assert told["num_both"] == (of_float & of_int8).sum()
    assert told["num_only_float"] == (of_float & ~of_int8).sum()
    assert told["num_only_int8"] == (of_int8 & ~of_float).sum()
    share = 100 * of_int8.mean()
    assert told["words"].startswith(f"In 8 bits {share:.1f} % of 12 validation images are right")
    assert json.loads(json.dumps(told)) == told


def test_file_in_8_bits__is_served_with_its_own_proof_and_a_note(path: Path) -> None:
    engine = loading.load(path)
    assert engine.served.golden.passed
    assert engine.served.note.startswith("In 8 bits ")
    assert "floating point" in engine.served.note


def test_command__writes_both_and_refuses_what_cannot_be_measured(
    exported: Workspace, loaded: LoadedCheckpoint, tmp_path: Path
) -> None:
    one, small = tmp_path / "one.onnx", tmp_path / "small.onnx"
    refused = forge("export", 1, "--int8", small, "-w", exported.folder)
    assert (refused.exit_code, "--int8 goes with --onnx" in refused.stderr) == (1, True)
    found = forge_json("export", 1, "--onnx", one, "--int8", small, "-w", exported.folder)
    assert found["int8_report"]["num_images"] == 12
    assert small.is_file()
    stranger = replace(loaded, sha256="f" * 64)
    with pytest.raises(InvalidInput, match="does not know the run of this checkpoint"):
        int8_export.find_images(exported, stranger)
