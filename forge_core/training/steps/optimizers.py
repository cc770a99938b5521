"""The optimiser of a stage: which weights it moves, and which of them decay."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.nn import Parameter

from forge_core.models.networks import construction
from forge_core.models.networks.classifier import ImageClassifier
from forge_core.training.stages import Stage

NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm, nn.LocalResponseNorm)


def build_optimizer(stage: Stage, model: ImageClassifier) -> torch.optim.Optimizer:
    """A fresh optimiser over the layers that the stage trains, named groups with their rates.

    Also freezes or frees the backbone and its statistics as the stage wants it.
    """
    if "all" in stage.learning_rates:
        by_name = {"all": list(model.parameters())}
    else:
        construction.set_backbone_frozen(model, stage.is_backbone_frozen)
        model.set_statistics_kept(stage.keeps_statistics)
        by_name = {"head": list(construction.head_parameters(model))}
        if not stage.is_backbone_frozen:
            by_name["backbone"] = list(construction.backbone_parameters(model))
    groups = []
    for name, parameters in by_name.items():
        values = {"lr": stage.learning_rates[name], "name": name}
        if stage.decays_norm_and_bias or not stage.weight_decay:
            groups.append({"params": parameters, **values})
            continue
        undecayed = {id(parameter) for parameter in norm_and_bias(model)}
        decayed = [parameter for parameter in parameters if id(parameter) not in undecayed]
        others = [parameter for parameter in parameters if id(parameter) in undecayed]
        groups.append({"params": decayed, **values})
        if others:
            groups.append({"params": others, "weight_decay": 0.0, **values})
    if stage.optimizer == "adam":
        return torch.optim.Adam(groups, fused=True)
    if stage.optimizer == "sgd":
        return torch.optim.SGD(
            groups,
            momentum=stage.momentum,
            nesterov=stage.nesterov and stage.momentum > 0.0,
            weight_decay=stage.weight_decay,
            fused=True,
        )
    return torch.optim.AdamW(groups, weight_decay=stage.weight_decay, fused=True)


def norm_and_bias(model: nn.Module) -> Iterable[Parameter]:
    """Parameters that set a scale or an offset, where decay brings nothing."""
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, NORMS) or "bias" in name:  # in_proj_bias of an attention too
                yield parameter


def set_rates(optimizer: torch.optim.Optimizer, rates: dict[str, float]) -> None:
    """Give each named parameter group its learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rates[group["name"]]
