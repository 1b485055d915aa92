"""Arrays of pixels (H,W or H,W,C; uint8, uint16, float32) <-> what networks take (N,3,H,W in 0..1)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from upscaler.engine.devices import send
from upscaler.engine.native.quantising import quantised
from upscaler.errors import MediaError

Pixels = npt.NDArray[Any]
"""H,W or H,W,C of uint8, uint16 or float32 (0..1)."""

WHITE = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535, np.dtype(np.float32): 1}
"""The value of white (and of opaque) for each type of pixel."""

STRIP = 32768
"""Pixels that are converted at a time: they stay in the processor's cache from step to step."""

BLEED = 8
"""How far, in pixels, colour is carried under transparent ones."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What the channels of a picture mean."""

    colours: int
    """1 (gray) or 3 (RGB)."""

    alpha: bool
    dtype: np.dtype[np.generic]

    @property
    def channels(self) -> int:
        return self.colours + self.alpha


def layout_of(channels: int, dtype: npt.DTypeLike) -> Layout:
    """Raises MediaError for what is neither gray nor RGB, with or without alpha, in a known type."""
    kind = np.dtype(dtype)
    if channels not in (1, 2, 3, 4) or kind not in WHITE:
        raise MediaError(
            f"Pixels with {channels} channels of {kind} cannot be enlarged; gray, gray with alpha, RGB or RGBA "
            "in uint8, uint16 or float32 can."
        )
    return Layout(colours=3 if channels > 2 else 1, alpha=channels % 2 == 0, dtype=kind)


def colour_to_tensor(tiles: list[Pixels], device: torch.device) -> Tensor:
    """Tiles H,W,1 or H,W,3 of one shape -> N,3,H,W float32 in 0..1, channels last; gray becomes R = G = B."""
    batch = torch.from_numpy(np.stack(tiles))
    x = send(batch, device).permute(0, 3, 1, 2).float()
    x = x if batch.dtype == torch.float32 else x / WHITE[tiles[0].dtype]
    return x.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last) if x.shape[1] == 1 else x


def colour_to_pixels(y: Tensor, layout: Layout) -> Tensor:
    """3,H,W in 0..1 -> H,W,1 or H,W,3 in the layout's type; integers are clipped and rounded, floats are kept."""
    planes = quantise(_colours(y, layout), layout.dtype)
    whole = {np.dtype(np.uint8): torch.uint8, np.dtype(np.uint16): torch.uint16}
    return planes.to(whole.get(layout.dtype, torch.float32)).permute(1, 2, 0).contiguous()


def write_colour(y: Tensor, layout: Layout, into: Pixels) -> None:
    """The same on the CPU, written to H,W,1 or H,W,3 (a view of a larger array, perhaps)."""
    if layout.colours == 3 and quantised(y, into):
        return
    lying = y.permute(1, 2, 0)
    if layout.colours == 3 and layout.dtype == np.float32 and lying.stride(2) == 1:
        into[...] = lying.float().numpy()
        return
    rows = max(STRIP // max(y.shape[2], 1), 1)
    for top in range(0, y.shape[1], rows):
        # numpy converts floats to integers, and interleaves planes, twice as fast as torch.
        planes = (
            quantise(_colours(y[:, top : top + rows], layout), layout.dtype).numpy().astype(layout.dtype, copy=False)
        )
        for colour, plane in enumerate(planes):
            into[top : top + rows, :, colour] = plane


def _colours(y: Tensor, layout: Layout) -> Tensor:
    """3,H,W -> as many planes as the layout has colours."""
    if layout.colours == 3:
        return y
    # The mean, written so that R = G = B = v gives exactly v.
    red, green, blue = y
    gray: Tensor = red + ((green - red) + (blue - red)) / 3
    return gray[None]


def quantise(y: Tensor, dtype: np.dtype[np.generic]) -> Tensor:
    """Values in 0..1 -> whole numbers of the type's own range, still as float32; for float pixels as they are."""
    return y.float() if dtype == np.float32 else (y * WHITE[dtype]).round_().clamp_(0, WHITE[dtype])


def bleed(pixels: Pixels) -> Pixels:
    """H,W,2 or H,W,4 with alpha last: colour of visible pixels carried under fully transparent ones nearby.

    What lies under a transparent pixel is arbitrary (often black) and would show as a fringe after enlarging.
    """
    hidden = pixels[..., -1] == 0
    if not hidden.any() or hidden.all():
        return pixels
    values = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)
    colour, weight = values[:-1], values[-1:]
    side = 2 * BLEED + 1

    def around(x: Tensor) -> Tensor:
        return F.avg_pool2d(x[None], side, 1, BLEED, count_include_pad=True)[0]

    near = around(weight)
    spread = (around(colour * weight) / near.clamp(min=1e-12)).permute(1, 2, 0).numpy()
    use = hidden & (near[0].numpy() > 0)
    result = pixels.copy()
    result[use, :-1] = spread[use].round() if pixels.dtype != np.float32 else spread[use]
    return result
