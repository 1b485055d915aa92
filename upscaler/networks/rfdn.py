"""RFDN: residual feature distillation.

Special: each stage of a block sets half of its channels aside through a 1x1 convolution, and all four parts are fused.
Source:  Liu et al., "Residual Feature Distillation Network for Lightweight Image Super-Resolution", 2020 (arXiv
         2009.11551); the weights: NTIRE 2024 report, team BU-ESR.
Reach:   179 pixels, practically 96; tiles are exact on a grid of 6.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA_GRID,
    ESA_MIN_SIZE,
    DeepESA,
    FeatureDistillation,
    PixelShuffleHead,
    conv1x1,
    conv3x3,
    entering,
    leaky_relu,
)
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import count, renamed, shuffle_scale

RULES = ((r"^B(\d)\.", lambda found: f"blocks.{int(found[1]) - 1}."), (r"^c\.0\.", "fuse."))


@dataclass(frozen=True, slots=True)
class RfdnConfig:
    scale: int
    width: int
    distilled: int
    squeezed: int
    depth: int


class Block(FeatureDistillation):
    def __init__(self, config: RfdnConfig) -> None:
        super().__init__(config.width, config.distilled, conv3x3, leaky_relu)
        self.esa = DeepESA(config.width, config.squeezed)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        result: Tensor = self.esa(super().forward(x), window)
        return result


class Rfdn(nn.Module):
    """N,3,H,W in 0..255 -> N,3,H*scale,W*scale in 0..255, not clipped."""

    def __init__(self, config: RfdnConfig) -> None:
        super().__init__()
        self.fea_conv = conv3x3(3, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.fuse = conv1x1(config.depth * config.width, config.width)
        self.LR_conv = conv3x3(config.width, config.width)
        self.upsampler = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        shallow = self.fea_conv(x)
        deep = entering(self.blocks, shallow)
        results = []
        for block in self.blocks:
            deep = block(deep, window)
            results.append(deep)
        fused = leaky_relu(self.fuse(torch.cat(results, 1)))
        y: Tensor = self.upsampler(self.LR_conv(fused) + shallow)
        return y


def read_config(shapes: Shapes) -> RfdnConfig:
    own = renamed(shapes, *RULES)
    distilled, width = own["blocks.0.c1_d.weight"][:2]
    return RfdnConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=width,
        distilled=distilled,
        squeezed=own["blocks.0.esa.conv1.weight"][0],
        depth=count(own, r"blocks\.\d+\.c5\.weight"),
    )


FAMILIES = (
    Family(
        name="rfdn",
        recognises=has("B1.esa.conv_max.weight", "B4.c1_d.weight", "LR_conv.weight"),
        read_config=read_config,
        build=Rfdn,
        traits=lambda config: Traits(
            scale=config.scale,
            value_range=255,
            halo=96,
            grid=ESA_GRID,
            min_size=ESA_MIN_SIZE,
            precise=("fea_conv", "upsampler"),
        ),
        convert=lambda state, _config: renamed(state, *RULES),
    ),
)
