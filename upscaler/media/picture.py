"""A still picture: its pixels, and what belongs to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
"""H,W,C with C 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha, not premultiplied).

uint8 or uint16 over their whole range, or float32 with black 0 and white 1.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a file says beside the pixels, as it stands there."""

    icc: bytes | None = None
    exif: bytes | None = None
    """The TIFF structure, without the ``Exif`` mark before it."""

    xmp: bytes | None = None
    iptc: bytes | None = None
    """The records of JPEG's APP13, as Photoshop's resource blocks."""

    dpi: tuple[float, float] | None = None
    comments: tuple[tuple[str, str], ...] = ()
    """Keyword and text."""

    png_colour: tuple[tuple[bytes, bytes], ...] = ()
    """PNG's own colour chunks (cICP, gAMA, cHRM, sRGB): kind and content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is known of a picture before its pixels are decoded.  Sizes are as shown: orientation applied."""

    format: str
    """png, jpg, webp, tiff, ...: a name of ``formats.FORMATS`` or of a format that can only be read."""

    width: int
    height: int
    channels: int
    dtype: str
    """uint8, uint16 or float32."""

    frames: int = 1
    orientation: int = 1
    lossless: bool = True
    icc: bool = False
    described: bool = False
    """There is EXIF or XMP."""

    notes: tuple[str, ...] = ()
    """Sentences about what reading this file will lose."""

    @property
    def alpha(self) -> bool:
        return self.channels in (2, 4)

    @property
    def bytes(self) -> int:
        """Of the decoded pixels."""
        return self.width * self.height * self.channels * {"uint8": 1, "uint16": 2, "float32": 4}[self.dtype]


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as shown (orientation applied), with everything that belongs to them."""

    pixels: Pixels
    metadata: Metadata = field(default_factory=Metadata)
    format: str = "png"

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        return int(self.pixels.shape[2])


class Source(Protocol):
    """Where rows of pixels come from."""

    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    def read(self, top: int, bottom: int) -> Pixels:
        """Rows ``top`` to ``bottom`` (not included), all columns: n,W,C.  Cheapest from top to bottom."""


class Sink(Protocol):
    """Where rows of pixels go."""

    def write(self, rows: Pixels) -> None:
        """The next rows, n,W,C, from top to bottom."""

    def commit(self) -> None:
        """All rows were written: the output is checked and appears under its name."""

    def abandon(self) -> None:
        """Nothing of the output stays.  After ``commit`` this does nothing."""


Told = Callable[[str], None]
"""Takes one sentence for the user."""
