"""EMaxGMan: grouped convolutions, and three ways to look averaged.

Special: four parallel heads with 2, 4, 8 and 16 groups first; then blocks that average their input, channel attention
         and ESA.
Source:  NTIRE 2024 report, team Minimalist.
Reach:   126 pixels, practically 96, and three means of the whole picture: tiles are exact on a grid of 6 once these
         are known.
"""

from functools import partial

import torch
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA,
    ChannelNorm,
    Conv,
    GlobalMean,
    Linear,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    leaky_relu,
)
from upscaler.networks.family import has
from upscaler.networks.layout import Rule, Sizes, chain, esa_traits

RULES: tuple[Rule, ...] = (
    (r"^conv_in\.", "conv_1."),
    (r"^multi_head\.", "blocks.0."),
    (r"^block_(\d+)\.", r"blocks.\1."),
    (r"^conv_out\.", "conv_2."),
)


class Head(nn.Module):
    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.conv1 = Conv(width, width, groups=groups)
        self.conv2 = Conv(width, width, groups=groups)
        self.pw = conv1x1(width, width)
        self.esa = ESA(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        t = leaky_relu(self.conv2(leaky_relu(self.conv1(x))))
        result: Tensor = self.esa(leaky_relu(self.pw(t) + x), window)
        return result


class Heads(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.esr_list = nn.ModuleList(Head(width, groups) for groups in (2, 4, 8, 16))
        self.head_mix = conv1x1(5 * width, width)
        self.ln = ChannelNorm(width, 1e-5)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        mixed = self.head_mix(torch.cat([x, *(head(x, window) for head in self.esr_list)], 1))
        result: Tensor = self.ln(mixed + x)
        return result


class ChannelAttention(nn.Module):
    """Squeeze and excitation: channels weighed by what two layers make of their means."""

    def __init__(self, width: int) -> None:
        super().__init__()
        excited = width // 16
        self.mean = GlobalMean()
        self.fc = nn.Sequential(
            Linear(width, excited, bias=False), nn.ReLU(), Linear(excited, width, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.fc(self.mean(x).flatten(1))
        return x * weights[:, :, None, None]


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r = Conv(width, width, groups=2)
        self.c2_r = Conv(width, width, groups=4)
        self.c3_r = Conv(width, width, groups=8)
        self.c4_r = conv1x1(width, width)
        self.se = ChannelAttention(width)
        self.esa = ESA(width)
        self.c5 = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.c3_r, self.c4_r):
            t = leaky_relu(convolution(t))
        result: Tensor = self.c5((x + self.se(t) + self.esa(t, window)) / 3)
        return result


def build(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Heads(config.width), *(Block(config.width) for _ in range(config.depth - 1))],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


FAMILIES = (
    chain(
        "emaxgman",
        has("multi_head.head_mix.weight", "block_3.se.fc.2.weight"),
        build,
        partial(esa_traits, halo=96, global_statistics=True),
        *RULES,
    ),
)
