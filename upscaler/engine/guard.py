"""What no picture can be, and what is put in its place.

Several networks answer a checkerboard of single pixels, or strong noise, with values millions of times beyond white,
in float32 as well.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

LIMIT = 3.0
"""Times white (or the brightest input): photographs stay below 1.1, noisy ones below 2.3."""

FEATHER = 16
"""Output pixels over which the replacement passes into the network's own result."""


def limits(x: Tensor) -> Tensor:
    """N: the largest magnitude that is believed for each picture of a batch."""
    return LIMIT * torch.stack([_largest(picture) for picture in x]).clamp(min=1)


def blown(y: Tensor, limit: Tensor) -> Tensor:
    """N, bool: the result is not finite or beyond its limit."""
    # Along an axis this is twenty times slower than picture by picture.
    return torch.stack([~_largest(picture).le(bound) for picture, bound in zip(y, limit, strict=True)])


def _largest(x: Tensor) -> Tensor:
    """The largest magnitude of C,H,W; NaN if there is one."""
    # In the order in which the values lie this is a hundred times as fast as across it.
    low, high = torch.aminmax(x if x.is_contiguous() else x.permute(1, 2, 0))
    return torch.maximum(-low, high)


def surroundings(y: Tensor, limit: Tensor) -> tuple[slice, slice] | None:
    """Rows and columns of a result (1,C,H,W) that ``patch`` has to see: it leaves the others as they are.

    None where nothing is blown up.
    """
    wrong = _wrong(y, limit)[0, 0]
    if not wrong.any():
        return None
    rows, columns = (
        _around(wrong.any(1 - axis).nonzero().flatten().tolist(), length) for axis, length in enumerate(wrong.shape)
    )
    return rows, columns


def _around(places: list[int], length: int) -> slice:
    return slice(max(places[0] - 4 * FEATHER, 0), min(places[-1] + 4 * FEATHER + 1, length))


def _wrong(y: Tensor, limit: Tensor) -> Tensor:
    return ~(y.abs() <= limit).all(1, keepdim=True)


def patch(y: Tensor, plain: Tensor, limit: Tensor) -> Tensor:
    """``y`` with ``plain`` where it is blown up, and smoothly around (1,C,H,W)."""
    wrong = _wrong(y, limit)
    # Along one axis after the other: both pools cost what their window has pixels.
    near = F.max_pool2d(wrong.float(), (4 * FEATHER + 1, 1), 1, (2 * FEATHER, 0))
    near = F.max_pool2d(near, (1, 4 * FEATHER + 1), 1, (0, 2 * FEATHER))
    weight = F.avg_pool2d(near, (2 * FEATHER + 1, 1), 1, (FEATHER, 0), count_include_pad=False)
    weight = F.avg_pool2d(weight, (1, 2 * FEATHER + 1), 1, (0, FEATHER), count_include_pad=False)
    return torch.where(wrong, plain, plain * weight + y.where(~wrong, 0) * (1 - weight))
