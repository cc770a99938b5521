"""All class probabilities of scored images: kept, found by asset, lost and computed again."""

import errno
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from forge_core.backup import making
from forge_core.catalog.editing import class_merges
from forge_core.cli.main import app
from forge_core.errors import Conflict, DiskFull, NotFound
from forge_core.imaging.decode import decode_image
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.predictions import scoring
from forge_core.progress import Progress
from forge_core.runs import removal
from forge_core.runs.files import checkpoints
from forge_core.runs.probabilities import blocks, kept
from forge_core.runs.probabilities.writing import ProbabilityWriter
from forge_core.settings import Settings
from forge_core.workspace import open_workspace
from tests import arrange
from tests.arrange import ACTOR
from tests.forge_core.predictions.test_scoring import ALL, add_image, predictions_of, score

ROW_BYTES = 2 * len(arrange.CLASSES)


def ids_of(workspace):
    return [asset.asset_id for asset in arrange.list_all(workspace)]


def read(workspace):
    return kept.read(workspace, 1, ids_of(workspace))


def blocks_of(workspace):
    with workspace.database.read() as uow:
        return uow.prediction_blocks.list_of_run(1)


def cut(path, num_rows):
    path.write_bytes(path.read_bytes()[: num_rows * ROW_BYTES + 1])


def test_score__keeps_the_network_s_softmax_in_half_precision(finished):
    score(finished)
    found = read(finished)
    assert (found.missing, found.problems) == ([], [])
    assert found.asset_ids == ids_of(finished)
    predictor = Predictor.load(checkpoints.checkpoint_path(finished, 1), "cpu")
    assert found.label_ids == list(predictor.card.label_ids)
    images = [
        decode_image(finished.store.read(asset.file_path)).image
        for asset in arrange.list_all(finished)
    ]
    inputs = torch.stack([predictor.card.eval_transform(image) for image in images])
    softmax = predictor.logits_of_inputs(inputs).softmax(dim=1).numpy()
    assert found.values.dtype == np.float16
    np.testing.assert_allclose(found.values, softmax, rtol=2**-10, atol=1e-6)
    [block] = blocks_of(finished)
    best = next(path for path in kept.list_files(finished, 1) if path.suffix == blocks.VALUES)
    assert (block.num_images, block.num_classes, block.revision_id) == (ALL, 3, 1)
    assert best == finished.cache_folder / block.file_path
    assert best.name == f"{block.checkpoint_hash}-0.f16"


def test_score__of_new_images_only_adds_theirs(finished, tmp_path):
    score(finished)
    before = read(finished)
    assert score(finished).num_scored == 0
    added = add_image(finished, tmp_path / "more")
    assert kept.read(finished, 1, [added.asset_id]).missing == [added.asset_id]
    assert score(finished).num_scored == 1
    [block] = blocks_of(finished)
    assert (block.num_images, block.revision_id) == (ALL + 1, 2)
    after = kept.read(finished, 1, [*before.asset_ids, added.asset_id])
    assert after.missing == []
    np.testing.assert_array_equal(after.values[:-1], before.values)
    assert float(after.values[-1].sum()) == pytest.approx(1.0, abs=2e-3)


def test_score__again_appends_nothing_that_is_there__also_after_a_merge(finished):
    score(finished)
    before = read(finished)
    circle, square = (arrange.class_id(finished, name) for name in ("circle", "square"))
    class_merges.merge_classes(finished, square, circle, actor=ACTOR)
    assert score(finished).num_scored == ALL
    assert score(finished, only_new=False).num_scored == ALL
    [block] = blocks_of(finished)
    assert block.num_images == ALL
    np.testing.assert_array_equal(read(finished).values, before.values)  # outputs, not merged


def test_score__rows_that_a_file_has_lost_are_said_and_computed_again(finished):
    score(finished)
    whole = read(finished)
    [block] = blocks_of(finished)
    cut(finished.cache_folder / block.file_path, 10)
    torn = read(finished)
    assert torn.problems == [
        f"{block.file_path} holds 10 of {ALL} rows: it was cut off or removed."
    ]
    assert (len(torn.asset_ids), len(torn.missing)) == (10, ALL - 10)
    assert kept.list_problems(finished) == {1: torn.problems}
    report = score(finished)
    assert (report.num_scored, report.num_restored) == (ALL - 10, ALL - 10)
    again = read(finished)
    assert (again.missing, again.problems, kept.list_problems(finished)) == ([], [], {})
    np.testing.assert_array_equal(again.values, whole.values)
    assert score(finished).num_scored == 0


def test_score__a_damaged_row_is_said_and_computed_again(finished):
    score(finished)
    whole = read(finished)
    [block] = blocks_of(finished)
    path = finished.cache_folder / block.file_path
    data = bytearray(path.read_bytes())
    data[7 * ROW_BYTES] ^= 64
    path.write_bytes(data)
    damaged = read(finished)
    assert damaged.problems == [f"{block.file_path} has damaged rows: 1."]
    assert len(damaged.missing) == 1
    assert score(finished).num_restored == 1
    again = read(finished)
    assert (again.missing, again.problems) == ([], [])
    np.testing.assert_array_equal(again.values, whole.values)
    assert score(finished).num_scored == 0


def test_score__what_was_scored_before_probabilities_were_kept_gets_them(finished):
    score(finished)
    kept.remove_of_run(finished, 1)
    assert len(predictions_of(finished)) == ALL == len(read(finished).missing)
    assert score(finished, split="val").num_restored == 12
    assert score(finished).num_restored == ALL - 12
    assert read(finished).missing == []


def test_score__bytes_behind_what_was_committed_do_not_count(finished, tmp_path):
    score(finished)
    added = add_image(finished, tmp_path / "more")

    def fail(_work):
        raise ConnectionError("killed before the commit")

    with pytest.raises(ConnectionError):
        score(finished, write=fail)
    [block] = blocks_of(finished)
    assert block.num_images == ALL
    assert kept.files_of(finished, block).count_whole() == ALL + 1
    assert kept.read(finished, 1, [added.asset_id]).missing == [added.asset_id]
    assert score(finished).num_scored == 1
    assert read(finished).missing == []
    assert kept.files_of(finished, blocks_of(finished)[0]).count_whole() == ALL + 1


def test_score__a_full_disk_ends_it_and_nothing_is_half_there(finished, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", full)
        with pytest.raises(DiskFull, match="The disk of the cache is full"):
            score(finished)
    assert (predictions_of(finished), blocks_of(finished)) == ({}, [])
    assert kept.list_files(finished, 1) == []
    assert score(finished).num_scored == ALL
    assert read(finished).missing == []


def test_score__two_at_once_write_to_blocks_of_their_own(finished):
    ids = ids_of(finished)
    score(finished, split="test")
    [block] = blocks_of(finished)
    writers = [ProbabilityWriter(finished, 1, block.checkpoint_hash, 3) for _ in range(2)]
    expected = {}
    for number, writer in enumerate(writers):
        mine = ids[number * 5 : number * 5 + 5]
        values = np.full((5, 3), 0.25 * (number + 1))
        row = writer.write(mine, values, 1)
        with finished.database.write() as uow:
            uow.prediction_blocks.add(row)
        writer.confirm()
        expected |= dict.fromkeys(mine, 0.25 * (number + 1))
    for writer in writers:
        writer.close()
    assert [found.num_images for found in blocks_of(finished)] == [block.num_images + 5, 5]
    found = kept.read(finished, 1, ids[:10])
    assert [float(values[0]) for values in found.values] == list(expected.values())


def test_score__a_full_block_is_followed_by_another(finished, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 10 * ROW_BYTES)
    monkeypatch.setattr(scoring, "WRITE_SECONDS", 0.0)
    score(finished)
    assert [(row.block, row.num_images) for row in blocks_of(finished)] == [
        (0, 32),
        (1, 32),
        (2, 8),
    ]
    assert read(finished).missing == []
    cut(finished.cache_folder / blocks_of(finished)[1].file_path, 0)
    assert score(finished).num_restored == 32
    assert read(finished).missing == []


def test_score__of_a_better_checkpoint_forgets_the_other_s(finished):
    score(finished)
    [earlier] = blocks_of(finished)
    path = finished.cache_folder / earlier.file_path
    file = checkpoints.checkpoint_path(finished, 1)
    loaded = checkpoint.load_checkpoint(file)
    next(loaded.model.parameters()).data *= 1.5
    better = checkpoint.save_checkpoint(file, loaded.model, loaded.card)
    with finished.database.write() as uow:
        best = uow.checkpoints.list_of_run(1)[0]
        uow.checkpoints.add(replace(best, content_hash=better))
    assert len(read(finished).missing) == ALL  # they are not this network's
    assert path.exists()
    assert score(finished).num_scored == ALL
    [now] = blocks_of(finished)
    assert (now.checkpoint_hash, now.num_images) == (better, ALL)
    assert not path.exists()
    assert read(finished).missing == []


def test_remove_run__its_files_go_and_are_counted(finished):
    score(finished)
    files = kept.list_files(finished, 1)
    assert len(files) == 2
    announced = removal.removal_preview(finished, 1)
    deleted = removal.delete_run(finished, 1)
    assert deleted.freed_bytes == announced
    assert {path.name for path in files} < set(deleted.files)
    assert not kept.folder_of(finished, 1).exists()
    assert blocks_of(finished) == []
    with pytest.raises(NotFound, match="no run 1"):
        kept.read(finished, 1, [])


def test_remove_run__a_scoring_that_goes_on_leaves_no_file(finished, monkeypatch):
    monkeypatch.setattr(scoring, "WRITE_SECONDS", 0.0)
    asked = []

    def remove_meanwhile():
        asked.append(True)
        if len(asked) == 2:
            removal.delete_run(finished, 1)
        return False

    with pytest.raises(NotFound, match="removed while"):
        score(finished, progress=Progress(should_stop=remove_meanwhile))
    assert kept.list_files(finished, 1) == []


def test_score__a_cache_that_is_cleared_meanwhile_loses_only_what_was_there(finished, monkeypatch):
    monkeypatch.setattr(scoring, "WRITE_SECONDS", 0.0)
    asked = []

    def clear_meanwhile():
        asked.append(True)
        if len(asked) == 2:
            kept.clear(finished)
        return False

    report = score(finished, progress=Progress(should_stop=clear_meanwhile))
    assert report.num_scored == ALL
    assert len(read(finished).missing) == 32
    assert score(finished).num_restored == 32
    assert read(finished).missing == []


def test_score__stopped_by_a_better_checkpoint_leaves_none_of_its_own(finished):
    def replace_best():
        with finished.database.write() as uow:
            best = uow.checkpoints.list_of_run(1)[0]
            uow.checkpoints.add(replace(best, content_hash="0" * 64))
        return False

    with pytest.raises(Conflict, match="better checkpoint"):
        score(finished, progress=Progress(should_stop=replace_best))
    assert blocks_of(finished) == []
    assert kept.list_files(finished, 1) == []


def test_restored_from_a_backup__without_the_cache__doctor_says_so_and_scoring_mends_it(
    finished, tmp_path
):
    score(finished)
    making.backup(finished, tmp_path / "backup", with_bytes=True)
    folder = tmp_path / "restored"
    where = ["-w", str(folder)]
    assert CliRunner().invoke(app, ["restore", str(tmp_path / "backup"), *where]).exit_code == 0
    told = CliRunner().invoke(app, ["doctor", *where]).stdout
    [block] = blocks_of(finished)
    assert f"of run 1: {block.file_path} holds 0 of {ALL} rows" in told
    assert "Score its images: forge score 1" in told
    scored = CliRunner().invoke(app, ["score", "1", "--device", "cpu", *where])
    assert f"{ALL} of them were scored before" in scored.stdout
    told = CliRunner().invoke(app, ["doctor", *where]).stdout
    assert "class probabilities: the files of scored images are as written" in told
    restored = open_workspace(Settings(_env_file=None, workspace=folder))
    np.testing.assert_array_equal(read(restored).values, read(finished).values)
    cleared = CliRunner().invoke(app, ["cache", "--clear", "probabilities", *where])
    assert "Freed 0.0 MB" in cleared.stdout
    assert not (restored.cache_folder / kept.FOLDER).exists()
    found = read(restored)
    assert (len(found.missing), found.problems) == (ALL, [])
    restored.database.dispose()
