"""GMIN: gated multi-scale interaction without norms and without skips.

Special: a reconstruction.  No code and no weights are public; it has the published parameters and multiply-adds, but
         where the text is silent it follows MAN (large-kernel attention) and MogaNet (decomposition, gated scales).
Source:  "Gated multi-scale interaction network"; Wang et al., "Multi-scale Attention Network for Single Image
         Super-Resolution", CVPRW 2024 (arXiv 2209.14145); Li et al., "MogaNet", ICLR 2024 (arXiv 2211.03295).
Reach:   14 pixels a module and 22 more: 120 (GMIN), 148 (L); and the means of the whole picture, one for each module.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import GlobalMean, PixelShuffleHead, conv1x1, conv3x3, depthwise, entering, mean_colour
from upscaler.networks.family import Family, Shapes, Traits, has


@dataclass(frozen=True, slots=True)
class GminConfig:
    scale: int
    width: int = 56
    """A multiple of 8; GMIN-L has 64."""

    modules: int = 7
    """GMIN-L has 9."""


class Selection(nn.Module):
    """Amplifies what differs from the picture's mean (SAU)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj_1 = conv1x1(width, width)
        self.sigma = nn.Parameter(torch.full((1, width, 1, 1), 1e-5))
        self.mean = GlobalMean()

    def forward(self, x: Tensor) -> Tensor:
        t = self.proj_1(x)
        return F.gelu(t + self.sigma * (t - self.mean(t)))


class GatedScales(nn.Module):
    """Three ranges of depthwise convolution side by side, gated pixel by pixel (GMIB)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.parts = [width // 8, 3 * width // 8, width // 2]
        self.DW_0 = depthwise(width, 5)
        self.DW_1 = depthwise(self.parts[1], 5, dilation=2)
        self.DW_2 = depthwise(self.parts[2], 7, dilation=3)
        self.value = conv1x1(width, width)
        self.gate = conv1x1(width, width)
        self.proj_last = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        near, middle, far = torch.split(self.DW_0(x), self.parts, 1)
        scales = torch.cat((near, self.DW_1(middle), self.DW_2(far)), 1)
        y: Tensor = self.proj_last(F.silu(self.gate(x)) * F.silu(self.value(scales)))
        return y


class SelectedScales(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.SAU = Selection(width)
        self.GMIB = GatedScales(width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.GMIB(self.SAU(x))
        return y


class GatedFeedForward(nn.Module):
    """One half of a 7x7 neighbourhood gates the other (EGSFN)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.Conv1 = conv1x1(width, 2 * width)
        self.DWConv1 = depthwise(2 * width, 7)
        self.Conv2 = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.DWConv1(self.Conv1(x)).chunk(2, 1)
        y: Tensor = self.Conv2(F.gelu(gate) * value)
        return y


class Interaction(nn.Module):
    """No norm, no skip (GMIM): a product of products, so large weights make it explode."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.SML = SelectedScales(width)
        self.EGSFN = GatedFeedForward(width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.EGSFN(self.SML(x))
        return y


class Fusion(nn.Module):
    """The results of all modules as one (MSFF)."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.Conv1 = conv1x1(inputs, width)
        self.Conv2 = conv3x3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.Conv2(F.gelu(self.Conv1(x)))
        return y


class LargeKernelAttention(nn.Module):
    """Gated by a depthwise neighbourhood of 39x39: 7x7, then 9x9 of every fourth pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv0 = depthwise(width, 7)
        self.conv_spatial = depthwise(width, 9, dilation=4)
        self.conv1 = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        gate: Tensor = self.conv1(self.conv_spatial(self.conv0(x)))
        return x * gate


class Gmin(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: GminConfig) -> None:
        super().__init__()
        self.head = conv3x3(3, config.width)
        self.body = nn.ModuleList(Interaction(config.width) for _ in range(config.modules))
        self.MSFF = Fusion(config.modules * config.width, config.width)
        self.LKA = LargeKernelAttention(config.width)
        self.tail = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        mean = mean_colour(x.device)
        shallow = self.head(x - mean)
        deep, results = entering(self.body, shallow), []
        for module in self.body:
            deep = module(deep)
            results.append(deep)
        y: Tensor = self.tail(self.LKA(self.MSFF(torch.cat(results, 1))) + shallow)
        return y + mean


def read_config(shapes: Shapes) -> GminConfig:
    width = shapes["head.weight"][0]
    return GminConfig(
        scale=math.isqrt(shapes["tail.0.weight"][0] // 3),
        width=width,
        modules=shapes["MSFF.Conv1.weight"][1] // width,
    )


def traits(config: GminConfig) -> Traits:
    return Traits(
        scale=config.scale,
        halo=14 * config.modules + 22,
        global_statistics=True,
        precise=("head", "tail"),
    )


FAMILIES = (
    Family(
        name="gmin",
        recognises=has("MSFF.Conv1.weight", "body.0.SML.SAU.sigma"),
        read_config=read_config,
        build=Gmin,
        traits=traits,
    ),
)
