"""MATLAB's ``imresize`` (bicubic, antialiased), bit for bit: how the benchmarks make their low-resolution pictures."""

from math import ceil

import numpy as np
import numpy.typing as npt

UInt8 = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float64]


def imresize(pixels: UInt8, scale: float) -> UInt8:
    """HxWxC or HxW, 0..255 -> ceil(H*scale) x ceil(W*scale): rows first, rounded to 8 bits after each direction."""
    for axis in (0, 1):
        pixels = _along(pixels, axis, scale)
    return pixels


def mod_crop(pixels: UInt8, scale: int) -> UInt8:
    """Cut off at the bottom and right what does not divide by the scale."""
    height, width = pixels.shape[:2]
    return pixels[: height - height % scale, : width - width % scale]


def _along(pixels: UInt8, axis: int, scale: float) -> UInt8:
    taps, weights = _kernel(pixels.shape[axis], scale)
    shape = [1] * pixels.ndim
    shape[axis] = -1
    total: Float = np.zeros(1)
    for tap, weight in zip(taps.T, weights.T, strict=True):
        total = total + pixels.take(tap, axis) * weight.reshape(shape)
    return np.floor(total.clip(0, 255) + 0.5).astype(np.uint8)


def _kernel(length: int, scale: float) -> tuple[npt.NDArray[np.int64], Float]:
    """Which pixels each output reads, and their weights: two (outputs, taps)."""
    stretch = min(scale, 1.0)
    outputs = np.arange(1, ceil(length * scale) + 1)
    centre = outputs / scale + 0.5 * (1 - 1 / scale)
    reach = ceil(4 / stretch) + 2
    first = np.floor(centre - 2 / stretch)
    places = first[:, None] + np.arange(reach)
    weights = stretch * _cubic(stretch * (centre[:, None] - places))
    weights /= weights.sum(1, keepdims=True)
    # Reflection with the edge pixel repeated: 1..n, n..1, again and again.
    cycle = np.concatenate([np.arange(length), np.arange(length)[::-1]])
    return cycle[(places.astype(np.int64) - 1) % (2 * length)], weights


def _cubic(x: Float) -> Float:
    """Keys' kernel with a = -0.5."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
