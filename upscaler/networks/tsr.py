"""TSR and TSSR: plain convolutions with SiLU and short skips.

Special: nothing, and that is the point: no attention, nothing that a GPU cannot fuse.
Source:  NTIRE 2025 report (arXiv 2504.10686); code: Amazingren/NTIRE2025_ESR.
Reach:   one pixel for each 3x3 convolution (19; 18 in TSSR, whose last one in the body is 1x1); tiles are exact.
"""

from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import PixelShuffleHead, ResidualNetwork, conv3x3
from upscaler.networks.family import Family, Shapes, Traits
from upscaler.networks.layout import ConvShape, conv_shape, count, renamed, shuffle_scale

RULES = ((r"\._extern_conv_block\.0\.", ".extern."), (r"\.eval_conv\.", "."))


@dataclass(frozen=True, slots=True)
class TsrConfig:
    scale: int
    width: int
    depth: int
    collect: ConvShape


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r = conv3x3(width, width)
        self.c2_r = conv3x3(width, width)
        self.extern = conv3x3(width, width)
        self.c3_r = conv3x3(width, width)

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.extern, self.c3_r):
            t = F.silu(convolution(t))
        return t + x


def recognises(collecting: str, shapes: Shapes) -> bool:
    return f"{collecting}.weight" in shapes and "blocks.3._extern_conv_block.0.eval_conv.weight" in shapes


def read_config(shapes: Shapes) -> TsrConfig:
    own = renamed(shapes, *RULES)
    return TsrConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=own["conv_1.weight"][0],
        depth=count(own, r"blocks\.\d+\.extern\.weight"),
        collect=conv_shape(own, "conv_2"),
    )


def build(config: TsrConfig) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Block(config.width) for _ in range(config.depth)],
        config.collect.build(),
        PixelShuffleHead(config.width, config.scale),
    )


def traits(config: TsrConfig) -> Traits:
    reach = 4 * config.depth + config.collect.kernel // 2 + 2
    return Traits(scale=config.scale, halo=reach, precise=("conv_1", "upsampler"))


FAMILIES = tuple(
    Family(
        name=name,
        recognises=partial(recognises, collecting),
        read_config=read_config,
        build=build,
        traits=traits,
        convert=lambda state, _config: renamed(state, *RULES),
    )
    for name, collecting in {"tsr": "conv_2.eval_conv", "tssr": "conv_2"}.items()
)
