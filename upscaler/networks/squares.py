"""Channels that attend to channels, within large squares that cover the picture.

What was trained on small crops is applied to squares of their size; where these overlap, results are averaged
(test-time local converter, Chu et al., "Improving Image Restoration by Revisiting Global Information Aggregation", 2022).
"""

from collections.abc import Callable
from itertools import product

import torch.nn.functional as F
from torch import Tensor

from upscaler.networks.blocks import Activation


def squares(length: int, side: int) -> list[slice]:
    """Where the squares lie along an axis: as few as cover it, evenly apart but for the last, which ends with it."""
    count, side = -(-length // side), min(side, length)
    step = -(-(length - side) // max(count - 1, 1))
    starts = [*range(0, length - side, step), length - side] if step else [0]
    return [slice(start, start + side) for start in starts]


def averaged_over_squares(x: Tensor, side: int, change: Callable[[Tensor], Tensor]) -> Tensor:
    """N,C,H,W -> N,D,H,W: what ``change`` makes of each square, averaged where they overlap."""
    total: Tensor | None = None
    times = x.new_zeros(x.shape[2:])
    for rows, columns in product(squares(x.shape[2], side), squares(x.shape[3], side)):
        result = change(x[:, :, rows, columns])
        if total is None:
            total = result.new_zeros((*result.shape[:2], *x.shape[2:]))
        total[:, :, rows, columns] += result
        times[rows, columns] += 1
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
