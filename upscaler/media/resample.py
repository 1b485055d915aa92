"""Pictures brought to an exact size: antialiased cubic (a = -0.5), whole or by rows with the same result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    coming = iter(rows)
    held: Pixels | None = None
    top = 0  # the first row held
    for band in bands(size, target):
        parts = [] if held is None else [held[band.start - top :]] if band.start < top + len(held) else []
        have = top + len(held) if held is not None else 0
        while have < band.stop:
            more = next(coming)
            parts.append(more[max(band.start - have, 0) :])
            have += len(more)
        held, top = np.concatenate(parts) if len(parts) > 1 else parts[0], band.start
        yield band.resized(held[: band.stop - band.start])


@dataclass(frozen=True, slots=True)
class Band:
    """Rows ``first`` to ``last`` of the result, and those of the picture that matter: ``start`` to ``stop``."""

    first: int
    last: int
    start: int
    stop: int
    size: tuple[int, int]
    target: tuple[int, int]

    def resized(self, rows: Pixels) -> Pixels:
        """The rows of the result, from those of the picture."""
        from PIL import Image

        factor, count, width = self.size[0] / self.target[0], self.last - self.first, self.target[1]
        # Pillow takes a box of fractions of a pixel and looks beyond its edges: so a band gives what the whole would.
        box = (0, self.first * factor - self.start, rows.shape[1], self.last * factor - self.start)
        out = np.empty((count, width, rows.shape[2]), rows.dtype)
        for channel in range(rows.shape[2]):
            plane = Image.fromarray(np.ascontiguousarray(rows[:, :, channel], dtype=np.float32))
            values = np.asarray(plane.resize((width, count), Image.Resampling.BICUBIC, box=box))
            if out.dtype != np.float32:
                values = np.rint(values).clip(0, np.iinfo(out.dtype).max)
            out[:, :, channel] = values
        return out


def bands(size: tuple[int, int], target: tuple[int, int]) -> Iterator[Band]:
    """How ``resized`` cuts a picture; ``size`` and ``target`` are (height, width)."""
    factor = size[0] / target[0]
    reach = ceil(_SUPPORT * max(factor, 1)) + 1
    for first in range(0, target[0], _BAND):
        last = min(first + _BAND, target[0])
        start, stop = max(floor(first * factor) - reach, 0), min(ceil(last * factor) + reach, size[0])
        yield Band(first, last, start, stop, size, target)
