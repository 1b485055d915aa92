"""SPAN-F, ESPAN and DSCF-Fused: SPAN's blocks with other ends.

Special: SPAN-F has no stem, its first block sees the picture itself, and the picture, each colour repeated for
         every sub-pixel, goes around the body; PDS and PKDSR are SPAN-F with a thinner tail.  ESPAN has a 9x9 stem and
         a shorter last block.  In DSCF-Fused (SPAN of 26 channels) two pairs of layers are multiplied out, the first
         of them not exactly so at the picture's border.
Source:  SPAN: arXiv 2311.12770; NTIRE 2025 report (arXiv 2504.10686); NTIRE 2026 report (arXiv 2604.03198), teams 01,
         15 and 16.
Reach:   one pixel for each 3x3 convolution and four for ESPAN's stem (16, 23 and 21); tiles are exact.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Conv, PixelShuffleHead, conv1x1, conv3x3, entering, mean_colour
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, chain, count, renamed, shuffle_scale
from upscaler.networks.span import SpanBlock, attended


class OpeningBlock(nn.Module):
    """SPAN's block on the picture: nothing to add, nothing to gate."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r = conv3x3(3, width)
        self.c2_r = conv3x3(width, width)
        self.c3_r = conv3x3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.c3_r(F.silu(self.c2_r(F.silu(self.c1_r(x)))))
        return result


@dataclass(frozen=True, slots=True)
class SpanFConfig:
    scale: int
    width: int
    gathered: int
    """Channels after the concatenation."""

    depth: int
    """Blocks after the first."""


class SpanF(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: SpanFConfig) -> None:
        super().__init__()
        copies = 3 * config.scale**2
        self.conv_near = Conv(3, copies, 3, groups=3, bias=False)
        self.opening = OpeningBlock(config.width)
        self.blocks = nn.ModuleList(SpanBlock(config.width) for _ in range(config.depth))
        self.conv_cat = conv1x1(copies + 2 * config.width, config.gathered)
        self.upsampler = PixelShuffleHead(config.gathered, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        near = deep = self.opening(x)
        for block in self.blocks:
            deep, _ = block(deep)
        y: Tensor = self.upsampler(self.conv_cat(torch.cat((self.conv_near(x), deep, near), 1)))
        return y


class ShortBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.c1_r = conv3x3(width, width)
        self.c2_r = conv3x3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return attended(self.c2_r(F.silu(self.c1_r(x))), x)


class Espan(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.conv_1 = Conv(3, config.width, 9)
        self.blocks = nn.ModuleList(SpanBlock(config.width) for _ in range(config.depth))
        self.last = ShortBlock(config.width)
        self.conv_2 = conv3x3(config.width, config.width)
        self.conv_cat = conv1x1(4 * config.width, config.width)
        self.upsampler = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        shallow = entering(self.blocks, self.conv_1(x))
        first, *others = self.blocks
        near, _ = first(shallow)
        deep = near
        for block in others:
            deep, _ = block(deep)
        deep = self.last(deep)
        y: Tensor = self.upsampler(self.conv_cat(torch.cat((shallow, self.conv_2(deep), near, deep), 1)))
        return y


class FirstBlock(nn.Module):
    """DSCF-Fused's: its first convolution is a 5x5 of the picture, merged with the stem."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fused = Conv(3, width, 5)
        self.c2_r = conv3x3(width, width)
        self.c3_r = conv3x3(width, width)

    def forward(self, picture: Tensor, x: Tensor) -> Tensor:
        return attended(self.c3_r(F.silu(self.c2_r(F.silu(self.fused(picture))))), x)


class DscfFused(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        width = config.width
        self.conv_1 = conv3x3(3, width)
        self.opening = FirstBlock(width)
        self.blocks = nn.ModuleList(SpanBlock(width) for _ in range(config.depth))
        self.conv_2 = conv3x3(width, width, bias=False)
        self.conv_cat = conv1x1(3 * width, width)
        self.upsampler = PixelShuffleHead(width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        x = (x - mean_colour(x.device)) * 255
        shallow = entering(self.blocks, self.conv_1(x))
        near = deep = inner = self.opening(x, shallow)
        for block in self.blocks:
            deep, inner = block(deep)
        y: Tensor = self.upsampler(self.conv_cat(torch.cat((shallow, near, inner), 1)) + self.conv_2(deep))
        return y


SPAN_F: tuple[Rule, ...] = (
    (r"\.eval_conv\.", "."),
    (r"^conv_cat_1\.", "conv_cat."),
    (r"^conv_2(?:_1)?\.", "upsampler.0."),
    (r"^block_1\.", "opening."),
    (r"^block_(\d+)\.", lambda found: f"blocks.{int(found[1]) - 2}."),
)
ESPAN: tuple[Rule, ...] = (
    (r"\.eval_conv\.", "."),
    (r"^tea_", ""),
    (r"^teacher_block_seq\.", "last."),
    NUMBERED_BLOCKS,
)


DSCF_FUSED: tuple[Rule, ...] = (
    (r"\.eval_conv\.", "."),
    (r"^conv_fused\.", "opening.fused."),
    (r"^conv2_fused\.", "conv_2."),
    (r"^conv_cat_other\.", "conv_cat."),
    (r"^block_1\.", "opening."),
    (r"^block_(\d+)\.", lambda found: f"blocks.{int(found[1]) - 2}."),
)


def read_span_f(shapes: Shapes) -> SpanFConfig:
    own = renamed(shapes, *SPAN_F)
    return SpanFConfig(
        scale=shuffle_scale(own, "upsampler.0"),
        width=own["opening.c1_r.weight"][0],
        gathered=own["conv_cat.weight"][0],
        depth=count(own, r"blocks\.\d+\.c1_r\.weight"),
    )


def recognises_span_f(shapes: Shapes) -> bool:
    own = renamed(shapes, *SPAN_F)
    return has("conv_near.weight", "blocks.3.c3_r.weight", "conv_cat.weight", "upsampler.0.weight")(own)


FAMILIES = (
    Family(
        name="span-f",
        recognises=recognises_span_f,
        read_config=read_span_f,
        build=SpanF,
        # The concatenation holds the picture itself, of which half precision would leave eight bits.
        traits=lambda config: Traits(
            scale=config.scale, halo=16, precise=("opening.c1_r", "conv_near", "conv_cat", "upsampler")
        ),
        convert=lambda state, _config: renamed(state, *SPAN_F),
    ),
    chain(
        "espan",
        has("tea_conv_cat.weight", "teacher_block_seq.c2_r.eval_conv.weight"),
        Espan,
        lambda config: Traits(scale=config.scale, halo=23, precise=("conv_1", "upsampler")),
        *ESPAN,
    ),
    chain(
        "dscf-fused",
        has("conv_fused.weight", "conv_cat_other.weight"),
        DscfFused,
        lambda config: Traits(scale=config.scale, halo=21, precise=("conv_1", "opening.fused", "upsampler")),
        *DSCF_FUSED,
    ),
)
