"""Calling a network on a whole picture of any size, and what that costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from math import floor

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.family import Traits


def run_whole(network: nn.Module, traits: Traits, x: Tensor) -> Tensor:
    """N,C,H,W in 0..1, from 1x1 upwards -> N,C,H*scale,W*scale, in 0..1 but for overshoot (not clipped)."""
    height, width = x.shape[2:]
    y: Tensor = network(extend(x, traits.min_size, traits.multiple) * traits.value_range) / traits.value_range
    return y[:, :, : out_edge(height, traits.scale), : out_edge(width, traits.scale)]


def extend(x: Tensor, least: int, multiple: int = 1) -> Tensor:
    """N,C,H,W with ``extension`` added at the bottom and right."""
    for axis in (2, 3):
        length = x.shape[axis]
        added = extension(length, least, multiple)
        if added:
            x = x.index_select(axis, torch.tensor([*range(length), *added], device=x.device))
    return x


def extension(length: int, least: int, multiple: int = 1) -> list[int]:
    """The rows (columns) of a picture that are repeated after its last one, so that a network can take it.

    An axis shorter than ``least`` repeats its edge; a longer one is reflected, without repeating the edge, up to a
    multiple of ``multiple`` (which ``least`` must make possible: ``multiple <= 2 * least - 1``).
    """
    missing = max(length, least) + -max(length, least) % multiple - length
    return [length - 1] * missing if length < least else [length - 2 - i for i in range(missing)]


def out_edge(position: int, scale: float) -> int:
    """The output row (column) at which input row (column) ``position`` begins: nearest, halves up."""
    return floor(position * scale + 0.5)


def parameters(network: nn.Module) -> int:
    """How many numbers the network's weights are."""
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network: nn.Module, traits: Traits, side: int = 256) -> int:
    """Multiply-adds of the convolutions and linear layers for one ``side`` x ``side`` input (nothing is computed)."""
    shadow = deepcopy(network).to("meta").eval()
    with _counting(shadow) as count:
        shadow(torch.empty(1, traits.channels, side, side, device="meta"))
    return count[0]


@contextmanager
def _counting(network: nn.Module) -> Iterator[list[int]]:
    count = [0]

    def add(module: nn.Module, _inputs: object, output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            count[0] += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            count[0] += output.numel() * module.in_features

    hooks = [m.register_forward_hook(add) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    try:
        yield count
    finally:
        for hook in hooks:
            hook.remove()
