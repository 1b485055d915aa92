"""Calling a network on a whole picture of any size, and what that costs."""

from copy import deepcopy
from math import floor

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

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
    """Multiply-adds for one ``side`` x ``side`` input (nothing is computed).

    Convolutions, linear layers, matrix products (attention) and selective scans count; what is done to each value by
    itself does not.
    """
    shadow = deepcopy(network).to("meta").eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        shadow(torch.empty(1, traits.channels, side, side, device="meta"))
    return int(counter.get_total_flops()) // 2
