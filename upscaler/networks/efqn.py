"""EFQN: QuickSRNet, made for phones that compute in whole numbers.

Special: plain convolutions and nothing else; every activation, and the output, is clamped to 0..1, so it never breaks.
Source:  Berger et al., "QuickSRNet: Plain Single-Image Super-Resolution Architecture for Faster Inference on Mobile
         Platforms", 2023 (arXiv 2303.04336); NTIRE 2024 report, team FireWork.
Reach:   one pixel for each of the 13 convolutions of 3x3; nothing global, so tiles are exact.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import conv1x1, conv3x3
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.layout import Sizes, count, shuffle_scale

COPIES = 4
"""So often does the first convolution get the picture, with weights of its own for each."""


class Anchor(nn.Module):
    """The picture on the way around the body: at first each colour's copies, and trained from there."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.net = conv1x1(3, 3 * scale**2)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.net(x)
        return result


class Efqn(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale in 0..1."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv3x3(3 * COPIES, config.width), nn.Hardtanh(0, 1)]
        for _ in range(config.depth - 1):
            layers += [conv3x3(config.width, config.width), nn.Hardtanh(0, 1)]
        self.cnn = nn.Sequential(*layers)
        self.conv_last = conv3x3(config.width, 3 * config.scale**2)
        self.anchor = Anchor(config.scale)
        self.scale = config.scale

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        deep = self.cnn(x.repeat(1, COPIES, 1, 1))
        return F.pixel_shuffle((self.conv_last(deep) + self.anchor(x)).clamp(0, 1), self.scale)


def read_config(shapes: Shapes) -> Sizes:
    return Sizes(
        scale=shuffle_scale(shapes, "conv_last"),
        width=shapes["cnn.0.weight"][0],
        depth=count(shapes, r"cnn\.\d+\.weight"),
    )


FAMILIES = (
    Family(
        name="efqn",
        recognises=has("cnn.22.weight", "conv_last.weight", "anchor.net.weight"),
        read_config=read_config,
        build=Efqn,
        traits=lambda config: Traits(
            scale=config.scale, halo=config.depth + 1, precise=("cnn.0", "conv_last", "anchor")
        ),
    ),
)
