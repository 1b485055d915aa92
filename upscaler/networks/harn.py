"""HARN: hierarchical convolutions and hierarchical self-attention.

Special: channels come in four groups, each of which starts from what the one before became: in depthwise convolutions
         of four shapes, and in attention within windows of four shapes, joined by a recurrent gate (GRU).
Source:  NTIRE 2024 report, team PiXupt.
Reach:   windows begin at the top left of the picture, one block's are rolled around it, padding takes part, and
         contrast is of the whole picture: tiles are only blended, on a grid of 96 (windows of 32, maps of 6).
"""

from collections.abc import Iterable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.attention import attention_within
from upscaler.networks.blocks import (
    Activation,
    BlueprintConv,
    ChannelNorm,
    ContrastAttention,
    FeatureDistillation,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    depthwise,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import Rule, Sizes, chain
from upscaler.networks.multiscale import MultiScaleESA

RULES: tuple[Rule, ...] = (
    (r"^conv_shallow\.", "conv_1."),
    (r"^bsc_layer\.", "blocks."),
    (r"^c\.", "conv_2.0."),
    (r"^conv_before_upsample\.0\.", "conv_2.1."),
    (r"^upsample\.0\.0\.", "upsampler.0."),
    (r"\.esa\.body\.1\.(?:swin_body\.0\.)?", ".attention."),
    (r"\.esa\.body\.2\.", ".after_attention."),
    (r"\.cca\.body\.", ".contrast."),
)

WINDOWS = ((32, 32), (8, 32), (32, 8), (8, 32))
"""Rows and columns of each group's windows."""

ROLLED = 1
"""The block whose windows are shifted by half their size."""


class FourKernels(nn.Module):
    """Depthwise convolutions of four shapes, one for each quarter of the channels."""

    def __init__(self, channels: int, *, bias: bool = True) -> None:
        super().__init__()
        part = channels // 4
        self.conv2_1 = depthwise(part, bias=bias)
        self.conv2_2 = depthwise(part, (5, 3), bias=bias)
        self.conv2_3 = depthwise(part, (3, 5), bias=bias)
        self.conv2_4 = nn.Sequential(depthwise(part, bias=bias), depthwise(part, bias=bias))

    def pairs(self, x: Tensor) -> Iterable[tuple[Tensor, nn.Module]]:
        """Each quarter of N,C,H,W with its convolution."""
        return zip(x.chunk(4, 1), (self.conv2_1, self.conv2_2, self.conv2_3, self.conv2_4), strict=True)


class Hierarchy(FourKernels):
    """Each quarter is convolved together with what became of the one before."""

    def __init__(self, channels: int, activation: Activation) -> None:
        super().__init__(channels)
        self.activation = activation

    def chained(self, x: Tensor) -> Tensor:
        results: list[Tensor] = []
        for part, convolve in self.pairs(x):
            results.append(self.activation(convolve(part + results[-1] if results else part)))
        return torch.cat(results, 1)


class HierarchicalConv(Hierarchy):
    """HSRB."""

    def __init__(self, width: int) -> None:
        super().__init__(width, F.gelu)
        self.conv1 = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.chained(self.conv1(x)) + x)


class Collect(Hierarchy):
    def __init__(self, width: int) -> None:
        super().__init__(width, nn.Identity())
        self.conv1 = conv1x1(width, width)
        self.conv1x1_2 = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.conv1x1_2(F.gelu(self.chained(self.conv1(x))))
        return result


class Residual(Hierarchy):
    def forward(self, x: Tensor) -> Tensor:
        return self.chained(x) + x


class Mixer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = conv1x1(width, 2 * width)
        self.dwc1 = Residual(2 * width, F.gelu)
        self.fc2 = conv1x1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.fc2(F.gelu(self.dwc1(self.fc1(x))))
        return result


class Gate(nn.Module):
    """A GRU at each pixel: what the group before became is the state, the group's own channels are the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gated_reset = conv1x1(2 * width, width)
        self.gated_update = conv1x1(2 * width, width)
        self.gated_fusion = conv1x1(2 * width, width)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        both = torch.cat((x, state), 1)
        reset, update = self.gated_reset(both).sigmoid(), self.gated_update(both).sigmoid()
        new: Tensor = self.gated_fusion(torch.cat((x, reset * state), 1)).tanh()
        return torch.lerp(state, new, update)


class WindowAttention(nn.Module):
    """Nothing is masked: the zeros beyond the picture take part, and rolled windows join opposite borders."""

    def __init__(self, width: int, sides: tuple[int, int], *, rolled: bool) -> None:
        super().__init__()
        self.sides = sides
        self.shift = (sides[0] // 2, sides[1] // 2) if rolled else (0, 0)
        self.proj_qk = conv1x1(width, 2 * width)
        self.proj_q_5x5 = depthwise(width, 5)
        self.proj_k_5x5 = depthwise(width, 5)
        self.proj_v = conv1x1(width, width)
        self.lepe_v = depthwise(width, 5)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % self.sides[1], 0, -height % self.sides[0]))
        x = x.roll((-self.shift[0], -self.shift[1]), (2, 3))
        query, key = self.proj_qk(x).chunk(2, 1)
        value = self.proj_v(x)
        place = self.lepe_v(value)
        parts = torch.stack((self.proj_q_5x5(query) + place, self.proj_k_5x5(key) + place, value), 1)
        y: Tensor = attention_within(parts[:, :, None], self.sides, None) + place
        return y.roll(self.shift, (2, 3))[:, :, :height, :width]


class HierarchicalAttention(nn.Module):
    """HSA."""

    def __init__(self, width: int, *, rolled: bool) -> None:
        super().__init__()
        group = width // 2
        self.norm1 = ChannelNorm(width, 1e-6)
        self.proj1 = conv1x1(width, 2 * width)
        self.attn1, self.attn2, self.attn3, self.attn4 = (
            WindowAttention(group, sides, rolled=rolled) for sides in WINDOWS
        )
        self.gate_layer = Gate(group)
        self.proj = conv1x1(2 * width, width)
        self.norm2 = ChannelNorm(width, 1e-6)
        self.mlp = Mixer(width)

    def forward(self, x: Tensor, _window: Tensor | None) -> Tensor:
        first, *others = self.proj1(self.norm1(x)).chunk(4, 1)
        results = [self.attn1(first)]
        for part, attend in zip(others, (self.attn2, self.attn3, self.attn4), strict=True):
            results.append(attend(self.gate_layer(part, results[-1])))
        x = self.proj(torch.cat(results, 1)) + x
        result: Tensor = self.mlp(self.norm2(x)) + x
        return result


class Block(FeatureDistillation):
    def __init__(self, width: int, attention: nn.Module) -> None:
        super().__init__(
            width,
            width // 2,
            lambda channels, _: HierarchicalConv(channels),
            F.gelu,
            last=BlueprintConv(width, width // 2, reflect=True),
        )
        self.attention = attention
        self.after_attention = depthwise(width)
        self.contrast = nn.Sequential(conv1x1(width, width), nn.GELU(), ContrastAttention(width, 1), depthwise(width))

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        o = super().forward(x)
        o = o + self.after_attention(self.attention(F.gelu(o), window))
        result: Tensor = o + self.contrast(o) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    """All blocks attend within windows but the last, which has MSN's spatial attention."""
    width, depth = config.width, config.depth
    convolution = partial(BlueprintConv, reflect=True)
    attentions: list[nn.Module] = [HierarchicalAttention(width, rolled=i == ROLLED) for i in range(depth - 1)]
    attentions.append(MultiScaleESA(width, width // 4, convolution, partial(convolution, stride=2), 2))
    return ResidualNetwork(
        conv3x3(3, width),
        [Block(width, attention) for attention in attentions],
        nn.Sequential(conv1x1(depth * width, width), Collect(width)),
        PixelShuffleHead(width, config.scale),
        fused=True,
        centred=True,
    )


def traits(config: Sizes) -> Traits:
    return Traits(
        scale=config.scale,
        halo=32,
        grid=96,
        min_size=15,
        exact_tiles=False,
        global_statistics=True,
        precise=("conv_1", "upsampler"),
    )


FAMILIES = (chain("harn", has("bsc_layer.0.c1_r.conv2_4.1.weight"), build, traits, *RULES),)
