"""EMaxGMan: grouped convolutions, and three ways to look averaged.

Special: four parallel heads with 2, 4, 8 and 16 groups first; then blocks that average their input, channel attention
         and ESA.
Source:  NTIRE 2024 report, team Minimalist.
Reach:   126 pixels, practically 96, and three means of the whole picture: tiles are exact on a grid of 6 once these
         are known.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA,
    ESA_GRID,
    ESA_MIN_SIZE,
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
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import count, renamed, shuffle_scale

RULES = (
    (r"^conv_in\.", "conv_1."),
    (r"^multi_head\.", "blocks.0."),
    (r"^block_(\d+)\.", r"blocks.\1."),
    (r"^conv_out\.", "conv_2."),
)


@dataclass(frozen=True, slots=True)
class EMaxGManConfig:
    scale: int
    width: int
    squeezed: int
    """ESA's channels."""

    excited: int
    """Channels between the two layers of the channel attention."""

    depth: int
    """Blocks after the heads."""


class Head(nn.Module):
    def __init__(self, width: int, squeezed: int, groups: int) -> None:
        super().__init__()
        self.conv1 = Conv(width, width, groups=groups)
        self.conv2 = Conv(width, width, groups=groups)
        self.pw = conv1x1(width, width)
        self.esa = ESA(width, squeezed)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        t = leaky_relu(self.conv2(leaky_relu(self.conv1(x))))
        result: Tensor = self.esa(leaky_relu(self.pw(t) + x), window)
        return result


class Heads(nn.Module):
    def __init__(self, config: EMaxGManConfig) -> None:
        super().__init__()
        self.esr_list = nn.ModuleList(Head(config.width, config.squeezed, groups) for groups in (2, 4, 8, 16))
        self.head_mix = conv1x1(5 * config.width, config.width)
        self.ln = ChannelNorm(config.width, 1e-5)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        mixed = self.head_mix(torch.cat([x, *(head(x, window) for head in self.esr_list)], 1))
        result: Tensor = self.ln(mixed + x)
        return result


class ChannelAttention(nn.Module):
    """Squeeze and excitation: channels weighed by what two layers make of their means."""

    def __init__(self, width: int, excited: int) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.fc = nn.Sequential(
            Linear(width, excited, bias=False), nn.ReLU(), Linear(excited, width, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        weights: Tensor = self.fc(self.mean(x).flatten(1))
        return x * weights[:, :, None, None]


class Block(nn.Module):
    def __init__(self, config: EMaxGManConfig) -> None:
        super().__init__()
        width = config.width
        self.c1_r = Conv(width, width, groups=2)
        self.c2_r = Conv(width, width, groups=4)
        self.c3_r = Conv(width, width, groups=8)
        self.c4_r = conv1x1(width, width)
        self.se = ChannelAttention(width, config.excited)
        self.esa = ESA(width, config.squeezed)
        self.c5 = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.c3_r, self.c4_r):
            t = leaky_relu(convolution(t))
        result: Tensor = self.c5((x + self.se(t) + self.esa(t, window)) / 3)
        return result


def read_config(shapes: Shapes) -> EMaxGManConfig:
    own = renamed(shapes, *RULES)
    squeezed, width = own["blocks.1.esa.conv1.weight"][:2]
    return EMaxGManConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=width,
        squeezed=squeezed,
        excited=own["blocks.1.se.fc.0.weight"][0],
        depth=count(own, r"blocks\.\d+\.c5\.weight"),
    )


def build(config: EMaxGManConfig) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Heads(config), *(Block(config) for _ in range(config.depth))],
        conv3x3(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


FAMILIES = (
    Family(
        name="emaxgman",
        recognises=has("multi_head.head_mix.weight", "block_3.se.fc.2.weight"),
        read_config=read_config,
        build=build,
        traits=lambda config: Traits(
            scale=config.scale,
            halo=96,
            grid=ESA_GRID,
            min_size=ESA_MIN_SIZE,
            global_statistics=True,
            precise=("conv_1", "upsampler"),
        ),
        convert=lambda state, _config: renamed(state, *RULES),
    ),
)
