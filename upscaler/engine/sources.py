"""Where rows of pixels come from."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from upscaler.engine.pixels import Pixels


class Source(Protocol):
    """A picture that is read from top to bottom.

    ``read`` is asked for consecutive strips: each begins where the last one ended.  Only with ``exact=True`` and a
    network that looks at the whole picture is it asked for row 0 again, once more for each pass.
    """

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def dtype(self) -> npt.DTypeLike: ...

    def read(self, top: int, bottom: int) -> Pixels:
        """Rows ``top..bottom``: (bottom - top), width, channels."""
        ...


class ArraySource:
    """A picture that is in memory: H,W or H,W,C."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        self.height, self.width, self.channels = self._pixels.shape
        self.dtype = pixels.dtype

    def read(self, top: int, bottom: int) -> Pixels:
        return self._pixels[top:bottom]


class RowReader:
    """Overlapping strips of a source whose rows are each read once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._rows = source.read(0, 0)
        self._top = 0

    def rows(self, top: int, bottom: int) -> Pixels:
        """Rows ``top..bottom``; neither may go back from one call to the next."""
        held = self._rows[top - self._top :]
        have = self._top + len(self._rows)
        if bottom > have:
            new = self._source.read(max(have, top), bottom)
            held = np.concatenate((held, new)) if len(held) else new
        self._rows, self._top = held, top
        return held[: bottom - top]
