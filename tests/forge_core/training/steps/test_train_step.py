"""What a step does beside forward and backward."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from forge_core.errors import InvalidInput
from forge_core.models import devices
from forge_core.training.steps.mixing import Mix, MixRule
from forge_core.training.steps.precision import Precision
from forge_core.training.steps.train_step import StepRules, num_correct, train_step

CPU = devices.choose("cpu")


def make_step(rules: StepRules, mix: Mix | None = None) -> tuple[nn.Module, torch.Tensor]:
    """A step of a linear network with a rate of 1, and its loss."""
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    inputs, labels = torch.randn(6, 3, 2, 2), torch.tensor([0, 0, 0, 1, 1, 2])
    loss, _ = train_step(network, inputs, labels, optimizer, Precision(CPU), rules, mix)
    return network, loss


def test_train_step__clips_the_gradient_of_all_weights_together() -> None:
    torch.manual_seed(3)
    before = nn.Linear(12, 3)
    network, _ = make_step(StepRules(clip_norm=0.01))
    moved = [
        new - old for new, old in zip(network[1].parameters(), before.parameters(), strict=True)
    ]
    length = torch.sqrt(sum((change**2).sum() for change in moved)).detach()
    assert float(length) == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("clip_norm", [0.0, 0.01])
def test_train_step__tells_the_length_of_the_gradient_before_it_is_clipped(
    clip_norm: float,
) -> None:
    network, inputs = nn.Linear(4, 3), torch.randn(6, 4)
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    gradients = torch.autograd.grad(
        functional.cross_entropy(network(inputs), labels), list(network.parameters())
    )
    expected = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    norms: list[torch.Tensor] = []
    train_step(
        network,
        inputs,
        labels,
        torch.optim.SGD(network.parameters(), lr=1.0),
        Precision(CPU),
        StepRules(clip_norm=clip_norm),
        norms=norms,
    )
    (norm,) = norms
    assert float(norm) == pytest.approx(float(expected), rel=1e-5)


def test_train_step__class_weights_are_those_of_the_weighted_mean() -> None:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    inputs = torch.randn(6, 3, 2, 2)
    network.requires_grad_(False)
    each = functional.cross_entropy(
        network(inputs), torch.tensor([0, 0, 0, 1, 1, 2]), reduction="none"
    )
    # each class counts 2 of 6 images: weights 2/3, 1 and 2
    weights = torch.tensor([2 / 3, 1.0, 2.0])
    expected = each[:3].sum() * 2 / 3 + each[3:5].sum() + each[5] * 2
    _, loss = make_step(StepRules(class_weights=weights))
    assert float(loss) == pytest.approx(float(expected) / 6, rel=1e-6)


def test_train_step__a_mix_has_the_loss_of_the_mixed_target() -> None:
    mix = Mix(share=0.7, box=None)
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    network.requires_grad_(False)
    inputs = torch.randn(6, 3, 2, 2)
    one_hot = functional.one_hot(torch.tensor([0, 0, 0, 1, 1, 2]), 3).float()
    expected = functional.cross_entropy(
        network(0.7 * inputs + 0.3 * inputs.roll(1, 0)),
        0.7 * one_hot + 0.3 * one_hot.roll(1, 0),
        label_smoothing=0.1,
    )
    _, loss = make_step(StepRules(label_smoothing=0.1), mix)
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_count_right__an_answer_counts_by_its_share() -> None:
    labels, neighbours = torch.tensor([0, 1, 1]), torch.tensor([1, 0, 1])
    answers = torch.tensor([0, 0, 1])  # own; neighbour's; both
    mix = Mix(share=0.75, box=None)
    assert float(num_correct(answers, labels, neighbours, mix)) == pytest.approx(0.75 + 0.25 + 1.0)
    assert int(num_correct(answers, labels, labels, None)) == 2


def test_mix__cutmix_shares_are_the_areas() -> None:
    rule = MixRule(cutmix_alpha=1.0)
    own = torch.zeros(2, 1, 16, 16)
    own[1] = 1.0
    for step in range(20):
        mix = rule.draw(0, 0, step, 16)
        assert mix is not None
        assert mix.box is not None
        mixed = mix.apply(own)
        assert float(mixed[0].mean()) == pytest.approx(1.0 - mix.share)
        assert float(mixed[1].mean()) == pytest.approx(mix.share)
    assert float(own.sum()) == 256.0, "the images given stay as they are"


def test_draw__is_a_function_of_seed_epoch_and_step() -> None:
    rule = MixRule(mixup_alpha=0.4, cutmix_alpha=1.0)
    drawn = {
        (seed, epoch, step): rule.draw(seed, epoch, step, 16)
        for seed in (0, 1)
        for epoch in (0, 1)
        for step in range(10)
    }
    assert all(rule.draw(*place, 16) == mix for place, mix in drawn.items())
    assert len(set(drawn.values())) >= 38, "a few boxes outside of the corner are alike"
    assert {mix.box is None for mix in drawn.values() if mix} == {True, False}
    assert MixRule().draw(0, 0, 0, 16) is None


def test_draw__mixup_shares_have_the_mean_and_spread_of_the_beta() -> None:
    # Beta(0.5, 0.5): mean 1/2, variance 1 / (4 (2 * 0.5 + 1)) = 1/8
    shares = torch.tensor(
        [MixRule(mixup_alpha=0.5).draw(0, 0, step, 8).share for step in range(2000)]
    )  # type: ignore[union-attr]
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.03)
    assert float(shares.var()) == pytest.approx(0.125, abs=0.01)


def test_precision__float16_needs_a_gpu() -> None:
    with pytest.raises(InvalidInput, match="float16 needs a CUDA GPU"):
        Precision(CPU, "float16")


def test_precision__bfloat16_computes_in_it_on_a_cpu() -> None:
    precision = Precision(CPU, "bfloat16")
    with precision.autocast():
        assert nn.Linear(4, 4)(torch.randn(2, 4)).dtype == torch.bfloat16
    assert (precision.title, Precision(CPU).title) == ("bfloat16", "float32")


def test_train_step__lowers_the_loss_and_leaves_it_on_the_device() -> None:
    torch.manual_seed(0)
    network = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5)
    inputs, labels = torch.randn(16, 4), torch.arange(16) % 3
    losses = [train_step(network, inputs, labels, optimizer, Precision(CPU)) for _ in range(20)]
    assert float(losses[-1][0]) < float(losses[0][0])
    assert not losses[0][0].requires_grad
    assert 0 <= int(losses[-1][1]) <= 16
