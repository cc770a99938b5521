"""What a trained network says of the catalog's images, kept on both databases."""

import math
import shutil
import uuid
from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy import select

from db.models import Prediction
from db.patches import AssetPatch
from db.repositories.predictions import COLUMNS
from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.catalog.listing import suggestions
from forge_core.catalog.revisions import history
from forge_core.errors import CheckpointRejected, Conflict, InvalidInput, NotFound
from forge_core.imaging import hashing
from forge_core.inference.predictor import Predictor
from forge_core.predictions import image_batches, scoring
from forge_core.progress import Cancelled, Progress
from forge_core.runs import removal
from forge_core.runs.files import checkpoints
from tests import arrange
from tests.arrange import ACTOR

TRAIN, VAL, TEST = 48, 12, 12
ALL = TRAIN + VAL + TEST


def predictions_of(workspace, run_id=1):
    with workspace.database.read() as uow:
        rows = uow.session.execute(select(*COLUMNS).where(Prediction.run_id == run_id))
        return {row.asset_id: row for row in rows}


def score(workspace, **choices):
    return scoring.score_run(workspace, 1, device="cpu", **choices)


def assets_of(workspace, split):
    return [asset for asset in arrange.list_all(workspace) if asset.split_type == split]


def add_image(workspace, folder, class_name="circle", seed=900, name="new.png"):
    """One more image without a label and a split."""
    folder.mkdir(exist_ok=True)
    arrange.draw_image(class_name, seed).save(folder / name)
    before = {asset.asset_id for asset in arrange.list_all(workspace)}
    arrange.import_folder(workspace, folder)
    (added,) = [a for a in arrange.list_all(workspace) if a.asset_id not in before]
    return added


def test_score__every_image_gets_what_predict_says_of_its_file(finished):
    report = score(finished)
    assert (report.num_scored, report.num_rejected, report.revision_id) == (ALL, 0, 1)
    found = predictions_of(finished)
    assert len(found) == ALL
    predictor = Predictor.load(checkpoints.checkpoint_path(finished, 1), "cpu")
    for asset in assets_of(finished, "val") + assets_of(finished, "train")[:6]:
        told = predictor.predict(finished.store.read(asset.file_path)).probabilities
        row = found[asset.asset_id]
        shares = [entry.probability for entry in told]
        assert row.label_id == arrange.class_id(finished, told[0].label_name)
        assert row.confidence == pytest.approx(shares[0], abs=1e-6)
        assert row.margin == pytest.approx(shares[0] - shares[1], abs=1e-6)
        assert row.entropy == pytest.approx(-sum(p * math.log(p) for p in shares), abs=1e-5)
        assert (row.given_label_id, row.revision_id) == (asset.label_id, 1)


def test_score__label_quality_is_the_probability_of_the_label__never_of_trained_images(finished):
    report = score(finished)
    found = predictions_of(finished)
    assert {found[a.asset_id].label_quality for a in assets_of(finished, "train")} == {None}
    assert report.num_rated == VAL + TEST
    predictor = Predictor.load(checkpoints.checkpoint_path(finished, 1), "cpu")
    for asset in assets_of(finished, "val"):
        told = predictor.predict(finished.store.read(asset.file_path)).probabilities
        given = next(e.probability for e in told if e.label_name == asset.label_name)
        assert found[asset.asset_id].label_quality == pytest.approx(given, abs=1e-6)


def test_score__what_was_trained_on_is_told_by_the_run_s_revision_and_by_bytes(finished, tmp_path):
    trained, measured = assets_of(finished, "train")[0], assets_of(finished, "val")[0]
    copy = tmp_path / "twins" / trained.label_name
    copy.mkdir(parents=True)
    shutil.copy(finished.store.local_root() / trained.file_path, copy / "twin.png")
    arrange.import_folder(finished, tmp_path / "twins")
    twins = [a for a in arrange.list_all(finished) if a.content_hash == trained.content_hash]
    label_edits.set_split(finished, [trained.asset_id], "val", actor=ACTOR)
    label_edits.set_split(finished, [measured.asset_id], "train", actor=ACTOR)
    score(finished)
    found = predictions_of(finished)
    # In val now, or imported later: the network has seen these pixels with this label.
    assert {found[twin.asset_id].label_quality for twin in twins} == {None}
    assert found[measured.asset_id].label_quality is not None


def test_score__unlabelled_images_and_unknown_classes_have_no_quality(finished, tmp_path):
    unlabelled, foreign = assets_of(finished, "val")[:2]
    label_edits.relabel(finished, [unlabelled.asset_id], None, actor=ACTOR)
    other = classes.create_class(finished, "hexagon", actor=ACTOR)
    label_edits.relabel(finished, [foreign.asset_id], other.label_id, actor=ACTOR)
    score(finished)
    found = predictions_of(finished)
    assert (found[unlabelled.asset_id].label_quality, found[foreign.asset_id].label_quality) == (
        None,
        None,
    )
    assert found[unlabelled.asset_id].given_label_id is None
    assert found[foreign.asset_id].given_label_id == other.label_id


def test_score__only_new_takes_new_images_and_changed_labels__all_takes_all(finished, tmp_path):
    score(finished)
    assert score(finished).num_scored == 0
    added = add_image(finished, tmp_path / "more")
    changed = assets_of(finished, "test")[0]
    other = next(name for name in arrange.CLASSES if name != changed.label_name)
    arrange.relabel_one(finished, changed, other)
    before = predictions_of(finished)[changed.asset_id].label_quality
    seen = []
    report = score(finished, progress=Progress(lambda now: seen.append((now.done, now.total))))
    assert (report.num_scored, seen) == (2, [(2, 2)])
    found = predictions_of(finished)
    assert found[added.asset_id].label_quality is None
    now = found[changed.asset_id]
    assert now.given_label_id == arrange.class_id(finished, other)
    assert now.label_quality != before
    assert score(finished, only_new=False).num_scored == ALL + 1
    assert len(predictions_of(finished)) == ALL + 1


def test_score__of_one_split(finished, tmp_path):
    assert score(finished, split="val").num_scored == VAL
    add_image(finished, tmp_path / "more")
    assert score(finished, split="none").num_scored == 1
    assert len(predictions_of(finished)) == VAL + 1
    with pytest.raises(InvalidInput, match="no split 'valid'"):
        score(finished, split="valid")


def test_score__a_class_that_was_merged_since_counts_for_the_one_that_took_over(finished):
    score(finished)
    circle, square = (arrange.class_id(finished, name) for name in ("circle", "square"))
    as_square = [r for r in predictions_of(finished).values() if r.label_id == square]
    assert as_square
    class_merges.merge_classes(finished, square, circle, actor=ACTOR)
    # Suggestions of the class that is gone are held back until it is scored again.
    page = [a for a in arrange.list_all(finished) if a.asset_id == as_square[0].asset_id]
    assert suggestions.suggest(finished, 1, page) == {}
    predictor = Predictor.load(checkpoints.checkpoint_path(finished, 1), "cpu")
    assert score(finished).num_scored == ALL  # two outputs are one now: every answer changes
    assert score(finished).num_scored == 0
    found = predictions_of(finished)
    assert square not in {row.label_id for row in found.values()}
    asset = next(a for a in assets_of(finished, "val") if a.label_id == circle)
    told = predictor.predict(finished.store.read(asset.file_path)).probabilities
    together = sum(e.probability for e in told if e.label_name in ("circle", "square"))
    assert found[asset.asset_id].label_quality == pytest.approx(together, abs=1e-6)
    merged = history.latest_revision_id(finished)
    history.undo(finished, merged, actor=ACTOR)
    assert score(finished).num_scored == ALL  # and they are two again
    assert square in {row.label_id for row in predictions_of(finished).values()}


def test_score__a_retired_class_keeps_its_number_and_is_not_suggested(finished):
    stripe = arrange.class_id(finished, "stripe")
    class_merges.retire_class(finished, stripe, actor=ACTOR, unlabel=True)
    score(finished)
    found = predictions_of(finished)
    as_stripe = [row.asset_id for row in found.values() if row.label_id == stripe]
    assert as_stripe
    suggested = suggestions.suggest(finished, 1, arrange.list_all(finished))
    assert not set(as_stripe) & set(suggested)
    assert len(suggested) == ALL - len(as_stripe)


def test_score__removed_images_are_left_out_and_unreadable_ones_are_named(finished):
    gone, missing, changed, broken = assets_of(finished, "val")[:4]
    label_edits.remove_assets(finished, [gone.asset_id], actor=ACTOR)
    root = finished.store.local_root()
    (root / missing.file_path).unlink()
    (root / changed.file_path).write_bytes((root / broken.file_path).read_bytes())
    data = b"this is not an image"
    (root / broken.file_path).write_bytes(data)
    with finished.database.write() as uow:  # as if it had been imported so
        uow.assets.update_fields(
            [broken.asset_id], AssetPatch(content_hash=hashing.content_hash(data))
        )
    heard = []
    report = score(finished, on_rejected=heard.append)
    assert report.num_scored == ALL - 4
    assert {(p.source, p.reason) for p in report.rejected} == {
        (missing.file_path, "missing"),
        (changed.file_path, "changed"),
        (broken.file_path, "not_an_image"),
    }
    assert (report.num_rejected, heard) == (3, report.rejected)
    assert not {a.asset_id for a in (gone, missing, changed, broken)} & set(
        predictions_of(finished)
    )
    (root / missing.file_path).write_bytes(arrange_again(missing))
    assert score(finished).num_scored in (0, 1)


def arrange_again(asset):
    """The bytes of a drawn image, from its name: class_seed.png."""
    class_name, _, seed = asset.file_path.rsplit("/", 1)[-1].removesuffix(".png").rpartition("_")
    buffer = BytesIO()
    arrange.draw_image(class_name, int(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def test_score__cancelled_keeps_what_was_scored_and_goes_on(finished, monkeypatch):
    monkeypatch.setattr(image_batches, "BATCH_IMAGES", 8)
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        score(finished, progress=Progress(should_stop=lambda: next(asked)))
    assert len(predictions_of(finished)) == 16
    assert score(finished).num_scored == ALL - 16
    assert len(predictions_of(finished)) == ALL


def test_score__pages_and_batches_of_any_size_lose_none(finished, monkeypatch):
    monkeypatch.setattr(scoring, "PAGE_IMAGES", 7)
    monkeypatch.setattr(image_batches, "BATCH_IMAGES", 3)
    assert score(finished).num_scored == ALL
    assert len(predictions_of(finished)) == ALL


def test_score__in_all_goes_on_behind_an_image(finished):
    ids = sorted(asset.asset_id for asset in arrange.list_all(finished))
    report = score(finished, only_new=False, after=ids[9])
    assert report.num_scored == ALL - 10
    assert set(predictions_of(finished)) == set(ids[10:])


def test_score__stops_when_the_run_is_removed_or_has_a_better_checkpoint(finished, monkeypatch):
    monkeypatch.setattr(image_batches, "BATCH_IMAGES", 8)
    monkeypatch.setattr(scoring, "WRITE_SECONDS", 0.0)
    with finished.database.read() as uow:
        best = uow.checkpoints.list_of_run(1)[0]
    asked = []

    def resumed_meanwhile():
        asked.append(True)
        if len(asked) == 3:
            with finished.database.write() as uow:
                uow.checkpoints.add(replace(best, content_hash="0" * 64))
        return False

    with pytest.raises(Conflict, match="better checkpoint"):
        score(finished, progress=Progress(should_stop=resumed_meanwhile))
    assert len(predictions_of(finished)) == 16
    with finished.database.write() as uow:
        uow.checkpoints.add(best)
    asked.clear()

    def removed_meanwhile():
        asked.append(True)
        if len(asked) == 3:
            removal.delete_run(finished, 1)
        return False

    with pytest.raises(NotFound, match="removed while"):
        score(finished, progress=Progress(should_stop=removed_meanwhile))
    assert predictions_of(finished) == {}


def test_score__refuses_an_unknown_run_and_a_damaged_checkpoint(finished):
    with pytest.raises(NotFound, match="no run 99"):
        scoring.score_run(finished, 99)
    path = checkpoints.checkpoint_path(finished, 1)
    data = bytearray(path.read_bytes())
    data[-200:] = bytes(200)
    path.write_bytes(data)
    with pytest.raises(CheckpointRejected):
        score(finished)
    assert predictions_of(finished) == {}


def test_remove_run__takes_its_predictions_along(finished):
    score(finished)
    removal.delete_run(finished, 1)
    assert predictions_of(finished) == {}


def test_suggest__quality_speaks_only_of_the_label_that_was_scored(finished):
    score(finished)
    asset = assets_of(finished, "val")[0]
    before = suggestions.suggest(finished, 1, [asset])[asset.asset_id]
    assert before.label_quality is not None
    other = next(name for name in arrange.CLASSES if name != asset.label_name)
    arrange.relabel_one(finished, asset, other)
    now = next(a for a in arrange.list_all(finished) if a.asset_id == asset.asset_id)
    after = suggestions.suggest(finished, 1, [now])[asset.asset_id]
    assert (after.label_id, after.confidence) == (before.label_id, before.confidence)
    assert after.label_quality is None
    assert suggestions.suggest(finished, 1, []) == {}
    assert suggestions.suggest(finished, 2, [now]) == {}
    assert uuid.UUID(int=0) not in suggestions.suggest(finished, 1, [now])
