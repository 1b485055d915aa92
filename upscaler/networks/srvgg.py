"""SRVGGNetCompact: a plain stack of convolutions at low resolution; most community models for video and anime.

Special: nothing but 3x3 convolutions and PReLUs; the picture, enlarged by repeating its pixels, is added at the end.
Source:  Wang et al., Real-ESRGAN's "general" and "animevideo" models, 2021 (version 0.2.5 of the program).
Reach:   one pixel for each convolution, one more for a last resize; nothing global, so tiles are exact.
"""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import conv3x3, entering
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import count

RESIZED = "resized_to"
"""Key of a tensor as long as the final scale, in state dicts read from graphs that end with a resize."""


@dataclass(frozen=True, slots=True)
class SrvggConfig:
    native: int
    """The scale that the layers give."""

    scale: int
    """The scale after the bicubic resize that some published graphs end with; mostly the native one."""

    width: int
    depth: int
    """Convolutions between the first and the last."""


class Prelu(nn.PReLU):
    """In the type of what comes in."""

    def forward(self, x: Tensor) -> Tensor:
        return F.prelu(x, self.weight.to(x.dtype))


class Srvgg(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: SrvggConfig) -> None:
        super().__init__()
        self.native, self.scale = config.native, config.scale
        layers: list[nn.Module] = [conv3x3(3, config.width), Prelu(config.width)]
        for _ in range(config.depth):
            layers += [conv3x3(config.width, config.width), Prelu(config.width)]
        self.body = nn.ModuleList([*layers, conv3x3(config.width, 3 * config.native**2)])

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        first, *inner, last = self.body
        features = entering(self.body[2], first(x)) if inner else first(x)
        for layer in inner:
            features = layer(features)
        y: Tensor = F.pixel_shuffle(last(features), self.native)
        y = y + F.interpolate(x, scale_factor=self.native, mode="nearest")
        if self.scale == self.native:
            return y
        return F.interpolate(y, (x.shape[2] * self.scale, x.shape[3] * self.scale), mode="bicubic")


def read_config(shapes: Shapes) -> SrvggConfig:
    last = 2 * count(shapes, r"body\.\d+\.bias") - 2
    native = math.isqrt(shapes[f"body.{last}.weight"][0] // 3)
    return SrvggConfig(
        native=native,
        scale=shapes.get(RESIZED, (native,))[0],
        width=shapes["body.0.weight"][0],
        depth=last // 2 - 1,
    )


def convert(state: State, _config: SrvggConfig) -> State:
    return {key: value for key, value in state.items() if key != RESIZED}


def recognises(shapes: Shapes) -> bool:
    """A list of convolutions and slopes, and nothing else."""
    return (
        len(shapes.get("body.0.weight", ())) == 4
        and len(shapes.get("body.1.weight", ())) == 1
        and count(shapes, r"body\.\d+\.(weight|bias)") == len(shapes.keys() - {RESIZED})
    )


def traits(config: SrvggConfig) -> Traits:
    return Traits(
        scale=config.scale,
        halo=config.depth + 2 + (config.scale != config.native),
        precise=("body.0", f"body.{2 * config.depth + 2}"),
    )


FAMILIES = (
    Family(name="srvgg", recognises=recognises, read_config=read_config, build=Srvgg, traits=traits, convert=convert),
)
