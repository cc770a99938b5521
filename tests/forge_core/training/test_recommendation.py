"""What a careful engineer would start with, and why."""

import pytest

from forge_core.errors import InvalidInput
from forge_core.models.architectures import ARCHITECTURES
from forge_core.models.devices import Device
from forge_core.training import recommendation
from forge_core.training.recommendation import DataSummary, Recommendation

CPU = Device(id="cpu", name="Some CPU", kind="cpu", free_bytes=8 * 2**30, total_bytes=2**34)
GPU = Device(id="cuda:0", name="Some GPU", kind="cuda", free_bytes=2**34, total_bytes=2**34)
ALL = ("resnet18", "efficientnet_b2", "mobilenet_v2", "mobilenet_v3_small")


def make_summary(*counts: int, side: int = 375, names: tuple[str, ...] = ()) -> DataSummary:
    names = names or tuple(f"class {number}" for number in range(len(counts)))
    return DataSummary(
        counts={"train": dict(zip(names, counts, strict=True)), "val": dict.fromkeys(names, 5)},
        median_short_side=side,
    )


def recommend(
    summary: DataSummary, device: Device = CPU, cached: tuple[str, ...] = ALL
) -> Recommendation:
    return recommendation.recommend(summary, [device, CPU], cached=cached)


def test_summary__counts_the_training_split() -> None:
    summary = make_summary(30, 10, 0)
    assert (summary.num_images, summary.num_classes) == (40, 2)
    assert summary.imbalance_ratio == 3.0
    assert DataSummary(counts={}, median_short_side=0).imbalance_ratio == 1.0


def test_recommend__digits_get_forge_cnn_and_text() -> None:
    found = recommend(make_summary(*[130] * 10, side=8, names=tuple("0123456789")))
    config = found.config
    assert (config.architecture, config.pretrained) == ("forge_cnn", False)
    assert (config.input_size, config.preset) == (32, "text")
    assert not config.balanced_sampling
    assert "1,300 images of 8 px" in found.reasons["architecture"]


@pytest.mark.parametrize(
    ("side", "architecture", "input_size"),
    [(32, "forge_cnn", 32), (64, "forge_cnn", 64), (65, "mobilenet_v2", None)],
)
def test_recommend__by_the_size_of_the_images(
    side: int, architecture: str, input_size: int | None
) -> None:
    config = recommend(make_summary(500, 500, side=side)).config
    assert (config.architecture, config.input_size) == (architecture, input_size)


@pytest.mark.parametrize(
    ("device", "per_class", "architecture"),
    [(CPU, 100, "mobilenet_v2"), (GPU, 1000, "resnet18"), (GPU, 15_000, "efficientnet_b2")],
)
def test_recommend__by_device_and_number_of_images(
    device: Device, per_class: int, architecture: str
) -> None:
    config = recommend(make_summary(per_class, per_class), device).config
    assert config.architecture == architecture
    assert config.pretrained
    assert config.device == device.id


def test_recommend__takes_cached_weights_and_says_why() -> None:
    found = recommend(make_summary(900, 900), GPU, cached=("mobilenet_v2",))
    assert found.config.architecture == "mobilenet_v2"
    assert "ResNet-18 is not cached here" in found.reasons["architecture"]

    found = recommend(make_summary(900, 900), CPU, cached=())
    assert found.config.architecture == "mobilenet_v2"
    assert "will be downloaded" in found.reasons["architecture"]


@pytest.mark.parametrize(("counts", "balanced"), [((150, 100), False), ((151, 100), True)])
def test_recommend__balanced_sampling_above_the_ratio(
    counts: tuple[int, int], balanced: bool
) -> None:
    found = recommend(make_summary(*counts))
    assert found.config.balanced_sampling == balanced
    assert "1.5 times" in found.reasons["balanced_sampling"]


def test_recommend__fewer_fine_tune_epochs_for_more_images_on_a_cpu() -> None:
    few, many = (recommend(make_summary(count, count)).config for count in (100, 5000))
    assert few.finetune_epochs == recommendation.CPU_FINETUNE_EPOCHS[1]
    assert many.finetune_epochs == recommendation.CPU_FINETUNE_EPOCHS[0]
    assert recommend(make_summary(5000, 5000), GPU).config.finetune_epochs > 10


def test_recommend__without_images_still_answers() -> None:
    empty = DataSummary(counts={}, median_short_side=0)
    assert recommend(empty).config.total_epochs > 0


def test_recommend__every_reason_names_a_field() -> None:
    for summary in (make_summary(90, 90), make_summary(90, 90, side=16)):
        found = recommend(summary)
        assert set(found.reasons) <= set(found.config.to_dict())
        assert all(0 < len(reason) < 120 for reason in found.reasons.values())


def test_recommend__needs_a_device() -> None:
    with pytest.raises(InvalidInput, match="No device"):
        recommendation.recommend(make_summary(5, 5), [])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["0", "1", "2"], True),
        (["a", "b"], True),
        (["zero", "one", "Two"], True),
        (["10", "20"], True),
        (["cat", "dog", "3"], False),
        ([], False),
    ],
)
def test_looks_like_characters(names: list[str], expected: bool) -> None:
    assert recommendation.looks_like_characters(names) == expected


def test_imbalance__is_told_from_the_ratio_at_which_sampling_is_balanced() -> None:
    """Two rooms that may not import each other say the same number to a person."""
    from forge_core.catalog.listing import balance
    from forge_core.training import recommendation

    assert balance.IMBALANCE_RATIO == recommendation.IMBALANCE_RATIO


def test_alternatives__one_is_cheaper_and_one_is_more_accurate() -> None:
    found = recommend(make_summary(500, 500), CPU, cached=("mobilenet_v2",))
    chosen = ARCHITECTURES[found.config.architecture]
    cheaper, better = (ARCHITECTURES[other.architecture] for other in found.alternatives)
    assert chosen.billion_operations is not None
    assert chosen.imagenet_accuracy is not None
    assert (cheaper.billion_operations or 9) <= chosen.billion_operations / 2
    assert (better.imagenet_accuracy or 0) > chosen.imagenet_accuracy + 0.01
    assert (better.billion_operations or 9) <= 3 * chosen.billion_operations
    assert "times fewer operations" in found.alternatives[0].words
    assert found.alternatives[1].words.endswith("weights to be downloaded")


@pytest.mark.parametrize("name", sorted(n for n, a in ARCHITECTURES.items() if a.pretrained))
def test_alternatives__of_every_network_are_free_and_others(name: str) -> None:
    for other in recommendation.list_alternatives(name, on_gpu=True, cached=()):
        assert other.architecture != name
        assert ARCHITECTURES[other.architecture].is_free


def test_alternatives__small_images_get_none() -> None:
    assert recommend(make_summary(90, 90, side=16)).alternatives == ()
