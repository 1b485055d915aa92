"""SeemoRe: a mixture of low-rank experts, of which each picture uses one per group.

Special: a router looks at the mean of the whole picture and picks, in every group, the expert of rank 2, 4 or 8.
Source:  Zamfir et al., "See More Details: Efficient Image Super-Resolution by Experts Mining", ICML 2024
         (arXiv 2402.03412); recursion and channel shuffle of T and B: the authors' code.
Reach:   55 pixels a group (T, B), 19 (L); what lies beyond ``halo`` weighs nothing that float32 could show.  The pooled
         branch has cells of 16 pixels (T, B) or 4 (L); the route is that of the whole picture.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    ChannelNorm,
    Conv,
    GlobalMean,
    Linear,
    PixelShuffleHead,
    conv1x1,
    conv3x3,
    convolve_each,
    depthwise,
    entering,
    mean_colour,
)
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.window import resize_map

EPS = 1e-6
POOL = 4
"""Side of the pooling convolution's cells, each time it is applied."""


@dataclass(frozen=True, slots=True)
class SeemoreConfig:
    scale: int
    width: int
    groups: int
    ranks: tuple[int, ...]

    @property
    def large(self) -> bool:
        """SeemoRe-L, which differs in what no tensor's shape shows: it pools once and does not shuffle channels."""
        return (self.groups, self.width) == (16, 48)

    @property
    def recursion(self) -> int:
        """How often the pooling convolution is applied."""
        return 1 if self.large else 2

    @property
    def cell(self) -> int:
        """Side of a pooled cell in pixels."""
        return POOL if self.large else POOL * POOL


class Stripes(nn.Module):
    """A depthwise convolution of one row, then one of one column."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(depthwise(width, (1, length)), depthwise(width, (length, 1)))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


class GatedFeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fn_1 = nn.Sequential(conv1x1(width, 2 * width), nn.GELU())
        self.gate = depthwise(width)
        self.fn_2 = nn.Sequential(conv1x1(width, width), nn.GELU())

    def forward(self, x: Tensor) -> Tensor:
        passed, gating = self.fn_1(x).chunk(2, 1)
        y: Tensor = self.fn_2(passed * self.gate(gating))
        return y


class StripedAttention(nn.Module):
    """The global block's core: values gated by what an 11x11 neighbourhood says (SME, section 3.3)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_qv = nn.Sequential(conv1x1(width, 2 * width), nn.GELU())
        self.attn = Stripes(width, 11)
        self.proj = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        query, value = self.to_qv(x).chunk(2, 1)
        y: Tensor = self.proj(self.attn(query) * value)
        return y


class Router(nn.Module):
    """N,C,H,W -> N,experts: the probabilities of the experts, from the picture's mean, in float32."""

    def __init__(self, width: int, experts: int) -> None:
        super().__init__()
        self.body = nn.Sequential(GlobalMean(), nn.Flatten(), Linear(width, experts, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        # A flipped route is a jump, so nothing here is rounded to half precision.
        y: Tensor = self.body(x.float())
        return y.softmax(1)


class Expert(nn.Module):
    """The weights of one expert; ``Experts`` gathers those of the picture's own."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.conv_1 = conv1x1(width, rank)
        self.conv_2 = conv1x1(width, rank)
        self.conv_3 = conv1x1(rank, width)


class Experts(nn.Module):
    """The product of two low-rank maps, by the one expert that the router prefers for the picture.

    The chosen weights are gathered, not branched to: a batch may hold pictures of different routes, no device waits for
    the answer, and the network can be exported.  Ranks below the largest repeat a row, which then counts for nothing.
    """

    rows: Tensor
    used: Tensor

    def __init__(self, width: int, ranks: tuple[int, ...]) -> None:
        super().__init__()
        self.gate = Router(width, len(ranks))
        self.experts = nn.ModuleList(Expert(width, rank) for rank in ranks)
        rank = torch.tensor(ranks)[:, None]
        place = torch.arange(max(ranks)).expand(len(ranks), -1)
        self.register_buffer("rows", rank.cumsum(0) - rank + place.minimum(rank - 1), persistent=False)
        self.register_buffer("used", place < rank, persistent=False)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        probability = self.gate(x)
        route = probability.argmax(1)
        weight = probability.gather(1, route[:, None])[:, :, None, None].to(x.dtype)
        y = self._narrow("conv_1", x, route) * self._narrow("conv_2", context, route)
        columns = torch.cat([layer.weight for layer in self._layers("conv_3")], 1)[:, self.rows[route]].transpose(0, 1)
        columns = columns * self.used[route][:, None, :, None, None]
        bias = torch.stack([layer.bias for layer in self._layers("conv_3")])[route]
        result: Tensor = x + weight * convolve_each(y, columns, bias)
        return result

    def _narrow(self, name: str, x: Tensor, route: Tensor) -> Tensor:
        rows = self.rows[route]
        weight = torch.cat([layer.weight for layer in self._layers(name)])[rows]
        return convolve_each(x, weight, torch.cat([layer.bias for layer in self._layers(name)])[rows])

    def _layers(self, name: str) -> list[Any]:
        return [getattr(expert, name) for expert in self.experts]


class LocalExperts(nn.Module):
    """The local block's core: two halves, of which one becomes the experts' context (MoRE, section 3.2)."""

    def __init__(self, config: SeemoreConfig) -> None:
        super().__init__()
        width = config.width
        self.recursion, self.cell = config.recursion, config.cell
        self.conv_1 = nn.Sequential(conv3x3(width, width), conv1x1(width, 2 * width))
        self.conv_2 = nn.Sequential(Stripes(width, 3), nn.GELU())
        self.agg_conv = nn.Sequential(Conv(width, width, POOL, stride=POOL, padding=0, groups=width), nn.GELU())
        self.conv = nn.Sequential(depthwise(width), conv1x1(width, width))
        self.moe_layer = Experts(width, config.ranks)
        self.proj = conv1x1(width, width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        halves = self.conv_1[1](F.gelu(self.conv_1[0](x)))
        local, context = halves.chunk(2, 1)
        cells = context
        for _ in range(self.recursion):
            cells = self.agg_conv(cells)
        size = (x.shape[2], x.shape[3])
        context = context + resize_map(self.conv(cells), size, window, self._cells, self.cell)
        y: Tensor = self.proj(self.moe_layer(self.conv_2(local), context))
        return y

    def _cells(self, length: Tensor) -> Tensor:
        return length // self.cell


class Block(nn.Module):
    def __init__(self, width: int, core: nn.Module) -> None:
        super().__init__()
        self.norm_1 = ChannelNorm(width, EPS)
        self.block = core
        self.norm_2 = ChannelNorm(width, EPS)
        self.ffn = GatedFeedForward(width)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        x = x + self.block(self.norm_1(x), window)
        y: Tensor = self.ffn(self.norm_2(x))
        return x + y


class Group(nn.Module):
    def __init__(self, config: SeemoreConfig) -> None:
        super().__init__()
        self.local_block = Block(config.width, LocalExperts(config))
        self.global_block = Block(config.width, StripedAttention(config.width))

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        y: Tensor = self.global_block(self.local_block(x, window), window)
        return y


class Seemore(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: SeemoreConfig) -> None:
        super().__init__()
        self.conv_1 = conv3x3(3, config.width)
        self.body = nn.ModuleList(Group(config) for _ in range(config.groups))
        self.norm = ChannelNorm(config.width, EPS)
        self.conv_2 = conv3x3(config.width, config.width)
        self.upsampler = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        mean = mean_colour(x.device)
        shallow = self.conv_1(x - mean)
        deep = entering(self.body, shallow)
        for group in self.body:
            deep = group(deep, window)
        y: Tensor = self.upsampler(self.conv_2(self.norm(deep)) + shallow)
        return y + mean


def read_config(shapes: Shapes) -> SeemoreConfig:
    experts = "body.0.local_block.block.moe_layer.experts."
    return SeemoreConfig(
        scale=math.isqrt(shapes["upsampler.0.weight"][0] // 3),
        width=shapes["conv_1.weight"][0],
        groups=sum(key.endswith(".gate.body.2.weight") for key in shapes),
        ranks=tuple(
            shapes[f"{experts}{i}.conv_1.weight"][0]
            for i in range(sum(key.startswith(experts) and key.endswith(".conv_1.weight") for key in shapes))
        ),
    )


def convert(state: State, config: SeemoreConfig) -> State:
    """``conv_1.2`` -> ``conv_1.1``, whose outputs are in the order that the channel shuffle gives them (T, B)."""
    shuffled = torch.arange(2 * config.width).view(2, -1).T.flatten()
    result = {}
    for key, value in state.items():
        name, found, kind = key.partition(".conv_1.2.")
        result[f"{name}.conv_1.1.{kind}" if found else key] = value if config.large or not found else value[shuffled]
    return result


def traits(config: SeemoreConfig) -> Traits:
    routers = (f"body.{i}.local_block.block.moe_layer.gate" for i in range(config.groups))
    return Traits(
        scale=config.scale,
        halo=48 if config.large else 96,
        grid=config.cell,
        min_size=config.cell,
        global_statistics=True,
        precise=("conv_1", "upsampler", *routers),
    )


FAMILIES = (
    Family(
        name="seemore",
        recognises=has("body.0.local_block.block.moe_layer.gate.body.2.weight", "upsampler.0.weight"),
        read_config=read_config,
        build=Seemore,
        traits=traits,
        convert=convert,
    ),
)
