"""Bicubic enlarging, in the coordinates of the whole picture, so that tiles fit together exactly."""

import torch
from torch import Tensor

from upscaler.engine.tiles import Tile
from upscaler.networks.run import out_edge

REACH = 2
"""Input pixels on each side that an output pixel depends on."""


def enlarge(x: Tensor, tile: Tile, size: tuple[int, int], scale: float) -> Tensor:
    """N,C,h,w (what the tile reads) -> N,C,H,W (what a network would make of it), Keys' cubic with a = -1/2.

    ``size`` is height and width of the whole picture: beyond its border the edge repeats.  Sums in float32.
    """
    rows = _weights(tile.rows.read_start, tile.rows.read, size[0], scale).to(x.device)
    columns = _weights(tile.columns.read_start, tile.columns.read, size[1], scale).to(x.device)
    return rows @ x.float() @ columns.T


def _weights(start: int, count: int, length: int, scale: float) -> Tensor:
    """Output rows x ``count`` input rows: how much each input row of the tile gives to each of its output rows."""
    first, last = out_edge(start, scale), out_edge(start + count, scale)
    place = (torch.arange(first, last, dtype=torch.float64) + 0.5) / scale - 0.5
    base = place.floor()
    result = torch.zeros(last - first, count, dtype=torch.float64)
    for step in range(-1, 3):
        source = (base + step).clamp(0, length - 1)
        # Rows outside the tile matter only in the halo, which is thrown away.
        local = (source - start).clamp(0, count - 1).long()
        result.scatter_add_(1, local[:, None], _cubic((place - base - step).abs())[:, None])
    # The four weights sum to one but for rounding, and opaque must stay opaque.
    return (result / result.sum(1, keepdim=True)).float()


def _cubic(distance: Tensor) -> Tensor:
    """Keys' kernel: what a sample at this distance (in input pixels) weighs."""
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return torch.where(distance <= 1, near, torch.where(distance < 2, far, torch.zeros_like(far)))
