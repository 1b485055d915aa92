"""RRDBNet: ESRGAN's and Real-ESRGAN's network, which most community models for photos are.

Special: dense blocks within residual blocks within one long residual, no norm, no skip of the picture.  Networks for
         scales below 4 see the picture with its pixels folded into channels.
Source:  Wang et al., "ESRGAN", 2018 (arXiv 1809.00219), section 3.1; "Real-ESRGAN", 2021 (arXiv 2107.10833),
         section 3.4.  EfficientSRGAN (NTIRE 2024, KLETech-CEVI) is this network in ESRGAN's second layout.
Reach:   15 pixels a block and 4 or 5 more in theory; the factors 0.2 leave little of it.
"""

import math
import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import conv3x3, entering
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import Rule, count, renamed

HALO = 48
"""With random weights 24 are enough for float32; this is twice as much, for weights that were trained."""

DAMPING = 0.2
"""What a branch is multiplied by before it is added."""


def leaky_relu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


@dataclass(frozen=True, slots=True)
class RrdbNetConfig:
    width: int
    growth: int
    """Channels that each convolution of a dense block adds."""

    blocks: int
    fold: int
    """Pixels along a side that are folded into channels before the first convolution."""

    doublings: int
    """Times that the features are enlarged by two."""

    @property
    def scale(self) -> int:
        return (1 << self.doublings) // self.fold


class DenseBlock(nn.Module):
    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(width, growth)
        self.conv2 = conv3x3(width + growth, growth)
        self.conv3 = conv3x3(width + 2 * growth, growth)
        self.conv4 = conv3x3(width + 3 * growth, growth)
        self.conv5 = conv3x3(width + 4 * growth, width)

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat((seen, leaky_relu(conv(seen))), 1)
        y: Tensor = x + DAMPING * self.conv5(seen)
        return y


class Block(nn.Module):
    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(width, growth)
        self.rdb2 = DenseBlock(width, growth)
        self.rdb3 = DenseBlock(width, growth)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + DAMPING * self.rdb3(self.rdb2(self.rdb1(x)))
        return y


class RrdbNet(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped; H and W are multiples of ``fold``."""

    def __init__(self, config: RrdbNetConfig) -> None:
        super().__init__()
        c = config
        self.fold = c.fold
        self.conv_first = conv3x3(3 * c.fold**2, c.width)
        self.body = nn.Sequential(*(Block(c.width, c.growth) for _ in range(c.blocks)))
        self.conv_body = conv3x3(c.width, c.width)
        self.conv_up = nn.ModuleList(conv3x3(c.width, c.width) for _ in range(c.doublings))
        self.conv_hr = conv3x3(c.width, c.width)
        self.conv_last = conv3x3(c.width, 3)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        shallow = self.conv_first(F.pixel_unshuffle(x, self.fold))
        features = shallow + self.conv_body(self.body(entering(self.body, shallow)))
        features = entering(self.conv_hr, features)
        for conv in self.conv_up:
            features = leaky_relu(conv(F.interpolate(features, scale_factor=2, mode="nearest")))
        y: Tensor = self.conv_last(leaky_relu(self.conv_hr(features)))
        return y


SECOND: tuple[Rule, ...] = (
    (r"^RRDB_trunk\.(\d+)\.RDB(\d)\.", r"body.\1.rdb\2."),
    (r"^trunk_conv\.", "conv_body."),
    (r"^upconv(\d)\.", r"conv_up\1."),
    (r"^HRconv\.", "conv_hr."),
)
"""ESRGAN's second layout (BSRGAN and others) -> Real-ESRGAN's."""

OURS: tuple[Rule, ...] = ((r"^conv_up(\d)\.", lambda found: f"conv_up.{int(found[1]) - 1}."),)


def rules(shapes: Shapes) -> tuple[Rule, ...]:
    """From the layout that these shapes are in to the module's own."""
    if "model.0.weight" not in shapes:
        return (*SECOND, *OURS)
    # ESRGAN's first layout numbers every layer; a doubling takes three numbers, and two convolutions follow the last.
    blocks = 1 + max(int(found[1]) for key in shapes if (found := re.match(r"model\.1\.sub\.(\d+)\.RDB", key)))
    last = max(int(found[1]) for key in shapes if (found := re.match(r"model\.(\d+)\.weight", key)))
    return (
        (r"^model\.0\.", "conv_first."),
        (rf"^model\.1\.sub\.{blocks}\.", "conv_body."),
        (r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
        (rf"^model\.{last - 2}\.", "conv_hr."),
        (rf"^model\.{last}\.", "conv_last."),
        (r"^model\.(\d+)\.", lambda found: f"conv_up.{int(found[1]) // 3 - 1}."),
    )


def read_config(shapes: Shapes) -> RrdbNetConfig:
    shapes = renamed(shapes, *rules(shapes))
    width, colours = shapes["conv_first.weight"][:2]
    config = RrdbNetConfig(
        width=width,
        growth=shapes["body.0.rdb1.conv1.weight"][0],
        blocks=count(shapes, r"body\.\d+\.rdb1\.conv1\.weight"),
        fold=math.isqrt(colours // 3),
        doublings=count(shapes, r"conv_up\.\d+\.weight"),
    )
    if colours != 3 * config.fold**2 or config.scale < 1:
        raise ValueError(f"no scale follows from {colours} input channels and {config.doublings} enlargements")
    return config


def convert(state: State, _config: RrdbNetConfig) -> State:
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    return renamed(state, *rules(shapes))


def recognises(shapes: Shapes) -> bool:
    """Real-ESRGAN's layout, ESRGAN's second one, or its first."""
    return any(
        first in shapes and dense in shapes
        for first, dense in (
            ("conv_first.weight", "body.0.rdb1.conv5.weight"),
            ("conv_first.weight", "RRDB_trunk.0.RDB1.conv5.weight"),
            ("model.0.weight", "model.1.sub.0.RDB1.conv5.0.weight"),
        )
    )


def traits(config: RrdbNetConfig) -> Traits:
    return Traits(
        scale=config.scale,
        halo=HALO * config.fold,
        grid=config.fold,
        multiple=config.fold,
        min_size=config.fold // 2 + 1,
        precise=("conv_first", "conv_last"),
    )


FAMILIES = (
    Family(
        name="rrdbnet",
        recognises=recognises,
        read_config=read_config,
        build=RrdbNet,
        traits=traits,
        convert=convert,
    ),
)
