"""RLFF: RLFN's blocks in turns with gated feed-forward blocks.

Special: the gated blocks multiply and have no residual, so two of them grow like the fourth power: far from photos the
         output explodes (a checkerboard gives 5e12 times the range).
Source:  NTIRE 2024 report, team Supersr; blocks: RLFN (arXiv 2205.07514), Restormer's feed-forward (arXiv 2111.09881).
Reach:   98 pixels, practically 84; tiles are exact on a grid of 6.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA,
    ESA_GRID,
    ESA_MIN_SIZE,
    LocalFeatureBlock,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    depthwise,
)
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, count, renamed, shuffle_scale


@dataclass(frozen=True, slots=True)
class RlffConfig:
    scale: int
    width: int
    depth: int
    """Blocks of both kinds; the first is a local feature block."""

    hidden: int
    """Channels of each half of a gated block."""

    squeezed: int


class GatedBlock(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.project_in = conv1x1(width, 2 * hidden, bias=False)
        self.dwconv = depthwise(2 * hidden, bias=False)
        self.project_out = conv1x1(hidden, width, bias=False)

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        gate, value = self.dwconv(self.project_in(x)).chunk(2, 1)
        result: Tensor = self.project_out(F.gelu(gate) * value)
        return result


def local_block(width: int, squeezed: int) -> LocalFeatureBlock:
    c1, c2, c3 = (conv3x3(width, width) for _ in range(3))
    return LocalFeatureBlock(c1, c2, c3, conv1x1(width, width), ESA(width, squeezed), F.gelu)


def read_config(shapes: Shapes) -> RlffConfig:
    own = renamed(shapes, NUMBERED_BLOCKS)
    squeezed, width = own["blocks.0.esa.conv1.weight"][:2]
    return RlffConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=width,
        depth=count(own, r"blocks\.\d+\.(c5|project_out)\.weight"),
        hidden=own["blocks.1.project_out.weight"][1],
        squeezed=squeezed,
    )


def build(config: RlffConfig) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [
            GatedBlock(config.width, config.hidden) if i % 2 else local_block(config.width, config.squeezed)
            for i in range(config.depth)
        ],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


FAMILIES = (
    Family(
        name="rlff",
        recognises=has("block_2.project_in.weight", "block_5.c1_r.weight", "block_1.esa.conv_f.weight"),
        read_config=read_config,
        build=build,
        traits=lambda config: Traits(
            scale=config.scale, halo=84, grid=ESA_GRID, min_size=ESA_MIN_SIZE, precise=("conv_1", "upsampler")
        ),
        convert=lambda state, _config: renamed(state, NUMBERED_BLOCKS),
    ),
)
