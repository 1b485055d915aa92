"""SPAN-F and ESPAN: SPAN's blocks with other ends.

Special: SPAN-F has no stem, its first block sees the picture itself, and the picture, each colour repeated for
         every sub-pixel, goes around the body.  ESPAN has a 9x9 stem and a shorter last block.
Source:  SPAN: arXiv 2311.12770; NTIRE 2025 report (arXiv 2504.10686); code: Amazingren/NTIRE2025_ESR.
Reach:   one pixel for each 3x3 convolution and four for the stem (16 and 23); nothing global, so tiles are exact.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Conv, PixelShuffleHead, conv1x1, conv3x3, entering
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import NUMBERED_BLOCKS, Rule, Sizes, count, renamed, shuffle_scale
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


class SpanF(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        copies = 3 * config.scale**2
        self.conv_near = Conv(3, copies, 3, groups=3, bias=False)
        self.opening = OpeningBlock(config.width)
        self.blocks = nn.ModuleList(SpanBlock(config.width) for _ in range(config.depth))
        self.conv_cat = conv1x1(copies + 2 * config.width, config.width)
        self.upsampler = PixelShuffleHead(config.width, config.scale)

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


SPAN_F: tuple[Rule, ...] = (
    (r"\.eval_conv\.", "."),
    (r"^conv_2\.", "upsampler.0."),
    (r"^block_1\.", "opening."),
    (r"^block_(\d+)\.", lambda found: f"blocks.{int(found[1]) - 2}."),
)
ESPAN: tuple[Rule, ...] = (
    (r"\.eval_conv\.", "."),
    (r"^tea_", ""),
    (r"^teacher_block_seq\.", "last."),
    NUMBERED_BLOCKS,
)


def read_config(shapes: Shapes) -> Sizes:
    """From keys in our layout."""
    return Sizes(
        scale=shuffle_scale(shapes, "upsampler.0"),
        width=shapes["conv_cat.weight"][0],
        depth=count(shapes, r"blocks\.\d+\.c1_r\.weight"),
    )


FAMILIES = (
    Family(
        name="span-f",
        recognises=has("conv_near.weight", "block_5.c3_r.eval_conv.weight", "conv_2.eval_conv.weight"),
        read_config=lambda shapes: read_config(renamed(shapes, *SPAN_F)),
        build=SpanF,
        # The concatenation holds the picture itself, of which half precision would leave eight bits.
        traits=lambda config: Traits(
            scale=config.scale, halo=16, precise=("opening.c1_r", "conv_near", "conv_cat", "upsampler")
        ),
        convert=lambda state, _config: renamed(state, *SPAN_F),
    ),
    Family(
        name="espan",
        recognises=has("tea_conv_cat.weight", "teacher_block_seq.c2_r.eval_conv.weight"),
        read_config=lambda shapes: read_config(renamed(shapes, *ESPAN)),
        build=Espan,
        traits=lambda config: Traits(scale=config.scale, halo=23, precise=("conv_1", "upsampler")),
        convert=lambda state, _config: renamed(state, *ESPAN),
    ),
)
