"""How many of 100 pictures of ImageNet do the pretrained weights name, as the product frames them?

`python -m benchmarks.pretrained shared/data/imagenet_samples_100`: each network whose weights are
here, whole, with its own 1,000 classes and the eval transform that a run would start with. Weights
that were read in a wrong order, or inputs on a wrong scale, name next to none.
"""

import argparse
import csv
import json
from pathlib import Path

import torch
from PIL import Image
from torchvision import models as tv

from forge_core.models import architectures, timm_networks, weights
from forge_core.models.networks import timm_backbones


def whole(name: str) -> torch.nn.Module:
    """The network with its weights and its own classes."""
    state = weights.load_weights(name)
    if timm_networks.is_of_timm(name):
        return timm_backbones.load_whole(
            name, state, architectures.get_architecture(name).input_size
        )
    network = tv.get_model(name, weights=None)
    network.load_state_dict(dict(state))
    return network.eval()


@torch.inference_mode()
def count_right(name: str, folder: Path) -> tuple[int, int]:
    """Pictures whose class is the first answer, and among the first five."""
    network, transform = whole(name), architectures.default_eval_transform(name, None)
    first = among = 0
    with (folder / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            with Image.open(folder / row["file"]) as image:
                inputs = transform(image.convert("RGB"))[None]
            answers = network(inputs)[0].topk(5).indices.tolist()
            first += answers[0] == int(row["imagenet_index"])
            among += int(row["imagenet_index"]) in answers
    return first, among


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name in weights.cached_architectures():
        first, among = count_right(name, folder)
        print(json.dumps({"network": name, "first": first, "among_five": among}))


if __name__ == "__main__":
    main()
