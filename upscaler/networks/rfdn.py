"""RFDN and RFDN-SPAN: residual feature distillation.

Special: each stage of a block sets half of its channels aside through a 1x1 convolution, and all four parts are fused;
         then RFDN has ESA, RFDN-SPAN has SPAN's attention.
Source:  Liu et al., "Residual Feature Distillation Network for Lightweight Image Super-Resolution", 2020 (arXiv
         2009.11551); the weights: NTIRE 2024 report, team BU-ESR; NTIRE 2026 report (arXiv 2604.03198), team 09.
Reach:   RFDN 179 pixels, practically 96, with exact tiles on a grid of 6; RFDN-SPAN one pixel for each 3x3 convolution.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from upscaler.networks.blocks import (
    DeepESA,
    FeatureDistillation,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    leaky_relu,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, chain, esa_traits
from upscaler.networks.span import attended

RULES: tuple[Rule, ...] = (
    NUMBERED_BLOCKS,
    (r"^fea_conv\.", "conv_1."),
    (r"^c\.0\.", "conv_2.0."),
    (r"^LR_conv\.", "conv_2.2."),
)


class Block(FeatureDistillation):
    def __init__(self, width: int) -> None:
        super().__init__(width, width // 2, conv3x3, leaky_relu)
        self.esa = DeepESA(width, width // 4)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        result: Tensor = self.esa(super().forward(x), window)
        return result


class SpanBlock(FeatureDistillation):
    def __init__(self, width: int) -> None:
        super().__init__(width, width // 2, conv3x3, leaky_relu)

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        return attended(super().forward(x), x)


def build(block: Callable[[int], nn.Module], config: Sizes) -> ResidualNetwork:
    width, depth = config.width, config.depth
    return ResidualNetwork(
        conv3x3(3, width),
        [block(width) for _ in range(depth)],
        nn.Sequential(conv1x1(depth * width, width), nn.LeakyReLU(0.05), conv3x3(width, width)),
        PixelShuffleHead(width, config.scale),
        fused=True,
    )


def span_traits(config: Sizes) -> Traits:
    return Traits(scale=config.scale, halo=4 * config.depth + 3, precise=("conv_1", "upsampler"))


FAMILIES = (
    chain(
        "rfdn",
        has("B1.esa.conv_max.weight", "LR_conv.weight"),
        partial(build, Block),
        partial(esa_traits, value_range=255, halo=96),
        *RULES,
    ),
    chain(
        "rfdn-span",
        has("B1.c3_d.weight", "LR_conv.weight", but="B1.esa.conv4.weight"),
        partial(build, SpanBlock),
        span_traits,
        *RULES,
    ),
)
