"""Bicubic enlarging, in the coordinates of the whole picture, so that tiles fit together exactly."""

import torch
from torch import Tensor

from upscaler.engine.tiles import Span, Tile
from upscaler.networks.run import out_edge

WHOLE = slice(0, None)


def enlarge(
    x: Tensor, tile: Tile, size: tuple[int, int], scale: float, part: tuple[slice, slice] = (WHOLE, WHOLE)
) -> Tensor:
    """N,C,h,w (what the tile reads) -> N,C,H,W (what a network would make of it), Keys' cubic with a = -1/2.

    ``size`` is height and width of the whole picture: beyond its border the edge repeats.  ``part``: which rows
    and columns of the result are asked for.  Sums in float32.
    """
    rows = _resample(x.float(), 2, tile.rows, size[0], scale, part[0])
    return _resample(rows, 3, tile.columns, size[1], scale, part[1])


def _resample(x: Tensor, axis: int, span: Span, length: int, scale: float, part: slice) -> Tensor:
    first, last = out_edge(span.read_start, scale), out_edge(span.read_stop, scale)
    place = (torch.arange(first, last, dtype=torch.float64)[part] + 0.5) / scale - 0.5
    base = place.floor()
    taps = [(base + step).clamp(0, length - 1) for step in range(-1, 3)]
    weights = torch.stack([_cubic((place - base - step).abs()) for step in range(-1, 3)])
    shape = [-1 if i == axis else 1 for i in range(4)]
    parts = []
    for tap, weight in zip(taps, weights.float().to(x.device), strict=True):
        # Pixels outside what the tile reads matter only in the halo, which is thrown away.
        local = (tap - span.read_start).clamp(0, span.read - 1).long().to(x.device)
        parts.append(x.index_select(axis, local) * weight.view(shape))
    total: Tensor = parts[0] + parts[3] + (parts[1] + parts[2])
    return total


def _cubic(distance: Tensor) -> Tensor:
    """Keys' kernel: what a sample at this distance (in input pixels) weighs."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(far)))
