"""SMFAN: the gate knows the maxima of each cell and the variance of the whole picture.

Special: features are vectors of length 1 before each half of a block; maxima + variance gate one half of them, and
         what two small convolutions see locally of the other half is added.
Source:  NTIRE 2024 report, team VPEG_C; Zheng et al., "SMFANet: A Lightweight Self-Modulation Feature Aggregation
         Network for Efficient Image Super-Resolution", 2024.
Reach:   64 pixels in practice, but for the variances of the whole picture: tiles are exact once these are known.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    Conv,
    GlobalVariance,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    depthwise,
    unit,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import MODULATION, Sizes, chain
from upscaler.networks.window import through_cells

CELL = 8
"""Pixels per cell of the gate."""


class LocalDetail(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_0 = nn.Sequential(Conv(width, 2 * width, 3, groups=width), conv1x1(2 * width, 2 * width))
        self.conv_1 = conv1x1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.conv_1(F.gelu(self.conv_0(x)))
        return result


class Aggregation(nn.Module):
    """SMFA: the global half and the local half."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_0 = conv1x1(width, 2 * width)
        self.linear_1 = conv1x1(width, width)
        self.linear_2 = conv1x1(width, width)
        self.lde = LocalDetail(width)
        self.dw_conv = depthwise(width)
        self.variance = GlobalVariance()

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        local, gated = self.linear_0(x).chunk(2, 1)
        variance = self.variance(gated, window)
        gate = through_cells(gated, CELL, window, lambda maxima: F.gelu(self.linear_1(self.dw_conv(maxima) + variance)))
        result: Tensor = self.linear_2(gated * gate + self.lde(local))
        return result


class PartialMixer(nn.Module):
    """PCFN: a quarter of the widened features sees its neighbours."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = width * 3 // 2
        self.split = [hidden // 4, hidden - hidden // 4]
        self.conv_0 = conv1x1(width, hidden)
        self.conv_1 = conv3x3(hidden // 4, hidden // 4)
        self.conv_2 = conv1x1(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        seeing, blind = torch.split(F.gelu(self.conv_0(x)), self.split, 1)
        result: Tensor = self.conv_2(torch.cat((F.gelu(self.conv_1(seeing)), blind), 1))
        return result


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.smfa = Aggregation(width)
        self.pcfn = PartialMixer(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = self.smfa(unit(x), window) + x
        result: Tensor = self.pcfn(unit(x)) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width, bias=False),
        [Block(config.width) for _ in range(config.depth)],
        nn.Identity(),
        PixelShuffleHead(config.width, config.scale, bias=False),
    )


def traits(config: Sizes) -> Traits:
    return Traits(scale=config.scale, halo=64, min_size=CELL, global_statistics=True, precise=("conv_1", "upsampler"))


FAMILIES = (
    chain("smfan", has("feats.0.smfa.lde.conv_1.weight", but="feats.0.smfa.alpha"), build, traits, *MODULATION),
)
