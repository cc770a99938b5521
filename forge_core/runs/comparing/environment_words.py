"""What runs ran on, in the words of the pages: no name of a column, and no hash in full."""

from collections.abc import Mapping, Sequence

from forge_core.runs.comparison import ValueDifference

TITLES = {
    "torch": "PyTorch",
    "torchvision": "torchvision",
    "pillow": "Pillow",
    "cuda": "CUDA",
    "cudnn": "cuDNN",
    "device": "Device",
    "device_id": "Place of the device",
    "python": "Python",
    "platform": "System",
    "processors": "Processor cores",
    "driver": "Driver of the GPU",
    "packages_sha256": "Installed packages",
    "commit": "Version of Vision Forge",
    "speed": "Computed with",
    "left_out": "Images left out",
}
SHOWN_OF_A_HASH = 10
CHANGED = "+changes"


def list_rows(differences: Sequence[ValueDifference]) -> list[tuple[str, str, str]]:
    """What it is called and what either run has, for each difference."""
    return [
        (
            title_of(each.name),
            describe_value(each.name, each.first),
            describe_value(each.name, each.second),
        )
        for each in differences
    ]


def title_of(name: str) -> str:
    """What a row of `environments.as_rows` is called, also as "torch (resumed 1)"."""
    own, space, resumed = name.partition(" ")
    return f"{TITLES.get(own, own.replace('_', ' ').capitalize())}{space}{resumed}"


def describe_value(name: str, value: object) -> str:
    """The value of such a row, to be read."""
    own = name.partition(" ")[0]
    if value is None or value == "":
        return "–"
    if isinstance(value, Mapping):
        parts = (f"{key} {each}" for key, each in value.items() if each not in (None, "", False))
        return ", ".join(parts).replace("_", " ")
    if own == "packages_sha256":
        return f"set {str(value)[:SHOWN_OF_A_HASH]}"
    if own == "commit":
        changed = ", with changes" if str(value).endswith(CHANGED) else ""
        return str(value).removesuffix(CHANGED)[:SHOWN_OF_A_HASH] + changed
    return str(value)
