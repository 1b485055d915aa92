"""ERRN: four convolutions a block and the plainest attention there is.

Special: one 1x1 convolution to a single channel and a sigmoid gate the whole block.
Source:  NTIRE 2024 report, team Just Try.
Reach:   one pixel for each of the 27 convolutions of 3x3; nothing global, so tiles are exact.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import PixelShuffleHead, ResidualNetwork, conv1x1, conv3x3
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, count, renamed, shuffle_scale

RULES = (
    NUMBERED_BLOCKS,
    (r"\.rep1_([12])\.rep_conv\.", r".c\1."),
    (r"\.rep2_1\.rep_conv2\.", ".c3."),
    (r"\.rep2_2\.rep_conv2\.", ".c4."),
    (r"\.ssa\.sa_conv\.", ".attention."),
)


@dataclass(frozen=True, slots=True)
class ErrnConfig:
    scale: int
    width: int
    depth: int


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1 = conv3x3(width, width)
        self.c2 = conv3x3(width, width)
        self.c3 = conv3x3(width, width)
        self.c4 = conv3x3(width, width)
        self.attention = conv1x1(width, 1)

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        t = x
        for convolution in (self.c1, self.c2, self.c3):
            t = F.leaky_relu(convolution(t), 0.1)
        s = self.c4(t) + x
        result: Tensor = s * self.attention(s).sigmoid()
        return result


def read_config(shapes: Shapes) -> ErrnConfig:
    own = renamed(shapes, *RULES)
    return ErrnConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=own["conv_1.weight"][0],
        depth=count(own, r"blocks\.\d+\.c1\.weight"),
    )


def build(config: ErrnConfig) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Block(config.width) for _ in range(config.depth)],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


FAMILIES = (
    Family(
        name="errn",
        recognises=has("block_1.rep1_1.rep_conv.weight", "block_6.ssa.sa_conv.weight"),
        read_config=read_config,
        build=build,
        traits=lambda config: Traits(scale=config.scale, halo=4 * config.depth + 3, precise=("conv_1", "upsampler")),
        convert=lambda state, _config: renamed(state, *RULES),
    ),
)
