"""The config of a run in the words of the pages: no key, and no number that means another."""

from forge_core.training.options import BY_NAME

OTHER_TITLES = {
    "architecture": "Network",
    "pretrained": "Pretrained weights",
    "start_run": "Starts from run",
    "start_kind": "Which of its weights",
    "start_hash": "Its file, SHA-256",
    "input_size": "Input size, px",
    "preset": "Augmentation",
    "preset_name": "Saved augmentation",
    "batch_size": "Batch size",
    "warmup_epochs": "Warm-up epochs",
    "finetune_epochs": "Fine-tuning epochs",
    "scratch_epochs": "Epochs from scratch",
    "train_all_layers": "All layers at one low rate",
    "balanced_sampling": "Balanced sampling",
    "device": "Device",
}
"""Of the choices of a run that are no options."""


def title_of(name: str) -> str:
    """What a field of a config is called on the page, such as `augmentation.hue` too."""
    if name in BY_NAME:
        return BY_NAME[name].title
    group, dot, rest = name.partition(".")
    if dot:
        return f"{group.capitalize()}: {rest.replace('_', ' ')}"
    return OTHER_TITLES.get(name, name.replace("_", " ").capitalize())


def describe_value(name: str, value: object) -> str:
    """The value of a field of a config in the words of the page."""
    if name in BY_NAME and value is not None:
        return BY_NAME[name].describe(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "":
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
