"""Pictures brought to an exact size: antialiased cubic (a = -0.5), whole or by rows with the same result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, floor

import numpy as np

from upscaler.media.picture import Pixels

_SUPPORT = 2  # of the cubic kernel, in output pixels where the picture is reduced
_BAND = 256  # output rows


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """H,W,C -> ``height``,``width``,C in the same type; computed in float32, rounded and clipped once, at the end."""
    if pixels.shape[:2] == (height, width):
        return pixels
    # By bands here too: one way, one result.
    return np.concatenate(list(resized_rows([pixels], (pixels.shape[0], pixels.shape[1]), (height, width))))


def resized_rows(rows: Iterable[Pixels], size: tuple[int, int], target: tuple[int, int]) -> Iterator[Pixels]:
    """The same for rows as they come, in flat memory.  ``size`` and ``target`` are (height, width)."""
    if size == target:
        yield from rows
        return
    factor = size[0] / target[0]
    reach = ceil(_SUPPORT * max(factor, 1)) + 1
    coming = iter(rows)
    held: Pixels | None = None
    top = 0  # the first row held
    for first in range(0, target[0], _BAND):
        last = min(first + _BAND, target[0])
        start, stop = max(floor(first * factor) - reach, 0), min(ceil(last * factor) + reach, size[0])
        parts = [] if held is None else [held[start - top :]] if start < top + len(held) else []
        have = top + len(held) if held is not None else 0
        while have < stop:
            band = next(coming)
            parts.append(band[max(start - have, 0) :])
            have += len(band)
        held, top = np.concatenate(parts) if len(parts) > 1 else parts[0], start
        yield _part(held[: stop - start], start, size[0], first, last, target)


def _part(band: Pixels, start: int, height: int, first: int, last: int, target: tuple[int, int]) -> Pixels:
    """Output rows ``first`` to ``last``; ``band`` holds the input's rows from ``start`` on, as far as they matter."""
    from PIL import Image

    factor = height / target[0]
    # Pillow takes a box of fractions of a pixel and looks beyond its edges: so a band gives what the whole would.
    box = (0, first * factor - start, band.shape[1], last * factor - start)
    out = np.empty((last - first, target[1], band.shape[2]), band.dtype)
    for channel in range(band.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(band[:, :, channel], dtype=np.float32))
        values = np.asarray(plane.resize((target[1], last - first), Image.Resampling.BICUBIC, box=box))
        if out.dtype != np.float32:
            values = np.rint(values).clip(0, np.iinfo(out.dtype).max)
        out[:, :, channel] = values
    return out
