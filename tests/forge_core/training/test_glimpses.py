"""What a run shows while it trains is what went in and what came out."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from forge_core.evaluation import metrics
from forge_core.training.glimpses import first_batch, writing
from forge_core.training.glimpses.first_batch import FirstBatch
from forge_core.training.glimpses.last_validation import LastValidation
from tests.forge_core.training.arrange import Drawer


def test_first_batch__gives_the_colours_back() -> None:
    pixels = torch.zeros(20, 3, 8, 8)
    pixels[0, 0], pixels[1, 1] = 1.0, 0.5
    mean, std = (0.4, 0.3, 0.2), (0.5, 0.25, 0.1)
    each = [torch.tensor(values)[:, None, None] for values in (mean, std)]
    drawn = first_batch.draw(
        (pixels - each[0]) / each[1], torch.arange(20), stage="warmup", mean=mean, std=std
    )
    shown = FirstBatch.from_json(drawn.to_json())
    assert shown.labels == tuple(range(12))
    tiles = [np.asarray(tile) for tile in shown.tiles()]
    assert tiles[0].shape == (8, 8, 3)
    assert tiles[0][3, 3].tolist() == [255, 0, 0]
    assert tiles[1][3, 3].tolist() == pytest.approx([0, 128, 0], abs=1)


def test_keep_validation__names_the_mistakes_that_it_was_surest_of(
    tmp_path: Path,
) -> None:
    val = Drawer().make("val", (2, 2, 0))  # labels 0, 1, 0, 1
    scores = torch.tensor([[0.0, 1, 0], [0, 5, 0], [0, 0, 9], [2, 0, 0]])
    report = metrics.evaluate_logits(scores, val.labels, ("a", "b", "c"))
    context = SimpleNamespace(
        images=SimpleNamespace(val=val),
        ranks=SimpleNamespace(is_rank_zero=True),
        folder=tmp_path,
    )
    writing.keep_validation(context, 3, report, scores)  # type: ignore[arg-type]
    found = LastValidation.from_json((tmp_path / "validation.json").read_bytes())
    assert (found.epoch, found.report) == (3, report)
    told = [(m.source, m.label, m.answered) for m in found.mistakes]
    paths = [image.source for image in val.images]
    assert told == [(paths[2], 0, 2), (paths[3], 1, 0), (paths[0], 0, 1)]
    assert found.mistakes[0].probability == pytest.approx(0.9998, abs=1e-4)
