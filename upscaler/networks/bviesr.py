"""BVIESR: HiT-SRF's correlation between channels alone, in five blocks with long skips.

Special: no positions, no correlation between pixels; windows shrink from 64 to 8 and grow again, and the blocks after
         the middle one also see what the blocks before it gave.
Source:  NTIRE 2026 efficient super-resolution report, team 19 (an entry of 2025 already).
Reach:   each block sees the whole of its windows, which lie on multiples of 64: 200 pixels, of which those beyond 128
         weigh less than 2e-5.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from upscaler.networks.attention import reflect_to_multiple
from upscaler.networks.blocks import Linear
from upscaler.networks.family import Family, Shapes, Traits
from upscaler.networks.hitsr import Block, QueryValue, channel_correlation, convert
from upscaler.networks.layout import renamed
from upscaler.networks.swinir import PRECISE, RULES, Frame, Group, cut, placed

SIDES = (64, 32, 8, 32, 64)
GRID = max(SIDES)
HALO = 128


@dataclass(frozen=True, slots=True)
class BviesrConfig:
    scale: int
    width: int
    squeezed: int
    hidden: int


class Correlation(nn.Module):
    """N,H,W,C -> N,H,W,C within windows of one side; the picture is extended to whole windows by reflection."""

    def __init__(self, config: BviesrConfig, side: int) -> None:
        super().__init__()
        self.side = side
        self.qv = QueryValue(config.width, config.squeezed)
        self.proj = Linear(config.width // 2, config.width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        whole = reflect_to_multiple(x, self.side, (1, 2))
        # Queries and values have no bounds, so their products are not left to half precision.
        features = self.qv(whole.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).float()
        mixed = channel_correlation(*cut(features, self.side).chunk(2, 2))
        y: Tensor = self.proj(placed(mixed, self.side, whole.shape[1], whole.shape[2])[:, :height, :width])
        return y


class SkippingGroup(Group):
    def __init__(self, width: int, blocks: Iterable[nn.Module]) -> None:
        super().__init__(width, blocks)
        self.convs = Linear(2 * width, width)

    def through(self, x: Tensor) -> Tensor:
        first = self.blocks[0](x)
        second = self.blocks[1](first)
        third = self.blocks[2](second)
        fourth = self.blocks[3](self.convs(torch.cat((third, second), 3)))
        y: Tensor = self.blocks[4](self.convs(torch.cat((fourth, first), 3)))
        return y


def build(config: BviesrConfig) -> Frame:
    c = config
    blocks = (Block(Correlation(c, side), c.width, c.hidden) for side in SIDES)
    return Frame(c.width, c.scale, [SkippingGroup(c.width, blocks)])


def read_config(shapes: Shapes) -> BviesrConfig:
    shapes = renamed(shapes, *RULES)
    return BviesrConfig(
        scale=math.isqrt(shapes["upsample.0.weight"][0] // 3),
        width=shapes["conv_first.weight"][0],
        squeezed=shapes["layers.0.blocks.0.correlation.qv.conv.0.weight"][0],
        hidden=shapes["layers.0.blocks.0.mlp.fc1.weight"][0],
    )


def traits(config: BviesrConfig) -> Traits:
    return Traits(scale=config.scale, halo=HALO, grid=GRID, precise=PRECISE)


def recognises(shapes: Shapes) -> bool:
    group = "layers.0.residual_group"
    return f"{group}.convs.weight" in shapes and f"{group}.blocks.4.correlation.qv.linear.weight" in shapes


FAMILIES = (
    Family(
        name="bviesr",
        recognises=recognises,
        read_config=read_config,
        build=build,
        traits=traits,
        convert=convert,
    ),
)
