"""SRVGGNetCompact: a plain stack of convolutions at low resolution; most community models for video and anime.

Special: nothing but 3x3 convolutions and PReLUs; the picture, enlarged by repeating its pixels, is added at the end.
Source:  Wang et al., Real-ESRGAN's "general" and "animevideo" models, 2021 (version 0.2.5 of the program).
Reach:   one pixel for each convolution, one more for a last resize; nothing global, so tiles are exact.
"""

import math
from dataclasses import dataclass

import torch
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


class Resize(nn.Module):
    """Bicubic resize by scale / native, without antialias: half-pixel centres, A = -0.75, edges repeated.

    Every ``native`` pixels give ``scale`` in the same way, so it is one convolution with a kernel for each of them.
    Unlike ``interpolate``, whose places are rounded more the further right they are, it is the same in every tile.
    """

    kernels: Tensor

    def __init__(self, native: int, scale: int) -> None:
        super().__init__()
        self.native, self.scale = native, scale
        place = (torch.arange(scale, dtype=torch.float64, device="cpu") + 0.5) * native / scale - 0.5
        taps = torch.arange(-2, native + 2, dtype=torch.float64, device="cpu")
        weights = keys((place[:, None] - taps).abs())
        kernels = torch.einsum("ay,bx->abyx", weights, weights).flatten(0, 1).float()
        self.register_buffer("kernels", kernels[:, None].repeat(3, 1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (2, 2, 2, 2), mode="replicate")
        return F.pixel_shuffle(F.conv2d(padded, self.kernels, stride=self.native, groups=3), self.scale)


def keys(distance: Tensor, a: float = -0.75) -> Tensor:
    """The cubic convolution kernel (Keys, 1981), 0 from a distance of 2 on."""
    d = distance
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    return torch.where(d < 1, near, torch.where(d < 2, far, 0.0))


class Srvgg(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: SrvggConfig) -> None:
        super().__init__()
        self.native = config.native
        layers: list[nn.Module] = [conv3x3(3, config.width), Prelu(config.width)]
        for _ in range(config.depth):
            layers += [conv3x3(config.width, config.width), Prelu(config.width)]
        self.body = nn.ModuleList([*layers, conv3x3(config.width, 3 * config.native**2)])
        self.resize = Resize(config.native, config.scale) if config.scale != config.native else nn.Identity()

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        first, *inner, last = self.body
        features = entering(self.body[2], first(x)) if inner else first(x)
        for layer in inner:
            features = layer(features)
        y: Tensor = F.pixel_shuffle(last(features), self.native)
        result: Tensor = self.resize(y + F.interpolate(x, scale_factor=self.native, mode="nearest"))
        return result


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
        precise=("body.0", f"body.{2 * config.depth + 2}", "resize"),
    )


FAMILIES = (
    Family(name="srvgg", recognises=recognises, read_config=read_config, build=Srvgg, traits=traits, convert=convert),
)
