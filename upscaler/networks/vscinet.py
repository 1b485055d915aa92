"""VSCINet: ZenoSR's attentions behind depthwise kernels of four shapes.

Special: features are distilled in two steps by small inception-like convolutions; the spatial gate weighs maxima and
         variance by learnt factors.
Source:  NTIRE 2026 report (arXiv 2604.03198), team 11.
Reach:   as DAN's: squares are laid out over the whole picture, so that tiles are only blended.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Conv, PixelShuffleHead, ResidualNetwork, conv1x1, conv3x3
from upscaler.networks.dan import RULES, ChannelAttention, SpatialGate, traits
from upscaler.networks.family import has
from upscaler.networks.harn import FourKernels
from upscaler.networks.layout import Sizes, chain


class Inception(FourKernels):
    def __init__(self, width: int) -> None:
        super().__init__(width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([convolve(part) for part, convolve in self.pairs(x)], 1)


class Plain(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv1x1(width, width, bias=False)
        self.dwc = Inception(width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.dwc(self.conv1(x))
        return result


class Mixer(Plain):
    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(super().forward(x) + x)


class WeighedGate(SpatialGate):
    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.alpha = nn.Parameter(torch.ones(1, width // 2, 1, 1))
        self.belt = nn.Parameter(torch.ones(1, width // 2, 1, 1))

    def summed(self, maxima: Tensor, variance: Tensor) -> Tensor:
        result: Tensor = self.alpha * self.dwconv(maxima) + self.belt * variance
        return result


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        distilled = width // 2
        self.c1_d, self.c2_d = conv1x1(width, distilled), conv1x1(width, distilled)
        self.c1_r, self.c2_r = Mixer(width), Mixer(width)
        self.c3 = Conv(width, distilled, groups=distilled)
        self.c4 = conv1x1(3 * distilled, width)
        self.local = Mixer(width)
        self.spatial = WeighedGate(width)
        self.channel = ChannelAttention(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        once = self.c1_r(x)
        twice = self.c2_r(once)
        parts = (self.c1_d(x), self.c2_d(once), self.c3(twice))
        o = self.local(self.c4(F.gelu(torch.cat(parts, 1))))
        result: Tensor = self.channel(self.spatial(o, window), window) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    width, depth = config.width, config.depth
    return ResidualNetwork(
        conv3x3(3, width, bias=False),
        [Block(width) for _ in range(depth)],
        nn.Sequential(conv1x1(depth * width, width, bias=False), nn.GELU(), Plain(width)),
        PixelShuffleHead(width, config.scale, kernel=1, bias=False),
        fused=True,
        centred=True,
    )


FAMILIES = (chain("vscinet", has("B1.spatial_attn.belt", "B1.c1_r.dwc.conv2_3.weight"), build, traits, *RULES),)
