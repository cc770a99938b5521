"""Cut the classifier off a network, whatever it is called there, and put a head of ours on."""

from torch import nn

HIDDEN_FEATURES = 256
DROPOUT = 0.3


def make_head(in_features: int, num_classes: int) -> nn.Sequential:
    """Linear(F, 256) - ReLU - Dropout(0.3) - Linear(256, K).

    Args:
        in_features: F, what the backbone gives for each image.
        num_classes: K.

    Returns:
        (N, F) to logits (N, K), freshly initialised from torch's random stream.
    """
    return nn.Sequential(
        nn.Linear(in_features, HIDDEN_FEATURES),
        nn.ReLU(inplace=True),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN_FEATURES, num_classes),
    )


def cut_classifier(network: nn.Module, num_outputs: int) -> int:
    """Take the classifier out of a network, so that it gives pooled features (N, F).

    The classifier is the last layer with `num_outputs` outputs, linear or a convolution. What
    stands in one row with a linear one goes from the first linear layer on, dropouts before it
    too; what pools or normalises before that stays.

    Args:
        network: Changed in place.
        num_outputs: Of its classifier, such as 1,000 for ImageNet.

    Returns:
        F.

    Raises:
        LookupError: No layer has so many outputs.
    """
    name, last = _last_with(network, num_outputs)
    parent_name, _, own_name = name.rpartition(".")
    parent = network.get_submodule(parent_name)
    if isinstance(last, nn.Conv2d) or not isinstance(parent, nn.Sequential):
        setattr(parent, own_name, nn.Identity())
        if isinstance(last, nn.Conv2d) and isinstance(parent, nn.Sequential):
            _drop_dropouts(parent)
        return last.in_channels if isinstance(last, nn.Conv2d) else last.in_features
    layers = list(parent.named_children())
    first = next(place for place, (_, layer) in enumerate(layers) if isinstance(layer, nn.Linear))
    cut = layers[first][1]
    assert isinstance(cut, nn.Linear), "found as one"
    while first and isinstance(layers[first - 1][1], nn.Dropout):
        first -= 1
    for place_name, _ in layers[first:]:
        delattr(parent, place_name)
    return cut.in_features


def _last_with(network: nn.Module, num_outputs: int) -> tuple[str, nn.Linear | nn.Conv2d]:
    found: tuple[str, nn.Linear | nn.Conv2d] | None = None
    for name, layer in network.named_modules():
        if (isinstance(layer, nn.Linear) and layer.out_features == num_outputs) or (
            isinstance(layer, nn.Conv2d) and layer.out_channels == num_outputs
        ):
            found = (name, layer)
    if found is None:
        raise LookupError(f"no layer of {type(network).__name__} has {num_outputs} outputs")
    return found


def _drop_dropouts(row: nn.Sequential) -> None:
    for name, layer in list(row.named_children()):
        if isinstance(layer, nn.Dropout):
            setattr(row, name, nn.Identity())
