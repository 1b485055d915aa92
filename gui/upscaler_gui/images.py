"""Pictures for the screen, decoded by our own readers (Qt's know fewer formats)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QImage

from upscaler.errors import MediaError, UpscalerError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels8 = npt.NDArray[np.uint8]

MOST = 100_000_000
"""Pixels of a picture that is shown at most; larger ones are enlarged all the same."""

Levels = list[QImage]
"""A picture, and its halves down to about a screen: the largest first."""

translate = QCoreApplication.translate


def load(path: Path, most: int = MOST) -> Pixels8:
    """H,W,3 or H,W,4, 8 bits, as shown.  Raises UpscalerError."""
    from upscaler.jobs.films import takes
    from upscaler.media.still import beginning, read_header, read_picture, told

    with told(path):
        head = beginning(path, 4096)
    if takes(path, head):
        text = translate("Images", "{name} is a film or an animation; these are enlarged without a preview.")
        raise MediaError(text.format(name=path.name))
    header = read_header(path)
    if header.width * header.height > most:
        text = translate("Images", "{name} is too large to be shown here; it can be enlarged all the same.")
        raise MediaError(text.format(name=path.name))
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
        pixels = load(path, 50_000_000)
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
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    return QImage(pixels.data, width, height, width * channels, kind).copy()


def to_levels(pixels: Pixels8) -> Levels:
    """For showing at any zoom: each level is half as large as the one before, by averages."""
    levels = [to_qimage(pixels)]
    while max(levels[-1].width(), levels[-1].height()) > 1024:
        last = levels[-1]
        levels.append(
            last.scaled(
                max(last.width() // 2, 1),
                max(last.height() // 2, 1),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return levels
