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


class Levels(nn.Module):
    """SAFM: N,C,H,W -> its gate.  ``cells`` are pixels per cell at each level, the first is full size."""

    def __init__(self, width: int, cells: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.cells = cells
        self.mfr = nn.ModuleList(depthwise(width // 4) for _ in cells)
        self.aggr = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        levels = [
            convolve(part) if side == 1 else through_cells(part, side, window, convolve)
            for part, side, convolve in zip(x.chunk(4, 1), self.cells, self.mfr, strict=True)
        ]
        return F.gelu(self.aggr(torch.cat(levels, 1)))


class EgfmnBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(width, 1e-6)
        self.safm = Levels(width, (1, 4, 8, 16))
        self.norm2 = ChannelNorm(width, 1e-6)
        self.ffd = GatedFeedForward(width, 2 * width, nn.Identity())

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        features = self.norm1(x)
        x = self.safm(features, window) * features + x
        result: Tensor = self.ffd(self.norm2(x)) + x
        return result


class SharpModulation(Levels):
    def __init__(self, width: int) -> None:
        super().__init__(width, (1, 4, 8, 16))
        self.proj_1 = conv1x1(width, width)
        self.sigma = Scale(width)
        self.mean = GlobalMean()

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        features = self.proj_1(x)
        features = F.gelu(features + self.sigma(features - self.mean(features)))
        return super().forward(features, window) * features


class SharpFeedForward(GatedFeedForward):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, nn.Identity())
        self.decompose = conv1x1(hidden, 1)
        self.sigma = Scale(hidden)

    def between(self, product: Tensor) -> Tensor:
        sharper: Tensor = product + self.sigma(product - F.gelu(self.decompose(product)))
        return sharper


class GfmnBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(width, 1e-6)
        self.safm = SharpModulation(width)
        self.norm2 = ChannelNorm(width, 1e-6)
        self.ffd = SharpFeedForward(width, int(1.8 * width))

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = self.safm(self.norm1(x), window) + x
        result: Tensor = self.ffd(self.norm2(x)) + x
        return result


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


class DeepBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = PictureNorm(width)
        self.safm = Levels(width, (1, 2, 4, 8))
        self.norm2 = PictureNorm(width)
        self.ffn = nn.Sequential(conv1x1(width, 2 * width), nn.GELU(), conv1x1(2 * width, width))

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        features = self.norm1(x)
        x = self.safm(features, window) * features + x
        result: Tensor = self.ffn(self.norm2(x)) + x
        return result


def egfmn(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [EgfmnBlock(config.width) for _ in range(config.depth)],
        nn.Identity(),
        PixelShuffleHead(config.width, config.scale),
    )


def gfmn(config: Sizes) -> ResidualNetwork:
    """Mean colour and enlarged input are both added at the end: the network has learned to give minus the mean."""
    return ResidualNetwork(
        conv3x3(3, config.width),
        [GfmnBlock(config.width) for _ in range(config.depth)],
        nn.Identity(),
        PixelShuffleHead(config.width, config.scale),
        centred=True,
        long_skip=False,
        image_skip=config.scale,
    )


def safmn_deep(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [DeepBlock(config.width) for _ in range(config.depth)],
        nn.Identity(),
        PixelShuffleHead(config.width, config.scale),
        image_skip=config.scale,
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
        egfmn,
        partial(traits, global_statistics=False),
        *MODULATION,
    ),
    chain("gfmn", has("feats.0.safm.proj_1.weight", "feats.0.ffd.decompose.weight"), gfmn, traits, *MODULATION),
    chain(
        "safmn-deep15",
        has("blocks.0.safm.aggr.weight", "blocks.0.norm1.norm.weight"),
        safmn_deep,
        partial(traits, halo=64, min_size=1),
        *MODULATION,
        (r"\.norm\.", "."),
    ),
)
