"""MSN: feature distillation with separable convolutions and a spatial attention of several scales.

Special: three pools and a local variance make the map of its spatial attention; channels are weighed by contrast; all
         blocks' results are added up.
Source:  NTIRE 2024 report, team DASE-IDEALab; blocks: RFDN (arXiv 2009.11551), BSRN (arXiv 2205.05996).
Reach:   547 pixels, practically 96, and the contrast of the whole picture in each block: tiles are exact on a grid of
         12 once these are known.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ChannelNorm,
    ContrastAttention,
    FeatureDistillation,
    PixelShuffleHead,
    conv1x1,
    conv3x3,
    depthwise,
    entering,
    mean_colour,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import Rule, Sizes, chain
from upscaler.networks.multiscale import MultiScaleESA

RULES: tuple[Rule, ...] = (
    (r"^B(\d)\.", lambda found: f"blocks.{int(found[1]) - 1}."),
    (r"^fea_conv\.", "conv_1."),
    (r"\.esa\.body\.0\.", ".esa."),
    (r"\.cca\.body\.", ".cca."),
    (r"^upsampler\.upsampleOneStep\.", "upsampler."),
)
GRID = 12
"""Pixels between two cells of the maps: the separable convolutions' stride is 4, the pools' is 3."""


class SeparableConv(nn.Module):
    """A 1x1 without bias, a vertical and a horizontal depthwise one with mirrored borders.

    ``stride`` applies to both of them, and to both axes of each: the whole has its square.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.pw = conv1x1(inputs, outputs, bias=False)
        self.dw1 = depthwise(outputs, (3, 1), stride=stride, reflect=True)
        self.dw2 = depthwise(outputs, (1, 3), stride=stride, reflect=True)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.dw2(self.dw1(self.pw(x)))
        return result


class NormedESA(MultiScaleESA):
    """What it gates is the normalised input."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__(channels, squeezed, SeparableConv, partial(SeparableConv, stride=2), GRID // 3)
        self.ln = ChannelNorm(channels, 1e-6)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        return super().forward(self.ln(x), window)


class Block(FeatureDistillation):
    def __init__(self, width: int) -> None:
        super().__init__(width, width // 2, SeparableConv, F.gelu)
        self.esa = NormedESA(width, width // 4)
        self.cca = nn.Sequential(
            conv1x1(width, width),
            nn.GELU(),
            ContrastAttention(width, 1),
            depthwise(width),
        )

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        u = super().forward(x)
        u = self.esa(u, window) + u
        result: Tensor = self.cca(u) + u + x
        return result


class Msn(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.conv_1 = conv3x3(3, config.width)
        self.blocks = nn.ModuleList(Block(config.width) for _ in range(config.depth))
        self.c1 = conv1x1(config.width, config.width)
        self.c2 = SeparableConv(config.width, config.width)
        self.upsampler = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        mean = mean_colour(x.device)
        shallow = self.conv_1(x - mean)
        deep = entering(self.blocks, shallow)
        total = torch.zeros_like(deep)
        for block in self.blocks:
            deep = block(deep, window)
            total = total + deep
        y: Tensor = self.upsampler(self.c2(F.gelu(self.c1(total))) + shallow) + mean
        return y


def traits(config: Sizes) -> Traits:
    return Traits(
        scale=config.scale,
        halo=96,
        grid=GRID,
        min_size=29,
        global_statistics=True,
        precise=("conv_1", "upsampler"),
    )


FAMILIES = (
    chain("msn", has("B1.esa.body.0.conv2_3.pw.weight", "B8.cca.body.2.conv_du.0.weight"), Msn, traits, *RULES),
)
