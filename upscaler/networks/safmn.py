"""EGFMN, GFMN and SAFMN-Deep15: SAFMN's modulation at four resolutions.

Special: each quarter of the channels is pooled to another share of the picture's size, mixed there and spread again;
         together they gate the features.  EGFMN's feed-forward has no activation, only a product.  GFMN sharpens:
         what differs from the picture's mean, and from a one-channel summary, is amplified.  SAFMN-Deep15 is deeper,
         and normalises with two numbers of the whole picture.
Source:  Sun et al., "Spatially-Adaptive Feature Modulation for Efficient Image Super-Resolution", 2023
         (arXiv 2302.13800); NTIRE 2024 report, teams VPEG_E and VIP; NTIRE 2026 report, team 21.
Reach:   96 pixels in practice (64 for SAFMN-Deep15, whose cells are smaller); cells lie in the whole picture's
         places, so EGFMN's tiles are exact; those of the others are once the picture's statistics are known.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ChannelNorm,
    GatedFeedForward,
    GlobalDeviation,
    GlobalMean,
    PixelShuffleHead,
    ResidualNetwork,
    Scale,
    conv1x1,
    conv3x3,
    depthwise,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import MODULATION, Sizes, chain
from upscaler.networks.window import through_cells


class Modulation(nn.Module):
    """SAFM.  ``cells`` are pixels per cell at each level; the first is full size."""

    def __init__(self, width: int, cells: tuple[int, int, int, int] = (1, 4, 8, 16)) -> None:
        super().__init__()
        self.cells = cells
        self.mfr = nn.ModuleList(depthwise(width // 4) for _ in cells)
        self.aggr = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        levels = [
            convolve(part) if side == 1 else through_cells(part, side, window, convolve)
            for part, side, convolve in zip(x.chunk(4, 1), self.cells, self.mfr, strict=True)
        ]
        return F.gelu(self.aggr(torch.cat(levels, 1))) * x


class SharpModulation(Modulation):
    """GFMN's."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.proj_1 = conv1x1(width, width)
        self.sigma = Scale(width)
        self.mean = GlobalMean()

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        features = self.proj_1(x)
        return super().forward(F.gelu(features + self.sigma(features - self.mean(features))), window)


class SharpFeedForward(GatedFeedForward):
    """GFMN's."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, nn.Identity())
        self.decompose = conv1x1(hidden, 1)
        self.sigma = Scale(hidden)

    def between(self, product: Tensor) -> Tensor:
        sharper: Tensor = product + self.sigma(product - F.gelu(self.decompose(product)))
        return sharper


class PictureNorm(nn.Module):
    """Mean 0, variance 1 over all channels and pixels of the picture together; then a scale and shift per channel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.statistics = GlobalDeviation()

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        means, variances = self.statistics(x)
        variance = variances.mean(1, keepdim=True) + means.var(1, correction=0, keepdim=True)
        normal = (x - means.mean(1, keepdim=True)) * (variance + 1e-5).rsqrt()
        y: Tensor = normal * self.weight[:, None, None] + self.bias[:, None, None]
        return y.to(self.weight.dtype)


class Block(nn.Module):
    def __init__(self, norm1: nn.Module, safm: Modulation, norm2: nn.Module, ffd: nn.Module) -> None:
        super().__init__()
        self.norm1, self.safm, self.norm2, self.ffd = norm1, safm, norm2, ffd

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = self.safm(self.norm1(x), window) + x
        result: Tensor = self.ffd(self.norm2(x)) + x
        return result


def egfmn_block(width: int) -> Block:
    mixer = GatedFeedForward(width, 2 * width, nn.Identity())
    return Block(ChannelNorm(width, 1e-6), Modulation(width), ChannelNorm(width, 1e-6), mixer)


def gfmn_block(width: int) -> Block:
    mixer = SharpFeedForward(width, int(1.8 * width))
    return Block(ChannelNorm(width, 1e-6), SharpModulation(width), ChannelNorm(width, 1e-6), mixer)


def deep_block(width: int) -> Block:
    mixer = nn.Sequential(conv1x1(width, 2 * width), nn.GELU(), conv1x1(2 * width, width))
    return Block(PictureNorm(width), Modulation(width, (1, 2, 4, 8)), PictureNorm(width), mixer)


def build(
    block: Callable[[int], Block],
    config: Sizes,
    *,
    centred: bool = False,
    long_skip: bool = True,
    image_skip: bool = True,
) -> ResidualNetwork:
    """GFMN adds the mean colour and the enlarged input: it has learned to give minus the mean."""
    return ResidualNetwork(
        conv3x3(3, config.width),
        [block(config.width) for _ in range(config.depth)],
        nn.Identity(),
        PixelShuffleHead(config.width, config.scale),
        centred=centred,
        long_skip=long_skip,
        image_skip=config.scale if image_skip else None,
    )


def traits(config: Sizes, *, halo: int = 96, min_size: int = 16, global_statistics: bool = True) -> Traits:
    return Traits(
        scale=config.scale,
        halo=halo,
        min_size=min_size,
        global_statistics=global_statistics,
        precise=("conv_1", "upsampler"),
    )


FAMILIES = (
    chain(
        "egfmn",
        has("feats.0.safm.aggr.weight", "feats.0.ffd.dwconv.weight", but="feats.0.safm.proj_1.weight"),
        partial(build, egfmn_block, image_skip=False),
        partial(traits, global_statistics=False),
        *MODULATION,
    ),
    chain(
        "gfmn",
        has("feats.0.safm.proj_1.weight", "feats.0.ffd.decompose.weight"),
        partial(build, gfmn_block, centred=True, long_skip=False),
        traits,
        *MODULATION,
    ),
    chain(
        "safmn-deep15",
        has("blocks.0.safm.aggr.weight", "blocks.0.norm1.norm.weight"),
        partial(build, deep_block),
        partial(traits, halo=64, min_size=1),
        *MODULATION,
        (r"\.norm\.", "."),
        (r"\.ffn\.", ".ffd."),
    ),
)
