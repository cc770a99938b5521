"""The moving average is what it says, and the network's own weights come back."""

import torch
from torch import nn

from forge_core.training.steps.weight_average import WeightAverage


def make_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def change(network: nn.Module, seed: int) -> None:
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter))
    network.train()
    network(torch.randn(8, 3))  # moves the statistics of batch normalisation


def test_update__averages_weights_and_statistics_and_copies_counters() -> None:
    network = make_network()
    expected = {name: value.clone() for name, value in network.state_dict().items()}
    average = WeightAverage(network, decay=0.3)
    for number in range(5):
        change(network, number)
        average.update()
        decay = min(0.3, (1 + number) / (10 + number))
        for name, value in network.state_dict().items():
            old = expected[name]
            expected[name] = decay * old + (1 - decay) * value if old.is_floating_point() else value
    own = {name: value.clone() for name, value in network.state_dict().items()}
    with average.applied():
        for name, value in network.state_dict().items():
            assert torch.allclose(value, expected[name]), name
        assert int(network[1].num_batches_tracked) == 5
    assert all(torch.equal(value, own[name]) for name, value in network.state_dict().items())


def test_applied__own_weights_come_back_after_an_error() -> None:
    network = make_network()
    average = WeightAverage(network, decay=0.9)
    change(network, 1)
    own = network[0].weight.detach().clone()
    try:
        with average.applied():
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert torch.equal(network[0].weight, own)


def test_load_state_dict__goes_on_as_if_nothing_had_happened() -> None:
    network, other = make_network(), make_network()
    first, second = WeightAverage(network, 0.9), WeightAverage(other, 0.9)
    change(network, 1)
    first.update()
    second.load_state_dict(first.state_dict())
    other.load_state_dict(network.state_dict())
    for moving, average in ((network, first), (other, second)):
        change(moving, 2)
        average.update()
    with first.applied(), second.applied():
        assert torch.equal(network[0].weight, other[0].weight)
