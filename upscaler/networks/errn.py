"""ERRN and ERRN2: four convolutions a block and the plainest attention there is.

Special: ERRN gates a block by one 1x1 convolution to a single channel and a sigmoid, ERRN2 by SPAN's attention.
Source:  NTIRE 2024 report, team Just Try; NTIRE 2026 report (arXiv 2604.03198), team 20.
Reach:   one pixel for each of the 27 convolutions of 3x3; nothing global, so tiles are exact.
"""

from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import PixelShuffleHead, ResidualNetwork, conv1x1, conv3x3
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, chain
from upscaler.networks.span import attended

ERRN: tuple[Rule, ...] = (
    NUMBERED_BLOCKS,
    (r"\.rep1_([12])\.rep_conv\.", r".c\1."),
    (r"\.rep2_1\.rep_conv2\.", ".c3."),
    (r"\.rep2_2\.rep_conv2\.", ".c4."),
    (r"\.ssa\.sa_conv\.", ".attention."),
)
ERRN2: tuple[Rule, ...] = (NUMBERED_BLOCKS, (r"\.rep([1234])\.rep_conv\.", r".c\1."))


class GatedBlock(nn.Module):
    """ERRN2's."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1 = conv3x3(width, width)
        self.c2 = conv3x3(width, width)
        self.c3 = conv3x3(width, width)
        self.c4 = conv3x3(width, width)

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        t = x
        for convolution in (self.c1, self.c2, self.c3):
            t = F.leaky_relu(convolution(t), 0.1)
        return self.gated(self.c4(t), x)

    def gated(self, h: Tensor, x: Tensor) -> Tensor:
        """What becomes of the convolutions' result and the block's input."""
        return attended(h, x)


class Block(GatedBlock):
    """ERRN's."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.attention = conv1x1(width, 1)

    def gated(self, h: Tensor, x: Tensor) -> Tensor:
        s = h + x
        result: Tensor = s * self.attention(s).sigmoid()
        return result


def build(block: Callable[[int], nn.Module], config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [block(config.width) for _ in range(config.depth)],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


def traits(config: Sizes) -> Traits:
    return Traits(scale=config.scale, halo=4 * config.depth + 3, precise=("conv_1", "upsampler"))


FAMILIES = (
    chain("errn", has("block_6.ssa.sa_conv.weight"), partial(build, Block), traits, *ERRN),
    chain("errn2", has("block_6.rep4.rep_conv.weight"), partial(build, GatedBlock), traits, *ERRN2),
)
