"""EFDN: feature distillation with re-parameterised convolutions.

Special: each of a cell's four stages sets half of its channels aside, to be fused; and cells are fused by hand: the
         last fusion joins cells 2 and 4, not 3 and 4.
Source:  Wang, "Edge-enhanced Feature Distillation Network for Efficient Super-Resolution", 2022 (arXiv 2204.08759); the
         baseline of the NTIRE 2025 report (arXiv 2504.10686).
Reach:   practically 96 pixels, most of it through ESA; tiles are exact on a grid of 6.
"""

from functools import partial

import torch
from torch import Tensor, nn

from upscaler.networks.blocks import DeepESA, PixelShuffleHead, conv1x1, conv3x3, entering
from upscaler.networks.family import has
from upscaler.networks.layout import Rule, Sizes, chain, esa_traits

RULES: tuple[Rule, ...] = (
    (r"\.(?:conv1x1|rep_conv)\.", ".conv."),
    (r"^head\.", "conv_1."),
    (r"^cells\.", "blocks."),
    (r"^tail\.", "upsampler."),
)


class Stage(nn.Module):
    """A convolution and a PReLU with a slope for each channel."""

    def __init__(self, conv: nn.Module, width: int) -> None:
        super().__init__()
        self.conv = conv
        self.act = nn.PReLU(width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.act(self.conv(x))
        return result


class Cell(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = Stage(conv1x1(width, width), width)
        self.conv2 = Stage(conv3x3(width, width), width)
        self.conv3 = Stage(conv3x3(width, width), width)
        self.branch = nn.ModuleList(conv1x1(width, width // 2) for _ in range(4))
        self.fuse = conv1x1(2 * width, width)
        self.att = DeepESA(width, width // 4)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        stages = [x]
        for stage in (self.conv1, self.conv2, self.conv3):
            stages.append(stage(stages[-1]))
        fused = self.fuse(torch.cat([take(part) for take, part in zip(self.branch, stages, strict=True)], 1))
        result: Tensor = self.att(fused, window) + x
        return result


class Efdn(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale in 0..1."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.conv_1 = conv3x3(3, config.width)
        self.blocks = nn.ModuleList(Cell(config.width) for _ in range(4))
        self.local_fuse = nn.ModuleList(conv1x1(2 * config.width, config.width) for _ in range(3))
        self.upsampler = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        shallow = self.conv_1(x)
        cell1, cell2, cell3, cell4 = self.blocks
        first = cell1(entering(self.blocks, shallow), window)
        second = cell2(first, window)
        third = cell3(self.fused(0, first, second), window)
        fourth = cell4(self.fused(1, second, third), window)
        y: Tensor = self.upsampler(self.fused(2, second, fourth) + shallow)
        return y.clamp(0, 1)

    def fused(self, place: int, one: Tensor, other: Tensor) -> Tensor:
        result: Tensor = self.local_fuse[place](torch.cat((one, other), 1))
        return result


FAMILIES = (
    chain(
        "efdn",
        has("cells.3.conv2.rep_conv.weight", "cells.3.att.conv3_.weight", "local_fuse.2.weight"),
        Efdn,
        partial(esa_traits, halo=96),
        *RULES,
    ),
)
