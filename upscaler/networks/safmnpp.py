"""SAFMN++: a third of the channels is gated by its own pooled maxima, plain 3x3 convolutions do the rest.

Special: no norm and no bias anywhere; the gate comes from cells of 8 pixels, resized smoothly.
Source:  NTIRE 2024 report, team VPEG_O; after Sun et al., "Spatially-Adaptive Feature Modulation for Efficient Image
         Super-Resolution", 2023 (arXiv 2302.13800).
Reach:   64 pixels in practice (1e-5 at 48); cells lie in the whole picture's places, so tiles are exact.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import PixelShuffleHead, ResidualNetwork, conv1x1, conv3x3, depthwise
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import MODULATION, Sizes, chain
from upscaler.networks.window import through_cells

CELL = 8
"""Pixels per cell of the gate."""


class Modulation(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.split = [width // 3, width - width // 3]
        self.proj = conv3x3(width, width, bias=False)
        self.dwconv = depthwise(width // 3, bias=False)
        self.out = conv1x1(width, width, bias=False)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        gated, kept = self.proj(x).split(self.split, 1)
        gate = F.gelu(through_cells(gated, CELL, window, self.dwconv, smooth=True))
        result: Tensor = self.out(F.gelu(torch.cat((kept, gate * gated), 1)))
        return result


class Mixer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = width * 3 // 2
        self.conv1 = conv3x3(width, hidden, bias=False)
        self.conv2 = conv1x1(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.conv2(F.gelu(self.conv1(x)))
        return result


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = Modulation(width)
        self.conv2 = Mixer(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        result: Tensor = self.conv2(self.conv1(x, window)) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width, bias=False),
        [Block(config.width) for _ in range(config.depth)],
        nn.Identity(),
        PixelShuffleHead(config.width, config.scale, bias=False),
        long_skip=False,
        image_skip=config.scale,
    )


def traits(config: Sizes) -> Traits:
    return Traits(scale=config.scale, halo=64, min_size=CELL, precise=("conv_1", "upsampler"))


FAMILIES = (
    chain("safmnpp", has("feats.0.conv1.proj.weight", "feats.0.conv2.conv2.weight"), build, traits, *MODULATION),
)
