"""Mixed precision: most of a network in half precision, its sensitive parts in float32."""

from copy import deepcopy

import torch
from torch import nn

from upscaler.networks.family import Traits


def lower(network: nn.Module, traits: Traits, dtype: torch.dtype) -> nn.Module:
    """A copy that computes in ``dtype`` but for the submodules under ``traits.precise``; still fed with float32.

    Every layer with weights casts what it is given (``blocks.Conv``), so converting weights is all that it takes.
    """
    copy = deepcopy(network)
    for name, tensor in (*copy.named_parameters(), *copy.named_buffers()):
        if tensor.is_floating_point() and not _under(traits.precise, name):
            tensor.data = tensor.data.to(dtype)
    return copy


def _under(prefixes: tuple[str, ...], name: str) -> bool:
    return any(name.startswith(f"{prefix}.") or name == prefix for prefix in prefixes)
