"""HiT-SRF: windows that grow from 4x4 to 64x64 within a group, at a cost that grows with their area only.

Special: no softmax.  A window's values, averaged to 8x8 cells, are correlated with its pixels, and its channels with
         each other; both are products of three matrices, so the small ones are multiplied first.  No shifted windows:
         their changing sizes mix the picture.
Source:  Zhang et al., "HiT-SR: Hierarchical Transformer for Efficient Image Super-Resolution", ECCV 2024
         (arXiv 2407.05878), sections 3.2 and 3.3.
Reach:   many hundreds of pixels, of which those beyond 128 weigh less than 2e-5, even where a tile ends within a
         window.  Windows are anchored at the top left of what the network is given, so tiles begin on multiples of 192,
         the least common multiple of their sides.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.attention import reflect_to_multiple
from upscaler.networks.blocks import Linear, TokenNorm, conv1x1, conv3x3
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import count, renamed
from upscaler.networks.swinir import FEED_FORWARD_RULES, PRECISE, RULES, ConvFeedForward, Frame, Group, cut, placed

HEADS = 6
CELLS = 8
"""Cells along a side that a window's values are averaged to; smaller windows keep their pixels."""

SIDES = (4, 8, 16, 32, 48, 64)
"""Of the windows of a group's blocks: half of 8, then multiples of it."""

GRID = math.lcm(*SIDES)
HALO = 128


@dataclass(frozen=True, slots=True)
class HitSrfConfig:
    scale: int
    width: int
    squeezed: int
    """Channels inside the convolutional factor of queries and values."""

    hidden: int
    groups: int


class QueryValue(nn.Module):
    """N,C,H,W -> N,C,H,W, queries and values: what a pixel is, times what is around it."""

    def __init__(self, width: int, squeezed: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            conv1x1(width, squeezed),
            nn.LeakyReLU(0.2),
            conv3x3(squeezed, squeezed),
            nn.LeakyReLU(0.2),
            conv1x1(squeezed, width),
        )
        self.linear = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x) * self.linear(x)
        return y


def channel_correlation(query: Tensor, value: Tensor) -> Tensor:
    """windows,pixels,C twice -> windows,pixels,C: values mixed by their mean products with the queries."""
    return value @ (value.transpose(1, 2) @ query / query.shape[1])


class Position(nn.Module):
    """A small network from the offset of two pixels to what is added to each head's correlation."""

    def __init__(self) -> None:
        super().__init__()

        def layer(outputs: int) -> nn.Sequential:
            return nn.Sequential(TokenNorm(3), nn.ReLU(), Linear(3, outputs))

        self.pos_proj = Linear(2, 3)
        self.pos1, self.pos2, self.pos3 = layer(3), layer(3), layer(HEADS)

    def forward(self, side: int, cell: int) -> Tensor:
        """heads,side**2,cells: [pixel, cell] is the mean over the cell's pixels."""
        offsets = torch.arange(1 - side, side, device=self.pos_proj.weight.device, dtype=torch.float32)
        pairs = torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), -1)
        table = self.pos3(self.pos2(self.pos1(self.pos_proj(pairs)))).permute(2, 0, 1)
        # A mean over a cell's pixels is a mean over neighbouring offsets; the last cell has the smallest ones.
        means = F.avg_pool2d(table, cell, 1).unfold(1, side, cell).unfold(2, side, cell).flip(1, 2)
        return means.permute(0, 3, 4, 1, 2).reshape(HEADS, side * side, -1)


class Correlation(nn.Module):
    """N,H,W,C -> N,H,W,C within windows of one side; the picture is extended to whole windows by reflection."""

    def __init__(self, config: HitSrfConfig, side: int) -> None:
        super().__init__()
        self.side = side
        self.cell = max(side // CELLS, 1)
        self.qv = QueryValue(config.width, config.squeezed)
        self.spatial_linear = Linear(self.cell**2, 1)
        self.pos = Position()
        self.proj = Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        whole = reflect_to_multiple(x, self.side, (1, 2))
        # Queries and values have no bounds, so their products are not left to half precision.
        features = self.qv(whole.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).float()
        query, value = cut(features, self.side).chunk(2, 2)
        mixed = torch.cat((self.spatial(query, features), channel_correlation(query, value)), 2)
        y: Tensor = self.proj(placed(mixed, self.side, whole.shape[1], whole.shape[2])[:, :height, :width])
        return y

    def spatial(self, query: Tensor, features: Tensor) -> Tensor:
        """(q Vᵀ / depth + P) V per head as q (Vᵀ V / depth) + P V: windows,pixels,C/2."""
        windows, pixels, channels = query.shape
        depth = channels // HEADS
        cells = self.averaged(features[..., channels:])
        head = torch.arange(channels, device=query.device) // depth
        gram = cells.transpose(1, 2) @ cells * ((head[:, None] == head[None]) / depth)
        by_head = cells.view(windows, -1, HEADS, depth).permute(2, 1, 0, 3).reshape(HEADS, -1, windows * depth)
        placed_values = (self.pos(self.side, self.cell) @ by_head).view(HEADS, pixels, windows, depth)
        return torch.baddbmm(placed_values.permute(2, 1, 0, 3).reshape(query.shape), query, gram)

    def averaged(self, value: Tensor) -> Tensor:
        """N,H,W,C -> windows,cells,C: each cell's weighted sum, the weights the same for all channels."""
        channels = value.shape[3]
        weight = self.spatial_linear.weight.float().view(1, 1, self.cell, self.cell).expand(channels, 1, -1, -1)
        bias = self.spatial_linear.bias.float().expand(channels)
        cells = F.conv2d(value.permute(0, 3, 1, 2), weight, bias, self.cell, groups=channels)
        return cut(cells.permute(0, 2, 3, 1).contiguous(), self.side // self.cell)


class Block(nn.Module):
    """Both branches are normalised after they are computed."""

    def __init__(self, correlation: nn.Module, width: int, hidden: int) -> None:
        super().__init__()
        self.correlation = correlation
        self.norm1 = TokenNorm(width)
        self.mlp = ConvFeedForward(width, hidden)
        self.norm2 = TokenNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.norm1(self.correlation(x))
        y: Tensor = x + self.norm2(self.mlp(x))
        return y


def build(config: HitSrfConfig) -> Frame:
    c = config
    groups = (
        Group(c.width, [Block(Correlation(c, side), c.width, c.hidden) for side in SIDES]) for _ in range(c.groups)
    )
    return Frame(c.width, c.scale, groups)


def read_config(shapes: Shapes) -> HitSrfConfig:
    shapes = renamed(shapes, *RULES)
    return HitSrfConfig(
        scale=math.isqrt(shapes["upsample.0.weight"][0] // 3),
        width=shapes["conv_first.weight"][0],
        squeezed=shapes["layers.0.blocks.0.correlation.qv.conv.0.weight"][0],
        hidden=shapes["layers.0.blocks.0.mlp.fc1.weight"][0],
        groups=count(shapes, r"layers\.\d+\.conv\.weight"),
    )


def convert(state: State, _config: object) -> State:
    return renamed(state, *RULES, *FEED_FORWARD_RULES)


def traits(config: HitSrfConfig) -> Traits:
    positions = (f"layers.{i}.blocks.{j}.correlation.pos" for i in range(config.groups) for j in range(len(SIDES)))
    return Traits(scale=config.scale, halo=HALO, grid=GRID, precise=(*PRECISE, *positions))


def recognises(shapes: Shapes) -> bool:
    block = "layers.0.residual_group.blocks.0"
    return (
        f"{block}.correlation.spatial_linear.weight" in shapes
        and f"{block}.mlp.dwconv.depthwise_conv.0.weight" in shapes
    )


FAMILIES = (
    Family(
        name="hit-srf",
        recognises=recognises,
        read_config=read_config,
        build=build,
        traits=traits,
        convert=convert,
    ),
)
