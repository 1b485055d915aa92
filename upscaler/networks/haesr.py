"""HAESR: attention maps made once, in the first of three groups, and used again in the two others.

Special: keys are the pixels of a window and a few samples around it, or those of a grid stretched over the picture and
         the points between; later groups only project new values.  Blocks after it attend between channels, within
         windows and across them.
Source:  NTIRE 2026 efficient super-resolution report, team 06: the best quality of that challenge.
Reach:   the whole picture (stretched grids, means, attention between channels): tiles are blended, and the larger they
         are, the nearer they come to the whole.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.attention import channel_attention, reflect_to_multiple, relative_bias
from upscaler.networks.blocks import (
    ESA,
    ChannelNorm,
    GatedFeedForward,
    GlobalMean,
    Linear,
    PixelShuffleHead,
    conv1x1,
    conv3x3,
    depthwise,
    entering,
)
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.swinir import cut, placed

SIDE = 8
"""Of windows, and of grids."""

RING = 4
"""Pixels around a window that may be sampled."""

EPS = 1e-6
MIN_SIZE = 9


@dataclass(frozen=True, slots=True)
class HaesrConfig:
    scale: int
    width: int
    """Four equal parts; each stage of a group sets one aside."""

    kernel: int
    """Length of the depthwise strips."""

    groups: int


def ring(rows: Sequence[int], columns: Sequence[int], *, crossed: bool) -> set[tuple[int, int]]:
    """Places in a window's surroundings; ``crossed``: also with rows and columns exchanged."""
    places = {(row, column) for row in rows for column in columns}
    return places | {(column, row) for row, column in places} if crossed else places


EDGE = (0, 1, 2, 3, 12, 13, 14, 15)
STAR = ring(EDGE, (8,), crossed=True) | {(k, k) for k in EDGE} | {(k, 15 - k) for k in EDGE}
CROSS = ring(EDGE, (7, 8), crossed=True)
CORNER = ring((0, 1, 2, 13, 14, 15), (0, 1, 2, 13, 14, 15), crossed=False)


class Sets(Protocol):
    """How a map N,H,W,C is taken apart: queries and keys of the same set attend to each other."""

    keys: int

    def bias(self) -> nn.Module: ...

    def queries_of(self, x: Tensor) -> Tensor:
        """Sets,64,C."""

    def keys_of(self, x: Tensor) -> Tensor:
        """Sets,keys,C."""

    def placed(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """Sets,64,C -> N,H,W,C."""


class LocalSets:
    """Windows, and samples from the ring around each; what lies outside the map is zero, and takes part."""

    def __init__(self, samples: set[tuple[int, int]]) -> None:
        inside = range(RING, RING + SIDE)
        self.places = sorted(samples | {(row, column) for row in inside for column in inside})
        self.keys = len(self.places)

    def bias(self) -> nn.Module:
        return LocalBias(self.keys)

    def queries_of(self, x: Tensor) -> Tensor:
        return cut(x, SIDE)

    def keys_of(self, x: Tensor) -> Tensor:
        height, width, channels = x.shape[1:]
        padded = F.pad(x, (0, 0, RING, RING, RING, RING))
        stride = width + 2 * RING
        tops = torch.arange(0, height, SIDE, device=x.device)[:, None] * stride
        windows = (tops + torch.arange(0, width, SIDE, device=x.device)).flatten()
        within = torch.tensor([row * stride + column for row, column in self.places], device=x.device)
        return padded.flatten(1, 2)[:, windows[:, None] + within].view(-1, self.keys, channels)

    def placed(self, tokens: Tensor, height: int, width: int) -> Tensor:
        return placed(tokens, SIDE, height, width)


class GridSets:
    """Every H/8-th and W/8-th pixel, and the points half a step further down (``below``) and right (``beside``)."""

    def __init__(self, *, below: bool, beside: bool) -> None:
        self.below, self.beside = below, beside
        self.between = (SIDE - below) * (SIDE - beside)
        self.keys = SIDE**2 + self.between

    def bias(self) -> nn.Module:
        return GridBias(self.between)

    def queries_of(self, x: Tensor) -> Tensor:
        n, height, width, channels = x.shape
        grids = x.view(n, SIDE, height // SIDE, SIDE, width // SIDE, channels).permute(0, 2, 4, 1, 3, 5)
        return grids.reshape(-1, SIDE**2, channels)

    def keys_of(self, x: Tensor) -> Tensor:
        n, height, width, channels = x.shape
        rows, columns = height // SIDE, width // SIDE
        moved = x.narrow(1, rows // 2, height - rows) if self.below else x
        moved = moved.narrow(2, columns // 2, width - columns) if self.beside else moved
        grids = moved.reshape(n, -1, rows, moved.shape[2] // columns, columns, channels).permute(0, 2, 4, 1, 3, 5)
        return torch.cat((self.queries_of(x), grids.reshape(-1, self.between, channels)), 1)

    def placed(self, tokens: Tensor, height: int, width: int) -> Tensor:
        grids = tokens.view(-1, height // SIDE, width // SIDE, SIDE, SIDE, tokens.shape[2])
        return grids.permute(0, 3, 1, 4, 2, 5).reshape(-1, height, width, tokens.shape[2])


class LocalBias(nn.Module):
    """1,queries,keys."""

    def __init__(self, keys: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(1, SIDE**2, keys))

    def forward(self) -> Tensor:
        return self.table


class GridBias(nn.Module):
    """1,queries,keys: by offset on the grid, and a number of its own for each point between."""

    def __init__(self, between: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros((2 * SIDE - 1) ** 2, 1))
        self.extra = nn.Parameter(torch.zeros(1, SIDE**2, between))

    def forward(self) -> Tensor:
        # The table is by query minus key; read backwards, it is by key minus query.
        return torch.cat((relative_bias(self.table.flip(0).t().contiguous(), SIDE), self.extra), 2)


class FirstAttention(nn.Module):
    """N,H,W,C -> N,H,W,C, and the map sets,queries,keys that made it."""

    def __init__(self, width: int, sets: Sets) -> None:
        super().__init__()
        self.sets = sets
        self.to_q = Linear(width, width, bias=False)
        self.to_kv = Linear(width, 2 * width, bias=False)
        self.bias = sets.bias()
        self.to_out = Linear(width, width, bias=False)

    def forward(self, x: Tensor, _known: Tensor | None) -> tuple[Tensor, Tensor]:
        query = self.sets.queries_of(self.to_q(x) * x.shape[3] ** -0.5)
        key, value = self.sets.keys_of(self.to_kv(x)).chunk(2, 2)
        scores = (query @ key.transpose(1, 2)).float() + self.bias().float()
        weights = scores.softmax(2).to(value.dtype)
        return self.to_out(self.sets.placed(weights @ value, x.shape[1], x.shape[2])), weights


class LaterAttention(nn.Module):
    """The same with a map that is known."""

    def __init__(self, width: int, sets: Sets) -> None:
        super().__init__()
        self.sets = sets
        self.to_v = Linear(width, width, bias=False)
        self.to_out = Linear(width, width, bias=False)

    def forward(self, x: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        value = self.sets.keys_of(self.to_v(x))
        return self.to_out(self.sets.placed(known @ value, x.shape[1], x.shape[2])), known


class AttentionBlock(nn.Module):
    """N,C,H,W -> N,C,H,W, and the attention's map; the first group makes it, later ones are given it."""

    def __init__(self, width: int, sets: Sets, *, first: bool) -> None:
        super().__init__()
        self.cnorm = ChannelNorm(width, EPS)
        self.attn = FirstAttention(width, sets) if first else LaterAttention(width, sets)
        self.cnorm2 = ChannelNorm(width, EPS)
        self.gfn = GatedFeedForward(width, width)

    def forward(self, x: Tensor, known: Tensor | None) -> tuple[Tensor, Tensor]:
        attended, weights = self.attn(self.cnorm(x).permute(0, 2, 3, 1).contiguous(), known)
        x = x + attended.permute(0, 3, 1, 2)
        return x + self.gfn(self.cnorm2(x)), weights


class LargeKernel(nn.Module):
    """Every fourth channel through long strips, beside a 3x3 depthwise convolution of all; N,C,H,W."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.DWConv3 = depthwise(width)
        self.mean = GlobalMean()
        self.across = depthwise(width // 4, (1, kernel))
        self.down = depthwise(width // 4, (kernel, 1))
        self.mix = conv1x1(width, width)
        self.conv1 = conv1x1(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        quarter, *others = (x[:, k::4] for k in range(4))
        quarter = self.down(self.across(quarter * self.mean(quarter).sigmoid()))
        mixed = F.gelu(self.mix(torch.cat((quarter, *others), 1)))
        return F.gelu(self.conv1(torch.cat((self.DWConv3(x), mixed), 1)))


class ChannelAttention(nn.Module):
    """Attention between channels, over the pixels of each window, or over all windows' pixels of one place."""

    def __init__(self, width: int, *, windows: bool) -> None:
        super().__init__()
        self.windows = windows
        self.temperature = nn.Parameter(torch.ones(1, 1, 1))
        self.qkv = conv1x1(width, 3 * width, bias=False)
        self.qkv_dwconv = depthwise(3 * width, bias=False)
        self.project_out = conv1x1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        n, channels, height, width = x.shape
        # N,C,row,y,column,x; the pixels of a set are to be the last two axes.
        order = (0, 2, 4, 1, 3, 5) if self.windows else (0, 3, 5, 1, 2, 4)
        sides = (SIDE, SIDE) if self.windows else (height // SIDE, width // SIDE)
        parts = self.qkv_dwconv(self.qkv(x)).view(n, -1, height // SIDE, SIDE, width // SIDE, SIDE).permute(order)
        sets = parts.reshape(-1, 3 * channels, *sides).contiguous(memory_format=torch.channels_last)
        query, key, value = sets.chunk(3, 1)
        mixed = channel_attention(query, key, value, self.temperature)
        back = mixed.reshape(*parts.shape[:3], channels, *sides)
        rows = back.permute(0, 3, 1, 4, 2, 5) if self.windows else back.permute(0, 3, 4, 1, 5, 2)
        y: Tensor = self.project_out(rows.reshape(n, channels, height, width))
        return y


class ChannelBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.canorm1, self.canorm2 = ChannelNorm(width, EPS), ChannelNorm(width, EPS)
        self.cnorm1, self.cnorm2 = ChannelNorm(width, EPS), ChannelNorm(width, EPS)
        self.cttn1 = ChannelAttention(width, windows=True)
        self.cttn2 = ChannelAttention(width, windows=False)
        self.gfn1, self.gfn2 = GatedFeedForward(width, width), GatedFeedForward(width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.cttn1(self.canorm1(x))
        x = x + self.gfn1(self.cnorm1(x))
        x = x + self.cttn2(self.canorm2(x))
        y: Tensor = x + self.gfn2(self.cnorm2(x))
        return y


class Stage(nn.Module):
    """A large kernel on all channels; two attentions on all but the first quarter of the network's width."""

    def __init__(self, width: int, quarter: int, kernel: int, sets: tuple[Sets, Sets], *, first: bool) -> None:
        super().__init__()
        self.quarter = quarter
        self.LB = LargeKernel(width, kernel)
        self.SLA = AttentionBlock(width - quarter, sets[0], first=first)
        self.SGA = AttentionBlock(width - quarter, sets[1], first=first)

    def forward(self, x: Tensor, known: Sequence[Tensor | None]) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Attended channels, those set aside, both maps."""
        y = self.LB(x)
        aside, rest = y[:, : self.quarter], y[:, self.quarter :]
        rest, local = self.SLA(rest, known[0])
        rest, grid = self.SGA(rest, known[1])
        return rest, aside, [local, grid]


class Group(nn.Module):
    """N,C,H,W -> N,C,H,W, and its six maps."""

    def __init__(self, config: HaesrConfig, *, first: bool) -> None:
        super().__init__()
        width, quarter = config.width, config.width // 4
        self.quarter = quarter
        self.stages = nn.ModuleList(
            Stage(width - k * quarter, quarter, config.kernel, sets, first=first)
            for k, sets in enumerate(
                (
                    (LocalSets(STAR), GridSets(below=True, beside=True)),
                    (LocalSets(CROSS), GridSets(below=False, beside=True)),
                    (LocalSets(CORNER), GridSets(below=True, beside=False)),
                )
            )
        )
        self.pw1, self.pw2 = conv1x1(width, width), conv1x1(width - quarter, width - quarter)
        self.pw3 = conv1x1(width, width)
        self.BlockC = ChannelBlock(width)
        self.res_end = conv1x1(width, width)
        self.esa = ESA(width)

    def forward(self, x: Tensor, known: Sequence[Tensor | None]) -> tuple[Tensor, list[Tensor]]:
        quarter = self.quarter
        rest, aside, first = self.stages[0](x, known[0:2])
        y = self.pw1(torch.cat((rest, aside), 1))
        done, y = y[:, :quarter], y[:, quarter:]
        rest, aside, second = self.stages[1](y, known[2:4])
        y = self.pw2(torch.cat((rest, aside), 1))
        done, y = torch.cat((done, y[:, :quarter]), 1), y[:, quarter:]
        rest, aside, third = self.stages[2](y, known[4:6])
        y = self.BlockC(self.pw3(torch.cat((done, rest, aside), 1)))
        return self.esa(self.res_end(y) + x), first + second + third


class Haesr(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: HaesrConfig) -> None:
        super().__init__()
        self.scale = config.scale
        self.input = conv3x3(3, config.width)
        self.groups = nn.ModuleList(Group(config, first=i == 0) for i in range(config.groups))
        self.output = conv3x3(config.width, config.width)
        self.up = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        height, width = x.shape[2:]
        shallow = self.input(reflect_to_multiple(x, SIDE))
        deep = entering(self.groups, shallow)
        maps: Sequence[Tensor | None] = [None] * 6
        for group in self.groups:
            deep, maps = group(deep, maps)
        y: Tensor = self.up(self.output(deep) + shallow)
        return y[:, :, : height * self.scale, : width * self.scale]


RULES: tuple[Rule, ...] = (
    (r"^block(\d)\.", r"groups.\1."),
    (r"\.residual_layer\.(0\.)?", "."),
    (r"\.(LB|SLA|SGA)(\d)\.", lambda found: f".stages.{int(found[2]) - 1}.{found[1]}."),
    (r"\.PLKB\.DWConv_1xK\.", ".across."),
    (r"\.PLKB\.DWConv_Kx1\.", ".down."),
    (r"\.PLKB\.conv1\.", ".mix."),
    (r"\.attn\.rel_pos_bias(\.weight)?$", ".attn.bias.table"),
    (r"\.attn\.extra_pos_bias$", ".attn.bias.extra"),
    (r"\.to_out\.0\.", ".to_out."),
)


def read_config(shapes: Shapes) -> HaesrConfig:
    shapes = renamed(shapes, *RULES)
    return HaesrConfig(
        scale=math.isqrt(shapes["up.0.weight"][0] // 3),
        width=shapes["input.weight"][0],
        kernel=shapes["groups.0.stages.0.LB.across.weight"][3],
        groups=count(shapes, r"groups\.\d+\.res_end\.weight"),
    )


def convert(state: State, _config: HaesrConfig) -> State:
    """Without the lists of sampled places, which the names of the blocks give."""
    return {key: value for key, value in renamed(state, *RULES).items() if ".ext_unfold." not in key}


def traits(config: HaesrConfig) -> Traits:
    return Traits(scale=config.scale, halo=32, grid=SIDE, min_size=MIN_SIZE, exact_tiles=False, precise=("input", "up"))


FAMILIES = (
    Family(
        name="haesr",
        recognises=has("block0.residual_layer.0.SLA1.attn.to_q.weight"),
        read_config=read_config,
        build=Haesr,
        traits=traits,
        convert=convert,
    ),
)
