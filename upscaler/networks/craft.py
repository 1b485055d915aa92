"""CRAFT: attention in tall and wide windows, refined by high frequencies that question the channels.

Special: half of the heads look through 4x16 windows, half through 16x4; fusion blocks attend between channels, with the
         high-frequency map as query.  The authors' networks for position biases end in a norm over one value, so each
         bias is a constant, which a softmax does not see: they are left out.
Source:  Li et al., "Feature Modulation Transformer: Cross-Refinement of Global Representation via High-Frequency Prior
         for Image Super-Resolution", ICCV 2023 (arXiv 2308.05022); NTIRE 2024 report, team ACVLAB.  The challenge's
         script feeds it 0..255; its weights fit 0..1, which gains 1 to 3 dB.
Reach:   the attention between channels sums over the whole picture, and shifted windows wrap around its borders: tiles
         are blended, from origins that are multiples of 16.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks import swinir
from upscaler.networks.attention import attention_within, channel_attention, reflect_to_multiple
from upscaler.networks.blocks import (
    ChannelNorm,
    GatedFeedForward,
    Linear,
    TokenNorm,
    conv1x1,
    conv3x3,
    depthwise,
)
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.swinir import PRECISE, FeedForward, Frame, Group

WINDOWS = ((4, 16), (16, 4))
"""Rows and columns of each half's windows; shifted ones are moved by half of that."""

HEADS = 6
MULTIPLE = 16
EPS = 1e-5


@dataclass(frozen=True, slots=True)
class CraftConfig:
    scale: int
    width: int
    hidden: int
    """Of the feed-forward in attention blocks."""

    gated_hidden: int
    """Of the feed-forward in fusion blocks."""

    groups: int
    units: int
    """In each group: two attention blocks, a high-frequency block and a fusion block."""


class RectangleAttention(nn.Module):
    """N,H,W,C -> N,H,W,C: each half of the heads in windows of its own, plus a convolution of the values."""

    def __init__(self, config: CraftConfig, *, shifted: bool) -> None:
        super().__init__()
        c = config
        self.shifted = shifted
        self.norm1 = TokenNorm(c.width)
        self.qkv = Linear(c.width, 3 * c.width)
        self.get_v = depthwise(c.width)
        self.proj = Linear(c.width, c.width)
        self.norm2 = TokenNorm(c.width)
        self.mlp = FeedForward(c.width, c.hidden)

    def forward(self, x: Tensor) -> Tensor:
        n, height, width, channels = x.shape
        qkv = self.qkv(self.norm1(x))
        parts = qkv.view(n, height, width, 3, HEADS, channels // HEADS)
        half = HEADS // 2
        attended = torch.cat([self.through(parts[..., half * i : half * (i + 1), :], WINDOWS[i]) for i in (0, 1)], 1)
        local = self.get_v(qkv[..., 2 * channels :].permute(0, 3, 1, 2))
        x = x + self.proj((attended + local).permute(0, 2, 3, 1))
        y: Tensor = x + self.mlp(self.norm2(x))
        return y

    def through(self, parts: Tensor, sides: tuple[int, int]) -> Tensor:
        """N,H,W,(query,key,value),heads,depth -> N,C/2,H,W.  Shifted windows wrap around, without a mask."""
        shift = (sides[0] // 2, sides[1] // 2) if self.shifted else (0, 0)
        if self.shifted:
            parts = parts.roll((-shift[0], -shift[1]), (1, 2))
        attended = attention_within(parts.permute(0, 3, 4, 5, 1, 2), sides, None)
        return attended.roll(shift, (2, 3)) if self.shifted else attended


class HighFrequency(nn.Module):
    """Half of the channels convolved, half replaced by the largest value around."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = conv3x3(width // 2, width // 2)
        self.fc = conv1x1(width // 2, width // 2)
        self.last_fc = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        smooth, sharp = x.chunk(2, 1)
        parts = (F.gelu(self.conv(smooth)), F.gelu(self.fc(F.max_pool2d(sharp, 3, 1, 1))))
        y: Tensor = x + self.last_fc(torch.cat(parts, 1))
        return y


class ChannelAttention(nn.Module):
    """Attention between channels: queries from one map, keys and values from another."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(HEADS, 1, 1))
        self.q = conv1x1(width, width, bias=False)
        self.q_dwconv = depthwise(width, bias=False)
        self.kv = conv1x1(width, 2 * width, bias=False)
        self.kv_dwconv = depthwise(2 * width, bias=False)
        self.project_out = conv1x1(width, width, bias=False)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        key, value = self.kv_dwconv(self.kv(low)).chunk(2, 1)
        y: Tensor = self.project_out(channel_attention(self.q_dwconv(self.q(high)), key, value, self.temperature))
        return y


class Fusion(nn.Module):
    def __init__(self, config: CraftConfig) -> None:
        super().__init__()
        self.norm1 = ChannelNorm(config.width, EPS)
        self.attn = ChannelAttention(config.width)
        self.norm2 = ChannelNorm(config.width, EPS)
        self.ffn = GatedFeedForward(config.width, config.gated_hidden)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        x = low + self.attn(self.norm1(low), high)
        y: Tensor = x + self.ffn(self.norm2(x))
        return y


class Unit(nn.Module):
    """N,H,W,C -> N,H,W,C: two attention blocks beside a high-frequency block, fused."""

    def __init__(self, config: CraftConfig) -> None:
        super().__init__()
        self.attend = nn.Sequential(RectangleAttention(config, shifted=False), RectangleAttention(config, shifted=True))
        self.sharpen = HighFrequency(config.width)
        self.fuse = Fusion(config)

    def forward(self, x: Tensor) -> Tensor:
        low, high = self.attend(x).permute(0, 3, 1, 2), self.sharpen(x.permute(0, 3, 1, 2))
        y: Tensor = self.fuse(low, high).permute(0, 2, 3, 1)
        return y


class Craft(Frame):
    def __init__(self, config: CraftConfig) -> None:
        c = config
        groups = (Group(c.width, [Unit(c) for _ in range(c.units)]) for _ in range(c.groups))
        super().__init__(c.width, c.scale, groups, embedded=False)

    def extended(self, x: Tensor) -> Tensor:
        return reflect_to_multiple(x, MULTIPLE)


RULES: tuple[Rule, ...] = (
    *swinir.RULES,
    (r"\b(norm\d?)\.body\.", r"\1."),
    (r"\.srwa_blocks\.(\d+)\.", lambda found: f".blocks.{int(found[1]) // 2}.attend.{int(found[1]) % 2}."),
    (r"\.hfer_blocks\.(\d+)\.", r".blocks.\1.sharpen."),
    (r"\.hf_blocks\.(\d+)\.", r".blocks.\1.fuse."),
)


def read_config(shapes: Shapes) -> CraftConfig:
    shapes = renamed(shapes, *RULES)
    return CraftConfig(
        scale=math.isqrt(shapes["upsample.0.weight"][0] // 3),
        width=shapes["conv_first.weight"][0],
        hidden=shapes["layers.0.blocks.0.attend.0.mlp.fc1.weight"][0],
        gated_hidden=shapes["layers.0.blocks.0.fuse.ffn.project_out.weight"][1],
        groups=count(shapes, r"layers\.\d+\.conv\.weight"),
        units=count(shapes, r"layers\.0\.blocks\.\d+\.sharpen\.fc\.weight"),
    )


def convert(state: State, _config: CraftConfig) -> State:
    """Without the idle position networks and their tables."""
    idle = ("relative_position_index_", "biases_")
    return {
        key: value for key, value in renamed(state, *RULES).items() if ".pos." not in key and not key.startswith(idle)
    }


def traits(config: CraftConfig) -> Traits:
    return Traits(scale=config.scale, halo=32, grid=MULTIPLE, exact_tiles=False, precise=PRECISE)


FAMILIES = (
    Family(
        name="craft",
        recognises=has("layers.0.residual_group.srwa_blocks.0.get_v.weight"),
        read_config=read_config,
        build=Craft,
        traits=traits,
        convert=convert,
    ),
)
