"""DAN and ZenoSR: few channels and three kinds of attention a block.

Special: depthwise mixing at three depths, then a spatial gate from maxima of cells and the picture's variance, then
         channels that attend to each other within squares of 72x72.  Few multiply-adds, many small steps.  ZenoSR has
         fewer blocks, and a factor for each channel that it fuses.
Source:  NTIRE 2025 report (arXiv 2504.10686), code: Amazingren/NTIRE2025_ESR; NTIRE 2026 report (arXiv 2604.03198),
         team 04.
Reach:   the squares lie where the whole picture puts them; a halo of 64 leaves some of them cut, so tiles are only
         blended (72 dB; 88 with the picture's variances; a halo of 160 and these would be exact).
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ChannelNorm,
    Conv,
    GatedFeedForward,
    GlobalVariance,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    depthwise,
    unit,
)
from upscaler.networks.family import Family, State, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, chain, renamed, sizes
from upscaler.networks.squares import averaged_over_squares, channel_attention
from upscaler.networks.window import through_cells

RULES: tuple[Rule, ...] = (
    (r"^to_feat\.", "conv_1."),
    NUMBERED_BLOCKS,
    (r"\.local_handle\.", ".local."),
    (r"\.spatial_attn\.", ".spatial."),
    (r"\.channel_attn\.", ".channel."),
    (r"\.global_channel\.", ".attention."),
    (r"(norm[12])\.body\.", r"\1."),
    (r"^fuse\.", "conv_2."),
    (r"^to_img\.", "upsampler."),
    (r"^refine\.(\d)\.", lambda found: f"upsampler.{int(found[1]) + 2}."),
)
SQUARE = 72
"""Side of the squares within which channels attend to each other."""

CELL = 8
"""Side of the cells whose maxima make the spatial gate."""


class Local(nn.Module):
    """Each depth of a chain of depthwise convolutions gives half of the channels, and all are fused."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv1, self.dwconv2, self.dwconv3 = (
            nn.Sequential(conv1x1(width, width), depthwise(width)) for _ in range(3)
        )
        self.conv1, self.conv2, self.conv3 = (conv1x1(width, width // 2) for _ in range(3))
        self.conv4 = Conv(width, width // 2, groups=width // 2)
        self.conv5 = conv1x1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        depths = [x]
        for mix in (self.dwconv1, self.dwconv2, self.dwconv3):
            depths.append(F.gelu(mix(depths[-1]) + depths[-1]))
        takes = (self.conv1, self.conv2, self.conv3, self.conv4)
        parts = [F.gelu(take(part)) for take, part in zip(takes, depths, strict=True)]
        result: Tensor = self.conv5(torch.cat(parts, 1))
        return result


class SpatialGate(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv1x1(width, width // 2, bias=False)
        self.dwconv = depthwise(width // 2, bias=False)
        self.variance = GlobalVariance()
        self.conv2 = conv1x1(width // 2, width // 2, bias=False)
        self.conv3 = conv1x1(width // 2, width, bias=False)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        p = self.conv1(unit(x))
        variance = self.variance(p, window)
        gate = through_cells(p, CELL, window, lambda maxima: F.gelu(self.conv2(self.summed(maxima, variance))))
        result: Tensor = self.conv3(p * gate) + x
        return result

    def summed(self, maxima: Tensor, variance: Tensor) -> Tensor:
        result: Tensor = self.dwconv(maxima) + variance
        return result


class SquareAttention(nn.Module):
    """Channels attend to channels within squares; where squares overlap, their results are averaged."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project_in = conv1x1(width, 4 * width, bias=False)
        self.dwconv = depthwise(2 * width, bias=False)
        self.project_out = conv1x1(width, width, bias=False)
        self.temperature = nn.Parameter(torch.ones(1, 1))

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        mixed, gate = self.project_in(x).chunk(2, 1)
        attended = averaged_over_squares(self.dwconv(mixed) * gate, SQUARE, self.attend, window)
        result: Tensor = self.project_out(attended)
        return result

    def attend(self, mixed: Tensor) -> Tensor:
        query, value = mixed.chunk(2, 1)
        return channel_attention(query, value, value, self.temperature[None], lambda scores: scores.softmax(-1))


class ChannelAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(width, 1e-5)
        self.attention = SquareAttention(width)
        self.norm2 = ChannelNorm(width, 1e-5)
        self.ffn = GatedFeedForward(width, 2 * width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = self.attention(self.norm1(x), window) + x
        result: Tensor = self.ffn(self.norm2(x)) + x
        return result


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.local = Local(width)
        self.spatial = SpatialGate(width)
        self.channel = ChannelAttention(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        result: Tensor = self.channel(self.spatial(self.local(x), window), window) + x
        return result


class ScaledConv(Conv):
    """ZenoSR's fusion: a 1x1 convolution of inputs that have a factor each."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(1, inputs, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * self.scale)


def build(fusion: Callable[[int, int], nn.Module], config: Sizes) -> ResidualNetwork:
    """The head goes on after the pixel shuffle: four depthwise convolutions of the enlarged colours."""
    width, depth = config.width, config.depth
    refine = [layer for _ in range(4) for layer in (nn.GELU(), depthwise(3, bias=False))]
    return ResidualNetwork(
        conv3x3(3, width, bias=False),
        [Block(width) for _ in range(depth)],
        nn.Sequential(fusion(depth * width, width), nn.GELU(), Local(width)),
        nn.Sequential(conv1x1(width, 3 * config.scale**2, bias=False), nn.PixelShuffle(config.scale), *refine),
        fused=True,
        centred=True,
    )


def convert(state: State, _config: Sizes) -> State:
    """ZenoSR's factors, of which its file has one tensor for each block, side by side."""
    own = renamed(state, *RULES)
    factors = [own.pop(key) for key in sorted(own) if key.startswith("alpha_")]
    return {**own, "conv_2.0.scale": torch.cat(factors, 1)} if factors else own


def traits(config: Sizes) -> Traits:
    return Traits(
        scale=config.scale,
        halo=64,
        min_size=CELL,
        exact_tiles=False,
        global_statistics=True,
        precise=("conv_1", "upsampler"),
    )


FAMILIES = (
    chain(
        "dan",
        has("B6.channel_attn.global_channel.temperature", "refine.7.weight"),
        partial(build, partial(conv1x1, bias=False)),
        traits,
        *RULES,
    ),
    Family(
        name="zenosr",
        recognises=has("alpha_8", "refine.7.weight"),
        read_config=lambda shapes: sizes(shapes, *RULES),
        build=partial(build, ScaledConv),
        traits=traits,
        convert=convert,
    ),
)
