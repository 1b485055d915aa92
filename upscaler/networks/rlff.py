"""RLFF: RLFN's blocks in turns with gated feed-forward blocks.

Special: the gated blocks multiply and have no residual, so two of them grow like the fourth power: far from photos the
         output explodes (a checkerboard gives 5e12 times the range).
Source:  NTIRE 2024 report, team Supersr; blocks: RLFN (arXiv 2205.07514), Restormer's feed-forward (arXiv 2111.09881).
Reach:   98 pixels, practically 84; tiles are exact on a grid of 6.
"""

import torch.nn.functional as F
from torch import Tensor

from upscaler.networks.blocks import (
    ESA,
    GatedFeedForward,
    LocalFeatureBlock,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
)
from upscaler.networks.family import has
from upscaler.networks.layout import NUMBERED_BLOCKS, Sizes, chain, esa_traits


class GatedBlock(GatedFeedForward):
    def __init__(self, width: int) -> None:
        super().__init__(width, int(2.66 * width))

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        return super().forward(x)


def local_block(width: int) -> LocalFeatureBlock:
    c1, c2, c3 = (conv3x3(width, width) for _ in range(3))
    return LocalFeatureBlock(c1, c2, c3, conv1x1(width, width), ESA(width), F.gelu)


def build(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [GatedBlock(config.width) if i % 2 else local_block(config.width) for i in range(config.depth)],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


FAMILIES = (
    chain(
        "rlff",
        has("block_2.project_in.weight", "block_5.c1_r.weight", "block_1.esa.conv_f.weight"),
        build,
        esa_traits,
        NUMBERED_BLOCKS,
    ),
)
