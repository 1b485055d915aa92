"""Pixels from one layout and type to another."""

from __future__ import annotations

import numpy as np

from upscaler.errors import UsageError
from upscaler.media.picture import Pixels

Colour = tuple[int, int, int]
"""Red, green, blue in 0..255."""

_LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # BT.601, as the picture formats have it


def parse_colour(text: str) -> Colour:
    """``white``, ``#ff8000``, ``rgb(255, 128, 0)``.  Raises UsageError."""
    from PIL import ImageColor

    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError as error:
        raise UsageError(f"There is no colour {text!r}; use a name such as white, or #rrggbb.") from error
    return red, green, blue


def converted(pixels: Pixels, channels: int, dtype: str, background: Colour) -> Pixels:
    """n,W,C -> n,W,``channels`` of ``dtype``; alpha is laid on ``background`` where there is no room for it."""
    have = pixels.shape[2]
    if have in (2, 4) and channels in (1, 3):
        pixels = _laid_on(pixels, background)
        have -= 1
    if have in (1, 2) and channels in (3, 4):
        pixels = np.concatenate((np.repeat(pixels[:, :, :1], 3, 2), pixels[:, :, 1:]), 2)
        have += 2
    elif have in (3, 4) and channels in (1, 2):
        gray = _as_type(pixels[:, :, :3].astype(np.float32) @ _LUMA / white(pixels.dtype), pixels.dtype)
        pixels = np.concatenate((gray[:, :, None], pixels[:, :, 3:]), 2)
        have -= 2
    if have in (1, 3) and channels in (2, 4):
        opaque = np.full((*pixels.shape[:2], 1), white(pixels.dtype), pixels.dtype)
        pixels = np.concatenate((pixels, opaque), 2)
    return _as_depth(pixels, np.dtype(dtype))


def white(dtype: np.dtype[np.generic]) -> int:
    """The value of white in this type."""
    return {1: 255, 2: 65535, 4: 1}[dtype.itemsize]


def _laid_on(pixels: Pixels, background: Colour) -> Pixels:
    top = white(pixels.dtype)
    alpha = pixels[:, :, -1:].astype(np.float32) / top
    below = np.array(background, np.float32) / 255 * top
    if pixels.shape[2] == 2:
        below = np.array([below @ _LUMA], np.float32)
    mixed = pixels[:, :, :-1] * alpha + below * (1 - alpha)
    # Opaque pixels stay exactly as they are.
    return _as_type(mixed / top, pixels.dtype)


def _as_depth(pixels: Pixels, dtype: np.dtype[np.generic]) -> Pixels:
    if pixels.dtype == dtype:
        return pixels
    if pixels.dtype == np.uint8 and dtype == np.uint16:
        return pixels.astype(np.uint16) * np.uint16(257)
    if pixels.dtype == np.uint16 and dtype == np.uint8:
        return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return _as_type(pixels.astype(np.float32) / white(pixels.dtype), dtype)


def _as_type(values: Pixels, dtype: np.dtype[np.generic]) -> Pixels:
    """Values in 0..1 in the type's own range."""
    if dtype == np.float32:
        return values.astype(np.float32, copy=False)
    top = white(dtype)
    whole: Pixels = np.rint(values.clip(0, 1) * top).astype(dtype)
    return whole
