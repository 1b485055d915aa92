"""PFDNLite: partial convolutions behind a cheap attention.

Special: the attention is a map made at a sixth of the resolution, made a gate first and enlarged after (ESA does the
         opposite), times the sigmoid of channel 0; half of the channels then get a convolution more.
Source:  NTIRE 2024 report, team BSR; attention: PlainUSR (arXiv 2409.13435).
Reach:   practically 48 pixels; tiles are exact on a grid of 6.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Conv, PixelShuffleHead, conv1x1, conv3x3, entering
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import Rule, Sizes, chain
from upscaler.networks.window import resize_map

RULES: tuple[Rule, ...] = (
    (r"^head\.", "conv_1."),
    (r"^block(\d+)\.", lambda found: f"blocks.{int(found[1]) - 1}."),
    (r"^tail\.", "upsampler."),
)
GRID = 6
"""Pixels between two cells of the attention's map."""


def map_cells(length: Tensor) -> Tensor:
    """Cells of the map along an axis: a 7-pool with stride 3, unpadded, then a 3-convolution with stride 2, padded."""
    pooled = torch.div(length - 7, 3, rounding_mode="floor") + 1
    return torch.div(pooled - 1, 2, rounding_mode="floor") + 1


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        squeezed = 16
        self.body = nn.Sequential(
            conv1x1(width, squeezed),
            nn.MaxPool2d(7, 3),
            Conv(squeezed, squeezed, 3, stride=2),
            conv3x3(squeezed, width),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        gate = resize_map(self.body(x), (x.shape[2], x.shape[3]), window, map_cells, GRID)
        return gate * x[:, :1].sigmoid() * x


class Block(nn.Module):
    """``full``: a convolution of all channels comes before the partial one."""

    def __init__(self, width: int, *, full: bool) -> None:
        super().__init__()
        self.partial = width // 2
        self.attn = Attention(width)
        if full:
            self.conv1 = conv3x3(width, width)
            self.conv2 = conv3x3(self.partial, self.partial)
        else:
            self.conv1 = conv3x3(width, self.partial)
        self.conv3 = conv3x3(width, width)
        self.full = full

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = self.attn(x, window)
        if self.full:
            t = F.silu(self.conv1(x))
            part = self.conv2(t[:, : self.partial])
        else:
            t = x
            part = self.conv1(x)
        t = torch.cat((F.silu(part), t[:, self.partial :]), 1)
        return F.silu(self.conv3(t)) + x


class PfdnLite(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.conv_1 = conv3x3(3, config.width)
        ends = (0, config.depth - 1)
        self.blocks = nn.ModuleList(Block(config.width, full=i in ends) for i in range(config.depth))
        self.upsampler = PixelShuffleHead(config.width, config.scale)
        self.scale = config.scale

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        deep = entering(self.blocks, self.conv_1(x))
        for block in self.blocks:
            deep = block(deep, window)
        y: Tensor = self.upsampler(deep) + F.interpolate(x, scale_factor=self.scale, mode="nearest")
        return y


FAMILIES = (
    chain(
        "pfdnlite",
        has("block1.attn.body.3.weight", "block1.conv2.weight", "head.weight", "tail.0.weight"),
        PfdnLite,
        lambda config: Traits(scale=config.scale, halo=48, grid=GRID, min_size=7, precise=("conv_1", "upsampler")),
        *RULES,
    ),
)
