"""Embeddings of the catalog: computed once, found by content, lost and computed again."""

import shutil

import numpy as np
import pytest
import torch

from db.enums import JobStatus
from forge_core.errors import InvalidInput
from forge_core.imaging.decode import decode_image
from forge_core.jobs import queue
from forge_core.models.checkpoints import checkpoint
from forge_core.predictions.embeddings import computing, networks, vector_store
from forge_core.predictions.embeddings.networks import NetworkSource
from forge_core.progress import Cancelled, Progress
from forge_core.runs.files import checkpoints
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.handlers.running import run_here
from tests.forge_core.predictions.test_scoring import ALL, add_image

RUN = NetworkSource(run_id=1)


def embed(workspace, **choices):
    return computing.embed_catalog(workspace, RUN, device="cpu", **choices)


def read(workspace):
    [facts] = vector_store.list_networks(workspace)
    return computing.read_catalog(workspace, facts)


def files_of(workspace, suffix):
    return sorted((workspace.cache_folder / vector_store.FOLDER).rglob(f"*{suffix}"))


def test_embed__every_image_has_what_the_backbone_gives_of_its_file(finished):
    report = embed(finished)
    assert (report.num_images, report.num_computed, report.num_rejected) == (ALL, ALL, 0)
    assert (report.network.source, report.network.words) == ("run:1", "run 1")
    found = read(finished)
    assets = arrange.list_all(finished)
    assert [found.columns.id_at(i) for i in range(ALL)] == [asset.asset_id for asset in assets]
    loaded = checkpoint.load_checkpoint(checkpoints.checkpoint_path(finished, 1))
    images = [decode_image(finished.store.read(asset.file_path)).image for asset in assets]
    inputs = torch.stack([loaded.card.eval_transform(image) for image in images])
    with torch.inference_mode():
        expected = loaded.model.backbone(inputs).numpy()
    assert found.values.dtype == np.float16
    np.testing.assert_allclose(found.values, expected, rtol=2**-10, atol=1e-4)
    assert found.num_missing == 0


def test_embed__computes_only_what_is_new__also_when_labels_and_paths_change(finished, tmp_path):
    embed(finished)
    arrange.relabel_one(finished, arrange.list_all(finished)[0], "stripe")
    assert embed(finished).num_computed == 0
    before = read(finished)
    added = add_image(finished, tmp_path / "more")
    assert read(finished).num_missing == 1
    assert embed(finished).num_computed == 1
    after = read(finished)
    assert after.columns.id_at(ALL) == added.asset_id
    np.testing.assert_array_equal(after.values[:ALL], before.values)


def test_embed__torn_damaged_and_removed_rows_are_computed_again(finished):
    embed(finished)
    whole = read(finished)
    [values] = files_of(finished, ".f16")
    row_bytes = 2 * whole.values.shape[1]
    data = bytearray(values.read_bytes())
    data[3 * row_bytes + 1] ^= 1
    values.write_bytes(data[: 60 * row_bytes + 5])  # one bit of row 3, and the end in a row
    assert read(finished).num_missing == ALL - 60 + 1
    assert embed(finished).num_computed == ALL - 60 + 1
    np.testing.assert_array_equal(read(finished).values, whole.values)
    [ids] = files_of(finished, ".ids")
    ids.write_bytes(ids.read_bytes()[:105])  # five rows of 20 bytes, and a part
    assert embed(finished).num_computed == ALL - 4  # row 3 is still damaged: its repair was cut off
    shutil.rmtree(finished.cache_folder / vector_store.FOLDER)
    assert embed(finished).num_computed == ALL
    np.testing.assert_array_equal(read(finished).values, whole.values)


def test_embed__a_network_does_not_read_the_rows_of_another(finished):
    embed(finished)
    [facts] = vector_store.list_networks(finished)
    folder = finished.cache_folder / vector_store.FOLDER
    other = vector_store.NetworkFacts(
        key="f" * 64, source="run:2", words="run 2", num_values=facts.num_values
    )
    shutil.copytree(folder / facts.key[:32], folder / other.key[:32])
    assert computing.read_catalog(finished, other).num_missing == ALL


def test_embed__cancelled_keeps_what_was_embedded_and_goes_on(finished):
    asked = iter([False, True])
    with pytest.raises(Cancelled):
        embed(finished, progress=Progress(should_stop=lambda: next(asked, True)))
    done = ALL - read(finished).num_missing
    assert 0 < done < ALL
    assert embed(finished).num_computed == ALL - done


def test_embed__names_unreadable_images_and_leaves_augmented_copies_out(finished):
    first, second, *_ = arrange.list_all(finished)
    (finished.folder / "assets" / first.file_path).unlink()
    with finished.database.write() as uow:
        arrange.set_columns(uow, [second.asset_id], is_augmented=True)
    told: list[str] = []
    report = embed(finished, on_rejected=lambda problem: told.append(problem.source))
    assert (report.num_images, report.num_computed) == (ALL - 1, ALL - 2)
    assert told == [first.file_path] == [problem.source for problem in report.rejected]
    assert read(finished).num_missing == 1


def test_embed__blocks_end_and_two_writers_keep_apart(finished, monkeypatch):
    monkeypatch.setattr(computing, "PAGE_IMAGES", 8)
    monkeypatch.setattr(vector_store.blocks, "BLOCK_BYTES", 40_000)
    network = networks.load(finished, RUN, "cpu")
    other = vector_store.VectorStore(finished, network.facts)
    other.append(np.array([b"x" * 16], "S16"), np.zeros((1, network.facts.num_values), "f2"))
    assert embed(finished).num_computed == ALL
    other.close()
    assert len(files_of(finished, ".f16")) > 2
    assert read(finished).num_missing == 0
    assert embed(finished).num_computed == 0


def test_choose__takes_real_weights_where_they_are_and_else_the_newest_run(finished, real_weights):
    assert str(networks.choose(finished)) == "mobilenet_v2"
    network = networks.load(finished, networks.parse("mobilenet_v2@64"), "cpu")
    assert network.facts.num_values == 1280
    assert (network.transform.crop, network.transform.aspect) == (64, "pad")


def test_choose__takes_the_newest_run_where_no_weights_are(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert networks.choose(finished) == RUN
    with finished.database.write() as uow:
        uow.runs.update_fields(1, is_deleted=True)
    with pytest.raises(InvalidInput, match="No network is here"):
        networks.choose(finished)


@pytest.mark.parametrize("text", ["run:", "run:x", "nonsense", "forge_cnn", "mobilenet_v2@x", ""])
def test_parse__refuses_what_is_no_network(text):
    with pytest.raises(InvalidInput, match="names no network"):
        networks.parse(text)


def test_embed_job_and_command(finished, no_supervisor, monkeypatch):
    job = computing.submit(finished, RUN, actor=ACTOR)
    assert run_here(finished, job.job_id) == 0
    done = queue.get_job(finished, job.job_id)
    assert done.status == JobStatus.SUCCEEDED
    assert done.result["num_computed"] == done.progress.done == ALL
    if finished.settings.resolved_database_url.startswith("sqlite"):
        told = forge("embed", "--network", "run:1", "-w", finished.folder)
        assert told.stdout == f"Run 1 looked at 0 of {ALL} images; the others were known.\n"
        freed = forge_json("cache", "--clear", "embeddings", "-w", finished.folder)["freed_bytes"]
        assert freed > 2 * ALL
        assert vector_store.list_networks(finished) == []
