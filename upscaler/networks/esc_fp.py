"""ESC-FP: ESC with few multiply-adds and parameters.

Special: the shared kernel is one mix of channels and one depthwise 13x13, to which a layer adds its own 3x3.
Source:  Lee et al., "Emulating Self-attention with Convolution for Efficient Image Super-Resolution", ICCV 2025
         (arXiv 2503.06671), tables 2 and 4.
Reach:   as ESC.
"""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks import esc
from upscaler.networks.blocks import ChannelNorm, GlobalMean, conv1x1, conv3x3, convolve_each
from upscaler.networks.esc import EscConfig, Trunk, at_centre, read_trunk
from upscaler.networks.family import Family, Shapes, Traits, has


class SeparableKernel(nn.Module):
    """The shared mix of channels, then the shared depthwise kernel with the layer's own 3x3 added at its centre."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Sequential(GlobalMean(), conv1x1(channels, hidden), nn.GELU(), conv1x1(hidden, 9 * channels))

    def forward(self, x: Tensor, kernels: tuple[Tensor, ...]) -> Tensor:
        mix, spatial = (kernel.to(x.dtype) for kernel in kernels)
        own = self.proj(x).view(-1, x.shape[1], 1, 3, 3)
        return convolve_each(F.conv2d(x, mix), spatial + at_centre(own, spatial.shape[2]))


class EscFp(Trunk):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: EscConfig) -> None:
        super().__init__(config, SeparableKernel)
        self.scale = config.scale
        self.lk_channel = nn.Parameter(nn.init.orthogonal_(torch.empty(config.mixed, config.mixed, 1, 1)))
        self.lk_spatial = nn.Parameter(nn.init.normal_(torch.empty(config.mixed, 1, 13, 13), std=1 / 13))
        self.ln_last = ChannelNorm(config.width, esc.EPS)
        self.to_img = conv3x3(config.width, 3 * config.scale**2)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        detail = F.pixel_shuffle(self.to_img(self.features(x, self.lk_channel, self.lk_spatial)), self.scale)
        return detail + F.interpolate(x, scale_factor=self.scale, mode="bicubic", align_corners=False)


def read_config(shapes: Shapes) -> EscConfig:
    return read_trunk(shapes, "", "proj", scale=math.isqrt(shapes["to_img.weight"][0] // 3))


def traits(config: EscConfig) -> Traits:
    return replace(esc.traits(config), precise=("proj", "to_img"))


FAMILIES = (
    Family(
        name="esc-fp",
        recognises=has("lk_channel", "lk_spatial", "ln_last.weight"),
        read_config=read_config,
        build=EscFp,
        traits=traits,
    ),
)
