"""Where tiles lie in the whole picture, and resizes that do not notice that they see only a tile.

A *window* is one int64 tensor for a batch of tiles: N,4 with rows (top, left, image_height, image_width), in input
pixels.  It is a tensor, not an object, so that compiled and exported networks take it as one more input.  ``None``
means that every picture of the batch is whole.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Window:
    """Where one tile's input lies in the whole picture, in input pixels."""

    top: int
    left: int
    image_height: int
    image_width: int


def stack(windows: list[Window]) -> Tensor:
    """The windows of a batch of tiles as the tensor that networks take."""
    return torch.tensor([(w.top, w.left, w.image_height, w.image_width) for w in windows], dtype=torch.int64)


def resize_map(
    cells: Tensor,
    size: tuple[int, int],
    window: Tensor | None,
    count: Callable[[Tensor], Tensor],
    stride: int,
) -> Tensor:
    """Bilinear resize (half-pixel centres) of a low-resolution map to the pixels it was pooled from.

    In a tile, pixel and cell coordinates are those of the whole picture, so the result equals that part of the whole
    picture's resize wherever the tile holds the cells that are read.

    Args:
        cells: N,C,h,w, the map; cell 0 of a tile is the picture's cell ``top / stride``.
        size: (H, W) of the result.
        window: of the batch, or None for whole pictures; ``top`` and ``left`` are multiples of ``stride``.
        count: how many cells the whole picture has along an axis of the given lengths (int64 tensor in and out).
        stride: input pixels per cell.
    """
    if window is None:
        return F.interpolate(cells, size, mode="bilinear", align_corners=False)
    rows = _weights(window[:, 0], window[:, 2], size[0], cells.shape[2], count, stride)
    columns = _weights(window[:, 1], window[:, 3], size[1], cells.shape[3], count, stride)
    rows, columns = rows.to(cells.dtype), columns.to(cells.dtype)
    return rows[:, None] @ cells @ columns[:, None].transpose(-1, -2)


def _weights(
    start: Tensor, length: Tensor, pixels: int, cells: int, count: Callable[[Tensor], Tensor], stride: int
) -> Tensor:
    """N,pixels,cells: how much each cell of the tile gives to each of its pixels."""
    total = count(length)[:, None].double()
    pixel = torch.arange(pixels, device=start.device) + start[:, None]
    place = ((pixel + 0.5) * (total / length[:, None]) - 0.5).clamp(min=0).minimum(total - 1)
    local = (place - (start // stride)[:, None]).clamp(0, cells - 1)
    # Linear interpolation weighs a cell by 1 - distance: the triangle around each cell's centre.
    return (1 - (local[:, :, None] - torch.arange(cells, device=start.device)).abs()).clamp(min=0)
