"""Pictures that are read by rows, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from upscaler.errors import MediaError
from upscaler.media.picture import Header, Pixels

_STEP = 256  # rows that are decoded at once
_FORMATS = {"png", "jpg", "tiff"}
_TYPES = {"uchar": "uint8", "ushort": "uint16", "float": "float32"}


class ArraySource:
    """A picture in memory (a ``Source``)."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self.height, self.width, self.channels = (int(n) for n in pixels.shape)
        self.dtype: np.dtype[Any] = pixels.dtype

    def read(self, top: int, bottom: int) -> Pixels:
        return self._pixels[top:bottom]

    def all(self) -> Iterator[Pixels]:
        """All rows from the first on, in bands."""
        return iter([self._pixels])


class IteratorSource:
    """Rows that come one after the other (a ``Source``).  Asked for row 0 again, it begins anew."""

    def __init__(
        self, begin: Callable[[], Iterator[Pixels]], height: int, width: int, channels: int, dtype: str
    ) -> None:
        self.height, self.width, self.channels = height, width, channels
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._begin = begin
        self._coming: Iterator[Pixels] | None = None
        self._held: Pixels = self._none()
        self._top = 0

    def read(self, top: int, bottom: int) -> Pixels:
        """Raises MediaError if the rows end early or rows before those of the last call are asked for."""
        if self._coming is None or (top == 0 and self._top > 0):
            self._coming, self._held, self._top = self._begin(), self._none(), 0
        if top < self._top:
            raise MediaError(f"Row {top} was asked for after row {self._top}: rows are read from top to bottom.")
        parts = [self._held]
        have = self._top + len(self._held)
        while have < bottom:
            band = next(self._coming, None)
            if band is None:
                raise MediaError("The picture ends in the middle.")
            parts.append(band)
            have += len(band)
        together = np.concatenate(parts) if len(parts) > 1 else parts[0]
        self._held, self._top = together[top - self._top :], top
        return self._held[: bottom - top]

    def all(self) -> Iterator[Pixels]:
        """All rows from the first on, in bands."""
        return self._begin()

    def _none(self) -> Pixels:
        return np.empty((0, self.width, self.channels), self.dtype)


def open_rows(path: Path, header: Header) -> IteratorSource | None:
    """The picture at ``path``, decoded as its rows are asked for (errors are MediaErrors then, too).

    None if it cannot be read so: turned pictures, formats without rows, forms that libvips reads as something else.
    """
    if header.format not in _FORMATS or header.orientation != 1 or header.frames != 1:
        return None
    with _told(path):
        image = _opened(path)
        form = (image.width, image.height, image.bands, _TYPES.get(image.format))
    if form != (header.width, header.height, header.channels, header.dtype):
        return None
    return IteratorSource(lambda: _decoded(path, header), header.height, header.width, header.channels, header.dtype)


def _decoded(path: Path, header: Header) -> Iterator[Pixels]:
    with _told(path):
        import pyvips

        region = pyvips.Region.new(_opened(path))
        for top in range(0, header.height, _STEP):
            rows = min(_STEP, header.height - top)
            data = region.fetch(0, top, header.width, rows)
            yield np.frombuffer(data, header.dtype).reshape(rows, header.width, header.channels)


def _opened(path: Path) -> Any:
    import pyvips

    return pyvips.Image.new_from_file(str(path), access="sequential", fail_on="error")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise MediaError(f"{path} is damaged and cannot be decoded; it was left out.") from error
