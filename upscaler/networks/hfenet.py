"""HFENet: large dilated kernels, and channels weighed by their entropy.

Special: two kinds of block take turns.  In one, pairs of large depthwise kernels with mirrored borders are mixed pixel
         by pixel; in the other, channels are weighed by what the logarithm of their variance over the picture says
         (the entropy of a normal distribution).
Source:  NTIRE 2026 report (arXiv 2604.03198), team 10.
Reach:   101 pixels, practically 48, and the variances of the whole picture: tiles are exact once these are known.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ChannelNorm,
    Conv,
    GlobalVariance,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    conv3x3,
    depthwise,
)
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import Rule, Sizes, chain

KERNELS = (((3, 3), (5, 3)), ((3, 1), (7, 3)), ((5, 1), (5, 5)))
"""(Side, dilation) of the two kernels that each third of the channels goes through."""

RULES: tuple[Rule, ...] = (
    (r"^simple_encoder\.", "conv_1."),
    (r"^after_pipe\.", "conv_2."),
    (r"^pipeline\.(\d+)\.slkab\.", lambda found: f"blocks.{2 * int(found[1])}."),
    (r"^pipeline\.(\d+)\.eab\.", lambda found: f"blocks.{2 * int(found[1]) + 1}."),
    (r"(blocks\.\d+)\.(?:encoder|conv1)\.", r"\1.widen."),
    (r"(blocks\.\d+)\.(?:decoder|conv2)\.", r"\1.narrow."),
    (r"\.slka\.|\.attn\.", ".attention."),
    (r"\.sgfn\.", ".ffn."),
    (r"\.mix([123])\.0\.", lambda found: f".pairs.{int(found[1]) - 1}.mix."),
    # The authors name each kernel by how far it reaches.
    *(
        (rf"\.conv3_{(side - 1) * dilation + 1}\.", f".pairs.{pair}.{place}.")
        for pair, kernels in enumerate(KERNELS)
        for place, (side, dilation) in zip(("first", "second"), kernels, strict=True)
    ),
)


class FirstConv(Conv):
    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(super().forward(x))


class KernelPair(nn.Module):
    def __init__(self, width: int, first: tuple[int, int], second: tuple[int, int]) -> None:
        super().__init__()
        self.first = depthwise(width, first[0], dilation=first[1], reflect=True)
        self.second = depthwise(width, second[0], dilation=second[1], reflect=True)
        self.mix = conv1x1(2 * width, 2)

    def forward(self, x: Tensor) -> Tensor:
        near = self.first(x)
        far = self.second(near)
        shares = self.mix(torch.cat((near, far), 1)).sigmoid()
        result: Tensor = shares[:, :1] * near + shares[:, 1:] * far
        return result


class LargeKernels(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.pairs = nn.ModuleList(KernelPair(width // 3, first, second) for first, second in KERNELS)
        self.conv = conv1x1(width, width, bias=False)

    def forward(self, x: Tensor, _window: Tensor | None) -> Tensor:
        parts = [pair(part) for pair, part in zip(self.pairs, x.chunk(3, 1), strict=True)]
        return F.gelu(self.conv(torch.cat(parts, 1)))


class Entropy(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv1x1(width, width // 9)
        self.variance = GlobalVariance()
        self.conv2 = conv1x1(width // 9, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        # Features that are equal everywhere would have the entropy minus infinity.
        variance = self.variance(self.conv1(x), window).clamp(min=1e-30)
        gate: Tensor = self.conv2(0.5 * (2 * math.pi * math.e * variance).log())
        return gate.sigmoid()


class Mixer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv1x1(width, 2 * width)
        self.dwconv = depthwise(width)
        self.conv2 = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.conv1(x).chunk(2, 1)
        result: Tensor = self.conv2(self.dwconv(gate) * value)
        return result


class Block(nn.Module):
    """``attention`` sees the widened features and the window."""

    def __init__(self, width: int, attention: nn.Module) -> None:
        super().__init__()
        self.layer_norm_pre = ChannelNorm(width, 1e-5)
        self.widen = conv1x1(width, 2 * width)
        self.attention = attention
        self.narrow = conv1x1(2 * width, width)
        self.layer_norm_aft = ChannelNorm(width, 1e-5)
        self.ffn = Mixer(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        wide = F.gelu(self.widen(self.layer_norm_pre(x)))
        x = self.narrow(wide * self.attention(wide, window)) + x
        result: Tensor = self.ffn(self.layer_norm_aft(x)) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    width = config.width
    return ResidualNetwork(
        FirstConv(3, width),
        [Block(width, Entropy(2 * width) if i % 2 else LargeKernels(2 * width)) for i in range(config.depth)],
        conv3x3(width, width),
        PixelShuffleHead(width, config.scale),
        centred=True,
    )


def traits(config: Sizes) -> Traits:
    return Traits(scale=config.scale, halo=48, min_size=11, global_statistics=True, precise=("conv_1", "upsampler"))


FAMILIES = (chain("hfenet", has("pipeline.0.slkab.slka.conv3_21.weight"), build, traits, *RULES),)
