"""Pictures for the screen, decoded by our own readers (Qt's know fewer formats)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from upscaler.errors import UpscalerError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PySide6.QtGui import QImage

    Pixels8 = npt.NDArray[np.uint8]


def load(path: Path) -> Pixels8:
    """H,W,3 or H,W,4, 8 bits, as shown.  Raises UpscalerError."""
    from upscaler.media.still import read_picture

    return to_8bit(read_picture(path).pixels)


def to_8bit(pixels: npt.NDArray[Any]) -> Pixels8:
    """H,W,C of any kind of sample -> H,W,3 or H,W,4 of 8 bits."""
    import numpy as np

    if pixels.dtype == np.uint16:
        pixels = (pixels / 257.0).round().astype(np.uint8)
    elif pixels.dtype != np.uint8:
        pixels = (pixels.clip(0, 1) * 255).round().astype(np.uint8)
    if pixels.shape[2] < 3:
        colours = pixels[..., :1].repeat(3, 2)
        pixels = np.concatenate((colours, pixels[..., 1:]), 2)
    return np.ascontiguousarray(pixels)


def thumbnail(path: Path, side: int) -> Pixels8 | None:
    """The picture within ``side`` x ``side``; None where it cannot be read."""
    import numpy as np

    try:
        pixels = load(path)
    except (UpscalerError, OSError):
        return None
    step = max(1, -(-max(pixels.shape[:2]) // side))
    height, width = pixels.shape[0] // step or 1, pixels.shape[1] // step or 1
    whole = pixels[: height * step, : width * step]
    if whole.shape[0] < height * step or whole.shape[1] < width * step:
        return np.ascontiguousarray(pixels[::step, ::step])
    shape = (height, step, width, step, pixels.shape[2])
    small: Pixels8 = whole.reshape(shape).mean((1, 3)).round().astype(np.uint8)
    return small


def to_qimage(pixels: Pixels8) -> QImage:
    """H,W,3 or H,W,4 of 8 bits -> an image that owns its pixels."""
    from PySide6.QtGui import QImage

    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(pixels.tobytes(), width, height, width * channels, kind).copy()
