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


def can_read_by_rows(header: Header) -> bool:
    """Upright gray or RGB, with or without transparency, in a format whose decoder goes from top to bottom."""
    return header.format in _FORMATS and header.orientation == 1 and header.frames == 1


def open_rows(path: Path, header: Header) -> IteratorSource:
    """The picture at ``path``, decoded as its rows are asked for.  Errors are MediaErrors, then too."""
    return IteratorSource(lambda: _decoded(path, header), header.height, header.width, header.channels, header.dtype)


def _decoded(path: Path, header: Header) -> Iterator[Pixels]:
    with _told(path):
        import pyvips

        image = pyvips.Image.new_from_file(str(path), access="sequential", fail_on="error")
        if image.interpretation == "cmyk":
            image = image.icc_transform("srgb", embedded=True)
        if (image.width, image.height, image.bands) != (header.width, header.height, header.channels):
            raise MediaError(f"{path} has another form than its header says; it was left out.")
        region = pyvips.Region.new(image)
        kind = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32}.get(image.format)
        if kind is None or np.dtype(kind) != np.dtype(header.dtype):
            raise MediaError(f"{path} has pixels of the type {image.format}, which cannot be read by rows.")
        for top in range(0, header.height, _STEP):
            rows = min(_STEP, header.height - top)
            data = region.fetch(0, top, header.width, rows)
            yield np.frombuffer(data, kind).reshape(rows, header.width, header.channels)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    import pyvips

    try:
        yield
    except pyvips.Error as error:
        raise MediaError(f"{path} is damaged and cannot be decoded; it was left out.") from error
