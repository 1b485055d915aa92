"""R2Net and EERN: two convolutions and ESA make a block, and only the long skip is left.

Special: no skip inside or around a block; R2Net has no bias anywhere, so black stays exactly black.
Source:  NTIRE 2024 report, teams Cao Group (R2Net) and Lasagna (EERN, wider, ReLU).
Reach:   122 pixels, practically 96 and 84; tiles are exact on a grid of 6.
"""

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA,
    Activation,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    leaky_relu,
)
from upscaler.networks.family import has
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, chain, esa_traits

EERN: tuple[Rule, ...] = (
    (r"^head\.", "conv_1."),
    (r"^recon_trunk\.(\d+)\.conv1\.", r"blocks.\1.c1_r."),
    (r"^recon_trunk\.(\d+)\.conv2\.", r"blocks.\1.c3_r."),
    (r"^recon_trunk\.(\d+)\.ESA\.", r"blocks.\1.esa."),
    (r"^finetune\.", "conv_2."),
    (r"^tail\.", "upsampler.0."),
)


class Block(nn.Module):
    def __init__(self, width: int, squeezed: int, activation: Activation, *, bias: bool) -> None:
        super().__init__()
        self.c1_r = conv3x3(width, width, bias=bias)
        self.c3_r = conv3x3(width, width, bias=bias)
        self.esa = ESA(width, squeezed, skip=False, bias=bias)
        self.activation = activation

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        result: Tensor = self.esa(self.c3_r(self.activation(self.c1_r(x))), window)
        return result


def r2net(config: Sizes) -> ResidualNetwork:
    width = config.width
    return ResidualNetwork(
        conv3x3(3, width, bias=False),
        [Block(width, 16, leaky_relu, bias=False) for _ in range(config.depth)],
        conv1x1(width, width, bias=False),
        PixelShuffleHead(width, config.scale, bias=False),
    )


def eern(config: Sizes) -> ResidualNetwork:
    width = config.width
    return ResidualNetwork(
        conv3x3(3, width),
        [Block(width, width // 4, F.relu, bias=True) for _ in range(config.depth)],
        conv3x3(width, width),
        PixelShuffleHead(width, config.scale),
    )


FAMILIES = (
    chain(
        "r2net",
        has("block_4.c3_r.weight", "block_4.esa.conv3.weight", but="block_4.esa.conv3.bias"),
        r2net,
        partial(esa_traits, halo=96),
        NUMBERED_BLOCKS,
    ),
    chain(
        "eern",
        has("recon_trunk.0.ESA.conv1.weight", "finetune.weight"),
        eern,
        partial(esa_traits, value_range=255.0),
        *EERN,
    ),
)
