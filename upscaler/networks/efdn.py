"""EFDN: feature distillation with re-parameterised convolutions.

Special: a cell takes a quarter of its result from each of its four stages, and cells are fused by hand: the last fusion
         joins cells 2 and 4, not 3 and 4.
Source:  Wang, "Edge-enhanced Feature Distillation Network for Efficient Super-Resolution", 2022 (arXiv 2204.08759); the
         baseline of the NTIRE 2025 report (arXiv 2504.10686).
Reach:   practically 96 pixels, most of it through ESA; tiles are exact on a grid of 6.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from upscaler.networks.blocks import ESA_GRID, ESA_MIN_SIZE, DeepESA, PixelShuffleHead, conv1x1, conv3x3, entering
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import renamed, shuffle_scale

RULES = ((r"\.(?:conv1x1|rep_conv)\.", ".conv."),)


@dataclass(frozen=True, slots=True)
class EfdnConfig:
    scale: int
    width: int
    distilled: int
    squeezed: int


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
    def __init__(self, config: EfdnConfig) -> None:
        super().__init__()
        width = config.width
        self.conv1 = Stage(conv1x1(width, width), width)
        self.conv2 = Stage(conv3x3(width, width), width)
        self.conv3 = Stage(conv3x3(width, width), width)
        self.branch = nn.ModuleList(conv1x1(width, config.distilled) for _ in range(4))
        self.fuse = conv1x1(4 * config.distilled, width)
        self.att = DeepESA(width, config.squeezed)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        stages = [x]
        for stage in (self.conv1, self.conv2, self.conv3):
            stages.append(stage(stages[-1]))
        fused = self.fuse(torch.cat([take(part) for take, part in zip(self.branch, stages, strict=True)], 1))
        result: Tensor = self.att(fused, window) + x
        return result


class Efdn(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale in 0..1."""

    def __init__(self, config: EfdnConfig) -> None:
        super().__init__()
        self.head = conv3x3(3, config.width)
        self.cells = nn.ModuleList(Cell(config) for _ in range(4))
        self.local_fuse = nn.ModuleList(conv1x1(2 * config.width, config.width) for _ in range(3))
        self.tail = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        shallow = self.head(x)
        first = self.cells[0](entering(self.cells, shallow), window)
        second = self.cells[1](first, window)
        third = self.cells[2](self.fused(0, first, second), window)
        fourth = self.cells[3](self.fused(1, second, third), window)
        y: Tensor = self.tail(self.fused(2, second, fourth) + shallow)
        return y.clamp(0, 1)

    def fused(self, place: int, one: Tensor, other: Tensor) -> Tensor:
        result: Tensor = self.local_fuse[place](torch.cat((one, other), 1))
        return result


def read_config(shapes: Shapes) -> EfdnConfig:
    distilled, width = shapes["cells.0.branch.0.weight"][:2]
    return EfdnConfig(
        scale=shuffle_scale(shapes, "tail.0"),
        width=width,
        distilled=distilled,
        squeezed=shapes["cells.0.att.conv1.weight"][0],
    )


FAMILIES = (
    Family(
        name="efdn",
        recognises=has("cells.3.conv2.rep_conv.weight", "cells.3.att.conv3_.weight", "local_fuse.2.weight"),
        read_config=read_config,
        build=Efdn,
        traits=lambda config: Traits(
            scale=config.scale, halo=96, grid=ESA_GRID, min_size=ESA_MIN_SIZE, precise=("head", "tail")
        ),
        convert=lambda state, _config: renamed(state, *RULES),
    ),
)
