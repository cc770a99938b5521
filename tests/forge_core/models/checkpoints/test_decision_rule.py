"""The decision rule of a card: checked strictly, kept with its arrays, and it decides alike."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from forge_core.errors import CheckpointRejected, InvalidInput
from forge_core.inference.decisions import DecisionModule
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.decision_rule import (
    DECISIONS,
    Decision,
    DecisionRule,
    decide,
)
from forge_core.models.checkpoints.familiarity import ClassMiddles, Familiarity, WeighedMiddles
from forge_core.models.checkpoints.model_card import ModelCard
from tests.forge_core.models.checkpoints.altered import (
    change_card,
    make_card,
    make_model,
    rewrite,
)


def make_rule(min_confidence: float = 0.9, max_distance: float | None = 2.0) -> DecisionRule:
    return DecisionRule(
        min_confidence=min_confidence,
        max_distance=max_distance,
        max_error=0.02,
        certainty=0.95,
        num_images=400,
        num_accepted=300,
        num_wrong=1,
        num_unfamiliar=12,
    )


def make_familiarity(num_features: int = 3) -> WeighedMiddles:
    """Knows directions 0 and 1; the first counts 10 times, all others twice."""
    return WeighedMiddles(
        centre=torch.zeros(num_features),
        directions=torch.eye(num_features, 2),
        scales=torch.tensor([10.0, 1.0]),
        residual_scale=torch.tensor([2.0]),
        prototypes=torch.tensor([[10.0, 0.0], [0.0, 1.0]]),
    )


def distances_of(features: list[list[float]]) -> list[float]:
    return make_familiarity().distances(torch.tensor(features)).tolist()


def test_distance__is_that_to_the_nearest_prototype_whatever_the_length() -> None:
    # (1, 0, 0) is the first prototype. (0, 0, 5) has length 1 off the directions, so 2, and is 1
    # from the second prototype: sqrt(5). (3, 4, 0) is (0.6, 0.8): (6, 0.8) is sqrt(16.64) from the
    # first and sqrt(36.04) from the second. Without any feature it is 1 from the second.
    found = distances_of([[7.0, 0, 0], [0, 0, 5], [3, 4, 0], [0, 0, 0]])
    assert found == pytest.approx([0, 5**0.5, 16.64**0.5, 1])


def make_middles(num_features: int = 3) -> ClassMiddles:
    """Of one class along direction 0, and of one that is spread along 1."""
    return ClassMiddles(middles=torch.eye(2, num_features) * torch.tensor([[1.0], [0.5]]))


def test_distance__to_middles_grows_where_two_classes_are_as_near() -> None:
    # (3, 4, 0) has length 1 at (0.6, 0.8): squares 0.8 and 0.45 from the middles. (0, 0, 5) has
    # squares 2 and 1.25. At a middle it is next to 0. Without any feature squares are 1 and 0.25.
    features = torch.tensor([[3.0, 4, 0], [0, 0, 5], [7, 0, 0], [0, 0, 0]])
    found = make_middles().distances(features).tolist()
    assert found == pytest.approx([0.45 / 0.8**0.5, 1.25 / 2**0.5, 0, 0.25], abs=1e-6)
    module = DecisionModule(1.0, make_rule(max_distance=0.6), make_middles())
    assert module(features, torch.tensor([[9.0, 0.0]] * 4))[2].tolist() == [0, 2, 0, 0]


def test_module_and_function__say_the_same_on_both_sides_of_the_lines() -> None:
    rule = make_rule(min_confidence=0.75)
    module = DecisionModule(2.0, rule, make_familiarity())
    sure, unsure = [2 * 1.1, 0.0], [2 * 1.0, 0.0]  # sigmoid(1.1) = 0.750, sigmoid(1.0) = 0.731
    logits = torch.tensor([sure, unsure, sure, sure])
    features = torch.tensor([[1.0, 0, 0], [0, 2, 0], [0, 1, 0.5], [0, 0, 1]])
    probabilities, distances, codes = module(features, logits)
    assert [DECISIONS[code] for code in codes.tolist()] == [
        Decision.ACCEPTED,
        Decision.NOT_SURE,
        Decision.ACCEPTED,
        Decision.UNFAMILIAR,
    ]
    rows = zip(probabilities.tolist(), distances.tolist(), codes.tolist(), strict=True)
    assert all(decide(row, distance, rule).code == code for row, distance, code in rows)


def test_decide__at_the_line_is_accepted_whatever_the_runtime() -> None:
    tenth = torch.tensor([0.1, 0.9]).tolist()[1]  # 0.9 as float32 has it, a little below 0.9
    assert tenth != 0.9
    assert decide([tenth], None, make_rule(0.9, None)) is Decision.ACCEPTED


@pytest.mark.parametrize("make", [make_familiarity, make_middles])
def test_save_and_load__keep_rule_and_arrays(
    tmp_path: Path, make: Callable[[int], Familiarity]
) -> None:
    path = tmp_path / "a.safetensors"
    known = make(make_model().head[0].in_features)  # type: ignore[index, union-attr, arg-type]
    card = make_card(decision_rule=make_rule())
    checkpoint.save_checkpoint(path, make_model(), card, known)
    loaded = checkpoint.load_checkpoint(path)
    assert loaded.card.decision_rule == make_rule()
    assert loaded.familiarity is not None
    for name, tensor in known.tensors().items():
        assert torch.equal(loaded.familiarity.tensors()[name], tensor)

    name, tensor = next(iter(known.tensors().items()))
    rewrite(path, **{f"familiarity__{name}": tensor + 1})
    with pytest.raises(CheckpointRejected, match=r"weights .* not what was saved"):
        checkpoint.load_checkpoint(path)
    rewrite(path, sealed=True, **{f"familiarity__{name}": None})
    with pytest.raises(CheckpointRejected, match="decision rule needs"):
        checkpoint.load_checkpoint(path)


def test_load__of_another_network_s_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(InvalidInput, match="do not fit"):
        checkpoint.save_checkpoint(path, make_model(), make_card(decision_rule=make_rule()))
    card = make_card(decision_rule=make_rule())
    with pytest.raises(InvalidInput, match="5 features"):
        checkpoint.save_checkpoint(path, make_model(), card, make_familiarity(5))
    assert not path.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"min_confidence": "0.9"},
        {"min_confidence": 1.5},
        {"max_distance": True},
        {"max_distance": -1},
        {"max_error": 0},
        {"num_accepted": 399},
        {"num_images": 400.0},
        {"lenient": 1},
        {"certainty": None},
    ],
)
def test_card__a_rule_that_cannot_be_right_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    path = tmp_path / "a.safetensors"
    checkpoint.save_checkpoint(
        path, make_model(), make_card(decision_rule=make_rule(max_distance=None))
    )
    rule = json.loads(checkpoint.read_card(path).to_json())["decision_rule"]
    change_card(path, sealed=True, decision_rule=rule | changes)
    with pytest.raises(
        CheckpointRejected, match=r"decision rule|confidence|distance|error|numbers"
    ):
        checkpoint.read_card(path)


def test_card__without_a_rule_loads_and_decides_nothing(tmp_path: Path) -> None:
    text = json.loads(make_card().to_json())
    del text["decision_rule"]
    assert ModelCard.from_json(json.dumps(text)).decision_rule is None
    path = tmp_path / "a.safetensors"
    checkpoint.save_checkpoint(path, make_model(), make_card())
    answer = Predictor.load(path, "cpu").predict(_png())
    assert (answer.decision, answer.distance) == (None, None)


@pytest.mark.parametrize(
    ("min_confidence", "max_distance", "expected"),
    [
        (0.0, 1e6, Decision.ACCEPTED),
        (1.0, 1e6, Decision.NOT_SURE),
        (0.0, 1e-3, Decision.UNFAMILIAR),
    ],
)
def test_predict__says_what_to_do_with_the_answer(
    tmp_path: Path, min_confidence: float, max_distance: float, expected: Decision
) -> None:
    path = tmp_path / "a.safetensors"
    known = make_familiarity(make_model().head[0].in_features)  # type: ignore[index, union-attr]
    card = make_card(decision_rule=make_rule(min_confidence, max_distance))
    checkpoint.save_checkpoint(path, make_model(), card, known)
    good, bad = Predictor.load(path, "cpu").predict_many([_png(), b"none"])
    assert isinstance(good, Prediction)
    assert not isinstance(bad, Prediction)
    assert good.decision is expected
    assert good.distance is not None
    assert good.distance > 1e-3


def _png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (30, 20), "red").save(buffer, "PNG")
    return buffer.getvalue()
