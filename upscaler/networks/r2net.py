"""R2Net and EERN: two convolutions and ESA make a block, and only the long skip is left.

Special: no skip inside or around a block; R2Net has no bias anywhere, so black stays exactly black.
Source:  NTIRE 2024 report, teams Cao Group (R2Net) and Lasagna (EERN, wider, ReLU).
Reach:   122 pixels, practically 96 and 84; tiles are exact on a grid of 6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import ESA, ESA_GRID, ESA_MIN_SIZE, Activation, ResidualNetwork, leaky_relu
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, ConvShape, conv_shape, count, renamed, shuffle_scale

RULES = (
    NUMBERED_BLOCKS,
    (r"^head\.", "conv_1."),
    (r"^recon_trunk\.(\d+)\.conv1\.", r"blocks.\1.c1_r."),
    (r"^recon_trunk\.(\d+)\.conv2\.", r"blocks.\1.c3_r."),
    (r"^recon_trunk\.(\d+)\.ESA\.", r"blocks.\1.esa."),
    (r"^finetune\.", "conv_2."),
    (r"^tail\.", "upsampler.0."),
)
"""EERN's names become R2Net's."""


@dataclass(frozen=True, slots=True)
class Design:
    recognises: Callable[[Shapes], bool]
    activation: Activation
    value_range: float
    halo: int


DESIGNS = {
    "r2net": Design(
        lambda s: "block_1.c3_r.weight" in s and "block_1.c2_r.weight" not in s and "conv_1.bias" not in s,
        leaky_relu,
        value_range=1,
        halo=96,
    ),
    "eern": Design(has("recon_trunk.0.ESA.conv1.weight", "finetune.weight"), F.relu, value_range=255, halo=84),
}


@dataclass(frozen=True, slots=True)
class R2NetConfig:
    scale: int
    depth: int
    convolution: ConvShape
    """Those of the blocks."""

    squeezed: int
    first: ConvShape
    collect: ConvShape
    head: ConvShape


class Block(nn.Module):
    def __init__(self, config: R2NetConfig, activation: Activation) -> None:
        super().__init__()
        self.c1_r = config.convolution.build()
        self.c3_r = config.convolution.build()
        self.esa = ESA(config.convolution.outputs, config.squeezed, skip=False, bias=config.convolution.bias)
        self.activation = activation

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        result: Tensor = self.esa(self.c3_r(self.activation(self.c1_r(x))), window)
        return result


def read_config(shapes: Shapes) -> R2NetConfig:
    own = renamed(shapes, *RULES)
    return R2NetConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        depth=count(own, r"blocks\.\d+\.c1_r\.weight"),
        convolution=conv_shape(own, "blocks.0.c1_r"),
        squeezed=own["blocks.0.esa.conv1.weight"][0],
        first=conv_shape(own, "conv_1"),
        collect=conv_shape(own, "conv_2"),
        head=conv_shape(own, "upsampler.0"),
    )


def build(design: Design, config: R2NetConfig) -> ResidualNetwork:
    return ResidualNetwork(
        config.first.build(),
        [Block(config, design.activation) for _ in range(config.depth)],
        config.collect.build(),
        nn.Sequential(config.head.build(), nn.PixelShuffle(config.scale)),
    )


def traits(design: Design, config: R2NetConfig) -> Traits:
    return Traits(
        scale=config.scale,
        value_range=design.value_range,
        halo=design.halo,
        grid=ESA_GRID,
        min_size=ESA_MIN_SIZE,
        precise=("conv_1", "upsampler"),
    )


FAMILIES = tuple(
    Family(
        name=name,
        recognises=design.recognises,
        read_config=read_config,
        build=partial(build, design),
        traits=partial(traits, design),
        convert=lambda state, _config: renamed(state, *RULES),
    )
    for name, design in DESIGNS.items()
)
