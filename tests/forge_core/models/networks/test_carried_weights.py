"""A network starts from another one: each class keeps its own row, whatever came or was merged."""

import pytest
import torch

from forge_core.errors import InvalidInput
from forge_core.models.networks import carried_weights, construction
from forge_core.models.networks.carried_weights import StartWeights
from forge_core.models.networks.forge_cnn import ForgeCNN


def start_of(model: ForgeCNN, outputs: tuple[tuple[int, ...], ...]) -> StartWeights:
    return StartWeights(
        state=model.state_dict(), architecture="forge_cnn", input_size=16, outputs=outputs
    )


def test_find_outputs__goes_by_class_not_by_place() -> None:
    cat, dog, wolf, frog = 4, 7, 9, 12
    trained = [cat, dog, dog]  # the third was wolf, which was merged into dog
    found = carried_weights.find_outputs(trained, [dog, frog, cat])
    assert found == ((1, 2), (), (0,))
    assert carried_weights.find_outputs(trained, [wolf]) == ((),)


def test_carry_over__maps_rows_exactly_and_leaves_new_ones_fresh() -> None:
    torch.manual_seed(1)
    trained, model = ForgeCNN(3, input_size=16), ForgeCNN(4, input_size=16)
    for buffer in trained.buffers():
        buffer.add_(1)  # statistics are carried as well
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    carried_weights.carry_over(start_of(trained, ((2,), (), (0, 1), (0,))), model)
    old, new = trained.state_dict(), model.state_dict()
    for name in ("head.3.weight", "head.3.bias"):
        assert torch.equal(new[name][0], old[name][2])
        assert torch.equal(new[name][1], before[name][1])
        assert torch.equal(new[name][2], (old[name][0] + old[name][1]) / 2)
        assert torch.equal(new[name][3], old[name][0])
    others = [name for name in new if not name.startswith("head.3.")]
    assert all(torch.equal(new[name], old[name]) for name in others)
    assert any("running_mean" in name for name in others)


def test_carry_over__the_same_classes_give_the_same_logits() -> None:
    trained = construction.build_model("resnet18", 3, pretrained=False, input_size=32).eval()
    model = construction.build_model("resnet18", 3, pretrained=False, input_size=32).eval()
    start = StartWeights(
        state=trained.state_dict(),
        architecture="resnet18",
        input_size=32,
        outputs=((0,), (1,), (2,)),
    )
    carried_weights.carry_over(start, model)
    inputs = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.equal(model(inputs), trained(inputs))


def test_carry_over__another_network_is_refused() -> None:
    with pytest.raises(InvalidInput, match="forge_cnn for 16 px"):
        carried_weights.carry_over(
            start_of(ForgeCNN(3, input_size=16), ((0,), (1,), (2,))), ForgeCNN(3, channels=1)
        )
