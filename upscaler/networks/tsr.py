"""TSR and TSSR: plain convolutions with SiLU and short skips.

Special: nothing, and that is the point: no attention, nothing that a GPU cannot fuse.
Source:  NTIRE 2025 report (arXiv 2504.10686); code: Amazingren/NTIRE2025_ESR.
Reach:   one pixel for each 3x3 convolution (19; 18 in TSSR, whose last one in the body is 1x1); tiles are exact.
"""

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Conv, PixelShuffleHead, ResidualNetwork, conv3x3
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import Rule, Sizes, chain

RULES: tuple[Rule, ...] = ((r"\._extern_conv_block\.0\.", ".extern."), (r"\.eval_conv\.", "."))
EXTERN = "blocks.3._extern_conv_block.0.eval_conv.weight"


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r, self.c2_r, self.extern, self.c3_r = (conv3x3(width, width) for _ in range(4))

    def forward(self, x: Tensor, _window: Tensor | None) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.extern, self.c3_r):
            t = F.silu(convolution(t))
        return t + x


def build(kernel: int, config: Sizes) -> ResidualNetwork:
    """``kernel``: of the convolution after the blocks."""
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Block(config.width) for _ in range(config.depth)],
        Conv(config.width, config.width, kernel),
        PixelShuffleHead(config.width, config.scale),
    )


def traits(kernel: int, config: Sizes) -> Traits:
    return Traits(scale=config.scale, halo=4 * config.depth + kernel // 2 + 2, precise=("conv_1", "upsampler"))


FAMILIES = (
    chain("tsr", has("conv_2.eval_conv.weight", EXTERN), partial(build, 3), partial(traits, 3), *RULES),
    chain("tssr", has("conv_2.weight", EXTERN), partial(build, 1), partial(traits, 1), *RULES),
)
