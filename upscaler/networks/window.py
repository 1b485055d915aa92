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
    rows, columns = (
        _weights(start, length, pixels, held, count(length), start // stride)
        for start, length, pixels, held in _axes(window, size, cells)
    )
    return _between(rows, cells, columns)


def through_cells(
    x: Tensor, side: int, window: Tensor | None, change: Callable[[Tensor], Tensor], *, smooth: bool = False
) -> Tensor:
    """What ``change`` makes of the maxima of N,C,H,W in the whole picture's cells, resized to H,W.

    Args:
        x: the features.
        side: pixels per cell, as in ``pool_maxima``.
        window: of the batch, or None for whole pictures.
        change: N,C,h,w -> N,D,h,w; its convolutions, if any, pad with zeros.
        smooth: resize bilinearly rather than to the nearest cell.
    """
    return spread_cells(change(pool_maxima(x, side, window)), (x.shape[2], x.shape[3]), window, side, smooth=smooth)


def pool_maxima(x: Tensor, side: int, window: Tensor | None) -> Tensor:
    """Maxima over cells that divide the whole picture evenly, ``length // side`` (at least one) along each axis.

    Cells overlap where the axis is no multiple of their number, as in adaptive pooling.  A tile yields the picture's
    cells from that of its first pixel on, those beyond the picture as 0, as the padding of a convolution has them.

    Args:
        x: N,C,H,W.
        side: pixels per cell, at least.
        window: of the batch, or None for whole pictures.
    """
    if window is None:
        return F.adaptive_max_pool2d(x, [max(length // side, 1) for length in x.shape[2:]])
    for start, length in ((window[:, 0], window[:, 2]), (window[:, 1], window[:, 3])):
        # Each axis in its turn is the second to last.
        x = _pool_axis(x, side, start[:, None], length[:, None]).transpose(2, 3)
    return x


def _pool_axis(x: Tensor, side: int, start: Tensor, length: Tensor) -> Tensor:
    count = pooled_cells(length, side)
    cell = start * count // length + torch.arange(x.shape[2] // side + 2, device=x.device)
    # A cell is ``side`` long or longer (in shorter pictures the whole axis), but not twice: two runs of that length do.
    run = min(side, x.shape[2])
    maxima = F.max_pool2d(x, (run, 1), 1)
    first = cell * length // count - start
    last = (cell * length + length + count - 1) // count - start - run
    ends = [place.clamp(0, maxima.shape[2] - 1)[:, None, :, None] for place in (first, last)]
    cells = torch.maximum(*(torch.take_along_dim(maxima, place, 2) for place in ends))
    return cells.masked_fill((cell >= count)[:, None, :, None], 0)


def spread_cells(cells: Tensor, size: tuple[int, int], window: Tensor | None, side: int, *, smooth: bool) -> Tensor:
    """Resize of ``pool_maxima``'s cells back to pixels: bilinear with half-pixel centres (``smooth``), or nearest."""
    if window is None:
        return F.interpolate(cells, size, mode="bilinear") if smooth else F.interpolate(cells, size, mode="nearest")
    rows, columns = (
        (_weights if smooth else _nearest)(
            start, length, pixels, held, pooled_cells(length, side), start * pooled_cells(length, side) // length
        )
        for start, length, pixels, held in _axes(window, size, cells)
    )
    return _between(rows, cells, columns)


def pooled_cells(length: Tensor, side: int) -> Tensor:
    """Cells of ``pool_maxima`` along axes of these lengths."""
    return (length // side).clamp(min=1)


def _axes(window: Tensor, size: tuple[int, int], cells: Tensor) -> tuple[tuple[Tensor, Tensor, int, int], ...]:
    """Per axis: the tile's start, the picture's length (both N), the tile's pixels, the cells that it holds."""
    return (
        (window[:, 0], window[:, 2], size[0], cells.shape[2]),
        (window[:, 1], window[:, 3], size[1], cells.shape[3]),
    )


def _between(rows: Tensor, cells: Tensor, columns: Tensor) -> Tensor:
    rows, columns = rows.to(cells.dtype), columns.to(cells.dtype)
    return rows[:, None] @ cells @ columns[:, None].transpose(-1, -2)


def _weights(start: Tensor, length: Tensor, pixels: int, cells: int, total: Tensor, first: Tensor) -> Tensor:
    """N,pixels,cells: how much each cell of the tile (the picture's ``first`` and following) gives to each pixel."""
    total, length = total[:, None], length[:, None]
    pixel = torch.arange(pixels, device=start.device) + start[:, None]
    # (pixel + 0.5) * total / length - 0.5 in whole numbers: exact for any picture, and some devices have no float64.
    place = ((2 * pixel + 1) * total - length).clamp(min=0).minimum(2 * length * (total - 1))
    local = (place // (2 * length) - first[:, None]) + (place % (2 * length)).float() / (2 * length)
    local = local.clamp(0, cells - 1)
    # Linear interpolation weighs a cell by 1 - distance: the triangle around each cell's centre.
    return (1 - (local[:, :, None] - torch.arange(cells, device=start.device)).abs()).clamp(min=0)


def _nearest(start: Tensor, length: Tensor, pixels: int, cells: int, total: Tensor, first: Tensor) -> Tensor:
    """The same for a resize that takes the nearest cell."""
    pixel = torch.arange(pixels, device=start.device) + start[:, None]
    # torch rounds the ratio and the product to float32; now and then that decides.
    place = (pixel.float() * (total.float() / length.float())[:, None]).long()
    local = (place.minimum(total[:, None] - 1) - first[:, None]).clamp(0, cells - 1)
    return (local[:, :, None] == torch.arange(cells, device=start.device)).float()
