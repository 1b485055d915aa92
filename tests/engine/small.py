"""Real networks of a few hundred weights, and ways for them to fail."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.models.model import Model
from upscaler.networks.blocks import GlobalDeviation, GlobalMean, conv3x3
from upscaler.networks.family import Traits


@dataclass
class Trouble:
    """What befalls a network: asked at every call with the call's number (from 0), the input and the result."""

    on_call: Callable[[int, Tensor, Tensor], Tensor]
    calls: int = 0
    pixels: list[int] = field(default_factory=list)

    def __deepcopy__(self, memo: object) -> "Trouble":
        return self  # the engine copies networks; the calls of all copies are counted together

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        self.calls += 1
        self.pixels.append(x.shape[0] * x.shape[2] * x.shape[3])
        return self.on_call(self.calls - 1, x, y)


class Small(nn.Module):
    """Three convolutions and a pixel shuffle on top of the repeated picture; reach 3."""

    def __init__(self, scale: int, trouble: Trouble | None = None, statistics: bool = False) -> None:
        super().__init__()
        self.scale = scale
        self.first, self.second = conv3x3(3, 8), conv3x3(8, 8)
        self.last = conv3x3(8, 3 * scale**2)
        self.mean = GlobalMean() if statistics else None
        self.deviation = GlobalDeviation() if statistics else None
        self.trouble = trouble

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        h = F.silu(self.first(x))
        if self.mean is not None:
            h = h * (1 + self.mean(h))
        h = F.silu(self.second(h))
        if self.deviation is not None:
            mean, variance = self.deviation(h)
            h = (h - mean) / (variance + 0.1).sqrt()
        y = F.interpolate(x, scale_factor=self.scale, mode="nearest") + F.pixel_shuffle(self.last(h), self.scale) / 4
        return self.trouble(x, y) if self.trouble is not None and x.device.type != "meta" else y


def small(
    scale: int = 2,
    on_call: Callable[[int, Tensor, Tensor], Tensor] | None = None,
    *,
    statistics: bool = False,
    exact_tiles: bool = True,
    traced: bool = False,
) -> tuple[Model, Trouble]:
    """A model with fixed weights, and the record of its calls: the first is the engine's, which measures its memory."""
    torch.manual_seed(7)
    trouble = Trouble(on_call or (lambda call, x, y: y))
    # What is traced must not look at values.
    network = Small(scale, None if traced else trouble, statistics).eval().requires_grad_(False)
    traits = Traits(scale=scale, halo=3, global_statistics=statistics, exact_tiles=exact_tiles)
    return Model("small", "small", network, traits, "0" * 64), trouble
