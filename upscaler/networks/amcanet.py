"""AMCANet: depthwise attention at full size and at a quarter of it.

Special: each block looks at its features twice, once as they are and once at maxima of a grid of 4; both make sigmoid
         gates for depthwise copies.  No other activation.
Source:  NTIRE 2026 report (arXiv 2604.03198), team 17.
Reach:   64 pixels in practice; tiles are exact on a grid of 4.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import PixelShuffleHead, ResidualNetwork, conv1x1, conv3x3, depthwise, unit
from upscaler.networks.family import Traits, has
from upscaler.networks.layout import Rule, Sizes, chain
from upscaler.networks.window import resize_map

RULES: tuple[Rule, ...] = ((r"^head\.", "conv_1."), (r"^conv1x1\.", "conv_2."), (r"^tail\.", "upsampler.0."))

STRIDES = (0, 4)
"""Pixels between the cells at which each head looks; 0: at every pixel."""


class Head(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.conv1x1 = conv1x1(inputs, 2 * outputs)
        self.conv3x3_1 = depthwise(outputs)
        self.conv3x3_2 = depthwise(outputs)
        self.conv3x3_3 = depthwise(outputs)
        self.conv1x1_2 = conv1x1(outputs, outputs)
        self.conv1x1_3 = conv1x1(outputs, outputs)
        self.conv3x3_v = depthwise(outputs)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        looking, value = self.conv1x1(x).chunk(2, 1)
        near = self.conv3x3_1(looking)
        if self.stride:
            far = self.mixed(F.max_pool2d(near, 2 * self.stride - 1, self.stride))
            far = resize_map(far, (x.shape[2], x.shape[3]), window, self.cells, self.stride)
        else:
            far = self.mixed(near)
        gate: Tensor = self.conv1x1_3(far + near).sigmoid()
        result: Tensor = gate * self.conv3x3_v(value)
        return result

    def mixed(self, x: Tensor) -> Tensor:
        result: Tensor = self.conv1x1_2(self.conv3x3_3(self.conv3x3_2(x)))
        return result

    def cells(self, length: Tensor) -> Tensor:
        return (length - (2 * self.stride - 1)) // self.stride + 1


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Head(width, width // len(STRIDES), stride) for stride in STRIDES)
        self.fusion_conv = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        result: Tensor = self.fusion_conv(torch.cat([head(x, window) for head in self.heads], 1))
        return result


class Gate(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1x1_1 = conv1x1(width, 2 * width)
        self.conv3x3_2 = depthwise(width)
        self.conv1x1_2 = conv1x1(width, width)
        self.conv1x1_3 = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        looking, value = self.conv1x1_1(x).chunk(2, 1)
        result: Tensor = self.conv1x1_3(self.conv1x1_2(self.conv3x3_2(looking)).sigmoid() * value)
        return result


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.amca = Attention(width)
        self.fsg = Gate(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = self.amca(unit(x), window) + x
        result: Tensor = self.fsg(unit(x)) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    return ResidualNetwork(
        conv3x3(3, config.width),
        [Block(config.width) for _ in range(config.depth)],
        conv1x1(config.width, config.width),
        PixelShuffleHead(config.width, config.scale),
    )


def traits(config: Sizes) -> Traits:
    cell = max(STRIDES)
    return Traits(scale=config.scale, halo=64, grid=cell, min_size=2 * cell - 1, precise=("conv_1", "upsampler"))


FAMILIES = (chain("amcanet", has("blocks.0.amca.heads.1.conv3x3_v.weight"), build, traits, *RULES),)
