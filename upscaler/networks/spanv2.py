"""SPANV2: SPAN with a gate that is learnt.

Special: a block's result is gated by a 1x1 convolution of itself, without a sigmoid; a grouped convolution of the
         picture goes around the body to the head.  The published CUDA operator is that gate and nothing else.
Source:  NTIRE 2026 report (arXiv 2604.03198), team XiaomiMM.
Reach:   16 pixels; nothing global, so tiles are exact.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Conv, conv1x1, conv3x3, depthwise, entering
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import Rule, Sizes, count, renamed, shuffle_scale

RULES: tuple[Rule, ...] = (
    (r"\.(c[123])\.conv\.", r".\1."),
    (r"\.guidance_map_conv\.", ".gate."),
    (r"^block_1\.", "opening."),
    (r"^block_(\d+)\.", lambda found: f"blocks.{int(found[1]) - 2}."),
)


class Convolutions(nn.Module):
    """Three of them, activated between."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.c1 = conv3x3(inputs, width, bias=False)
        self.c2 = conv3x3(width, width, bias=False)
        self.c3 = conv3x3(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.c3(F.relu(self.c2(F.relu(self.c1(x)))))
        return h


class Block(Convolutions):
    def __init__(self, width: int) -> None:
        super().__init__(width, width)
        self.gate = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = super().forward(x)
        result: Tensor = (x + h) * self.gate(h)
        return result


class SpanV2(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        copies = 3 * config.scale**2
        self.conv_near = Conv(3, copies, groups=3, bias=False)
        self.opening = Convolutions(3, config.width)
        self.blocks = nn.ModuleList(Block(config.width) for _ in range(config.depth))
        self.depthwise_conv = depthwise(copies + config.width, bias=False)
        self.pointwise_conv = conv1x1(copies + config.width, copies, bias=False)
        self.shuffle = nn.PixelShuffle(config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        deep = entering(self.blocks, F.relu(self.opening(x)))
        for block in self.blocks:
            deep = block(deep)
        gathered = self.depthwise_conv(torch.cat((self.conv_near(x), deep), 1))
        y: Tensor = self.shuffle(self.pointwise_conv(gathered))
        return y


def read_config(shapes: Shapes) -> Sizes:
    own = renamed(shapes, *RULES)
    return Sizes(
        scale=shuffle_scale(own, "pointwise_conv"),
        width=own["opening.c1.weight"][0],
        depth=count(own, r"blocks\.\d+\.c1\.weight"),
    )


FAMILIES = (
    Family(
        name="spanv2",
        recognises=has("block_5.guidance_map_conv.weight", "conv_near.weight", "pointwise_conv.weight"),
        read_config=read_config,
        build=SpanV2,
        traits=lambda config: Traits(
            scale=config.scale,
            halo=16,
            precise=("opening.c1", "conv_near", "depthwise_conv", "pointwise_conv"),
        ),
        convert=lambda state, _: renamed(state, *RULES),
    ),
)
