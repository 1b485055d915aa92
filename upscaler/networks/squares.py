"""Channels that attend to channels, within large squares that cover the picture.

What was trained on small crops is applied to squares of their size; where these overlap, results are averaged (the
test-time local converter of Chu et al., "Improving Image Restoration by Revisiting Global Information Aggregation").
"""

from collections.abc import Callable
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from upscaler.networks.blocks import Activation


def squares(side: int, length: int, start: int, held: int) -> list[slice]:
    """Where the squares lie along an axis: as few as cover it, evenly apart but for the last, which ends with it.

    Of the picture's ``length`` a tile holds ``held`` pixels from ``start``; squares that it holds in part are cut.
    """
    count, side = -(-length // side), min(side, length)
    step = -(-(length - side) // max(count - 1, 1))
    starts = [*range(0, length - side, step), length - side] if step else [0]
    cut = [(max(place - start, 0), min(place + side - start, held)) for place in starts]
    return [slice(low, high) for low, high in cut if low < high]


def averaged_over_squares(
    x: Tensor, side: int, change: Callable[[Tensor], Tensor], window: Tensor | None = None
) -> Tensor:
    """N,C,H,W -> N,D,H,W: what ``change`` makes of each square of the whole picture, averaged where they overlap."""
    if torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]  # torch does not type it
        raise RuntimeError("A trace would freeze where the squares lie, which follows from the picture's size.")
    height, width = x.shape[2:]
    if window is None:
        return _averaged(x, squares(side, height, 0, height), squares(side, width, 0, width), change)
    return torch.cat(
        [
            _averaged(tile[None], squares(side, rows, top, height), squares(side, columns, left, width), change)
            for tile, (top, left, rows, columns) in zip(x, window.tolist(), strict=True)
        ]
    )


def _averaged(x: Tensor, rows: list[slice], columns: list[slice], change: Callable[[Tensor], Tensor]) -> Tensor:
    total: Tensor | None = None
    times = x.new_zeros(x.shape[2:])
    for square in product(rows, columns):
        result = change(x[:, :, *square])
        if total is None:
            total = result.new_zeros((*result.shape[:2], *x.shape[2:]))
        total[:, :, *square] += result
        times[square] += 1
    assert total is not None
    return total / times


def channel_attention(query: Tensor, key: Tensor, value: Tensor, temperature: Tensor, weigh: Activation) -> Tensor:
    """Each channel as a vector over the pixels, mixed by how alike its query is to the other channels' keys.

    Args:
        query: N,C,H,W, made a unit vector over the pixels; in float32, as all that is summed over them.
        key: the same.
        value: the same, but taken as it is.
        temperature: heads,1,1; each head has its share of the channels.
        weigh: from products of queries and keys (last axis: keys) to weights.
    """
    parts = [t.reshape(len(t), len(temperature), -1, t.shape[2] * t.shape[3]).float() for t in (query, key, value)]
    likeness = F.normalize(parts[0], dim=3) @ F.normalize(parts[1], dim=3).transpose(2, 3)
    return (weigh(likeness * temperature) @ parts[2]).view_as(value).to(value.dtype)
