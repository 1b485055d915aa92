"""AGDN: distilled features through three attentions in a row.

Special: spatial attention from maxima and variances of pools of two sizes; channel attention from contrast, and from
         what a one-channel summary leaves over; channels that attend to each other within squares, without softmax.
Source:  NTIRE 2024 report, team XJU_100th Ann.
Reach:   the squares are laid out over the whole picture, so that tiles are only blended.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    BlueprintConv,
    ChannelNorm,
    ContrastAttention,
    Conv,
    FeatureDistillation,
    GatedFeedForward,
    PixelShuffleHead,
    ResidualNetwork,
    Scale,
    conv1x1,
    conv3x3,
    depthwise,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import BSRN, Rule, Sizes, chain
from upscaler.networks.multiscale import local_variance, spread
from upscaler.networks.squares import averaged_over_squares, channel_attention

RULES: tuple[Rule, ...] = (
    *BSRN,
    (r"\.esa\.body\.0\.", ".spatial."),
    (r"\.cca\.cca\.", ".channel.contrast."),
    (r"\.cca\.", ".channel."),
    (r"\.ea\.norm([34])\.body\.", r".norm\1."),
    (r"\.ea\.restormer_attn\.", ".attention."),
    (r"\.ea\.restormer_ffn\.", ".ffn."),
)

SQUARE = 96
"""Side of the squares within which channels attend to each other."""

HEADS = 3


def blueprint(inputs: int, outputs: int) -> BlueprintConv:
    return BlueprintConv(inputs, outputs, reflect=True)


def shrinking(inputs: int, outputs: int) -> BlueprintConv:
    return BlueprintConv(inputs, outputs, stride=2, reflect=True)


class SpatialAttention(nn.Module):
    """MVSA: two maps, each of a maximum and a variance."""

    def __init__(self, width: int) -> None:
        super().__init__()
        squeezed = width // 4
        self.conv1 = conv1x1(width, squeezed)
        self.conv_f = conv1x1(squeezed, squeezed)
        self.conv2_1, self.conv2_2, self.conv2_3, self.conv2_4 = (shrinking(squeezed, squeezed) for _ in range(4))
        self.conv_max_1, self.conv_max_2 = (blueprint(squeezed, squeezed) for _ in range(2))
        self.conv3_1, self.conv3_2 = (blueprint(squeezed, squeezed) for _ in range(2))
        self.conv4 = conv1x1(squeezed, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        squeezed = self.conv1(x)
        near = F.max_pool2d(self.conv2_1(squeezed), 5, 3, 1) + local_variance(self.conv2_4(squeezed), 5)
        far = F.max_pool2d(self.conv2_2(squeezed), 7, 3, 1) + local_variance(self.conv2_3(squeezed), 7)
        near = self.conv3_1(F.gelu(self.conv_max_1(near)))
        far = self.conv3_2(F.gelu(self.conv_max_2(far)))
        maps = spread(near, x, window, 2, 3) + spread(far, x, window, 2, 5)
        gate: Tensor = self.conv4(maps + self.conv_f(squeezed))
        return x * gate.sigmoid()


class ChannelAttention(nn.Module):
    """RCCA: what a summary of all channels leaves over, beside contrast attention."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = depthwise(width)
        self.decompose = conv1x1(width, 1)
        self.sigma = Scale(width)
        self.contrast = ContrastAttention(width, width // 6)

    def forward(self, x: Tensor) -> Tensor:
        y = F.gelu(self.dwconv(x))
        result: Tensor = self.sigma(y - F.gelu(self.decompose(y))) + self.contrast(y)
        return result


class SquareAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = conv1x1(width, 3 * width, bias=False)
        self.qkv_dwconv = depthwise(3 * width, bias=False)
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.project_out = conv1x1(width, width, bias=False)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        attended = averaged_over_squares(self.qkv_dwconv(self.qkv(x)), SQUARE, self.attend, window)
        result: Tensor = self.project_out(attended)
        return result

    def attend(self, qkv: Tensor) -> Tensor:
        query, key, value = qkv.chunk(3, 1)
        return channel_attention(query, key, value, self.temperature, F.relu)


class Block(FeatureDistillation):
    def __init__(self, width: int) -> None:
        distilled = width // 2
        super().__init__(width, distilled, blueprint, F.gelu, last=Conv(width, distilled, groups=distilled))
        self.spatial = SpatialAttention(width)
        self.channel = ChannelAttention(width)
        self.norm3 = ChannelNorm(width, 1e-5)
        self.attention = SquareAttention(width)
        self.norm4 = ChannelNorm(width, 1e-5)
        self.ffn = GatedFeedForward(width, 2 * width)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        o = super().forward(x)
        o = self.spatial(o, window) + o
        o = self.channel(o) + o
        o = self.attention(self.norm3(o), window) + o
        result: Tensor = self.ffn(self.norm4(o)) + o + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    width, depth = config.width, config.depth
    return ResidualNetwork(
        conv3x3(3, width),
        [Block(width) for _ in range(depth)],
        nn.Sequential(conv1x1(depth * width, width), nn.GELU(), blueprint(width, width)),
        PixelShuffleHead(width, config.scale),
        fused=True,
        centred=True,
    )


def traits(config: Sizes) -> Traits:
    return Traits(
        scale=config.scale,
        halo=48,
        grid=6,
        min_size=15,
        exact_tiles=False,
        global_statistics=True,
        precise=("conv_1", "upsampler"),
    )


FAMILIES = (chain("agdn", has("B1.ea.restormer_attn.temperature", "fea_conv.weight"), build, traits, *RULES),)
