"""IFADNet and LSANet: cheap blocks and attentive ones take turns.

Special: every other block has only separable convolutions (mirrored, not zero-padded, at the borders); the blocks
         between have full convolutions and ESA; the results of all are fused.  LSANet's attentive blocks begin with
         a separable convolution too, and another one follows the fusion.
Source:  NTIRE 2024 report, teams ECNU_MViC and MViC_SR.
Reach:   60 pixels in practice; tiles are exact on a grid of 6.
"""

from collections.abc import Callable
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ESA,
    BlueprintConv,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
)
from upscaler.networks.family import has
from upscaler.networks.layout import BSRN, Rule, Sizes, chain, esa_traits

RULES: tuple[Rule, ...] = (*BSRN, (r"\.rbr_reparam\.", "."))


class Block(nn.Module):
    """Three activated convolutions, ESA (or none) behind ``c5``, and the input added."""

    def __init__(
        self, c1: nn.Module, c2: nn.Module, c4: nn.Module, c5: nn.Module | None = None, esa: ESA | None = None
    ) -> None:
        super().__init__()
        self.c1_r, self.c2_r, self.c4 = c1, c2, c4
        self.c5 = c5 or nn.Identity()
        self.esa = esa

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.c4):
            t = F.gelu(convolution(t))
        return (t if self.esa is None else self.esa(self.c5(t), window)) + x


def separable(width: int) -> nn.Module:
    return BlueprintConv(width, width, reflect=True)


def full(width: int) -> nn.Module:
    return conv3x3(width, width)


def cheap_block(width: int) -> Block:
    return Block(separable(width), separable(width), separable(width))


def ifadnet_block(width: int) -> Block:
    return Block(full(width), full(width), full(width), esa=ESA(width))


def lsanet_block(width: int) -> Block:
    return Block(separable(width), full(width), full(width), conv1x1(width, width), ESA(width))


def build(
    attentive_block: Callable[[int], Block], after_fusion: Callable[[int], nn.Module], config: Sizes
) -> ResidualNetwork:
    width, depth = config.width, config.depth
    return ResidualNetwork(
        conv3x3(3, width),
        [attentive_block(width) if i % 2 else cheap_block(width) for i in range(depth)],
        nn.Sequential(conv1x1(depth * width, width), nn.GELU(), after_fusion(width)),
        PixelShuffleHead(width, config.scale),
        fused=True,
        centred=True,
    )


FAMILIES = (
    chain(
        "ifadnet",
        has("B1.c1_r.rbr_reparam.pw.weight", "B2.c1_r.rbr_reparam.weight"),
        partial(build, ifadnet_block, nn.Identity),
        partial(esa_traits, halo=60),
        *RULES,
    ),
    chain(
        "lsanet",
        has("B1.c1_r.pw.weight", "B2.c2_r.rbr_reparam.weight", "c2.pw.weight"),
        partial(build, lsanet_block, separable),
        partial(esa_traits, halo=60),
        *RULES,
    ),
)
