"""Chroma planes to the size of luma and back: what is enlarged here is reduced to exactly what it was.

Enlarging is linear interpolation at the samples' places.  Reducing is its least-squares inverse ``(U'U)^-1 U'``: of all
planes it takes the one whose enlargement is nearest, so ``reduce(enlarge(c)) == c`` but for float32's rounding, and it
filters as a good downscaler must.  ``U'`` has three or four taps; ``(U'U)^-1`` is ``a z^|n|``, cut where it vanishes.

A sample lies either on every second luma sample (*cosited*: horizontally in most films) or in the middle of two
(*centred*: vertically in most films, and both ways in JPEG).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]


def enlarge(plane: Plane, axis: int, length: int, step: int, cosited: bool) -> Plane:
    """``plane`` with ``length`` samples along ``axis``; ``step`` 1, 2 or 4 of them for each of its own."""
    if step == 1:
        return plane
    if step == 4:
        half = -(-length // 2)
        return enlarge(enlarge(plane, axis, half, 2, cosited), axis, length, 2, cosited)
    c = plane if axis == 0 else plane.T
    after = np.concatenate((c[1:], c[-1:]))
    result = np.empty((2 * len(c), c.shape[1]), np.float32)
    if cosited:
        result[0::2] = c
        result[1::2] = (c + after) * np.float32(0.5)
    else:
        before = np.concatenate((c[:1], c[:-1]))
        result[0::2] = c * np.float32(0.75) + before * np.float32(0.25)
        result[1::2] = c * np.float32(0.75) + after * np.float32(0.25)
    result = result[:length]
    return result if axis == 0 else np.ascontiguousarray(result.T)


def reduce(plane: Plane, axis: int, step: int, cosited: bool) -> Plane:
    """The plane with one sample for ``step`` along ``axis`` (rounded up) whose enlargement is nearest to ``plane``."""
    if step == 1:
        return plane
    if step == 4:
        return reduce(reduce(plane, axis, 2, cosited), axis, 2, cosited)
    x = plane if axis == 0 else plane.T
    odd = len(x) % 2 == 1
    gathered = _gather_cosited(x, odd) if cosited else _gather_centred(x, odd)
    # Beyond its ends the chroma goes on as a mirror image: about the last sample, or about the middle after it.
    result = _unblur(gathered, _POLE[cosited], about_first=cosited, about_last=cosited and odd)
    return result if axis == 0 else np.ascontiguousarray(result.T)


def _gather_cosited(x: Plane, odd: bool) -> Plane:
    """``U'``: each even sample, and half of its neighbours."""
    even, between = x[0::2], x[1::2]
    if odd:
        after = np.concatenate((between, between[-1:])) if len(between) else even
        before = np.concatenate((between[:1], between)) if len(between) else even
    else:
        after, before = between, np.concatenate((between[:1], between[:-1]))
    result: Plane = even + (before + after) * np.float32(0.5)
    return result


def _gather_centred(x: Plane, odd: bool) -> Plane:
    """``U'``: 3/4 of the two samples around, 1/4 of the next two."""
    if odd:
        # The row that was cut off, as far as its neighbours tell: exact for whatever was enlarged.
        last = x[-1:] if len(x) == 1 else (3 * x[-1:] - x[-2:-1]) * np.float32(0.5)
        x = np.concatenate((x, last))
    even, between = x[0::2], x[1::2]
    before = np.concatenate((even[:1], between[:-1]))
    after = np.concatenate((even[1:], between[-1:]))
    result: Plane = (even + between) * np.float32(0.75) + (before + after) * np.float32(0.25)
    return result


_POLE = {True: (2 * 2**0.5 - 3, 1.5, 0.25), False: (-1 / 3, 1.25, 0.375)}
"""Pole of ``(U'U)^-1``, and the middle and side taps of ``U'U``, for cosited and centred samples."""

_VANISHES = 1e-7


def _unblur(c: Plane, pole: tuple[float, float, float], *, about_first: bool, about_last: bool) -> Plane:
    """``(U'U)^-1`` along axis 0."""
    z, middle, side = pole
    reach = int(np.ceil(np.log(_VANISHES) / np.log(abs(z))))
    taps = z ** np.abs(np.arange(-reach, reach + 1)) / (middle + 2 * side * z)
    index = _mirrored(len(c), reach, about_first, about_last)
    extended = np.ascontiguousarray(c[index])
    one, kernel = np.ones(1, np.float32), taps.astype(np.float32)
    result = cv2.sepFilter2D(extended, cv2.CV_32F, one, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(result[reach : reach + len(c)], np.float32)


def _mirrored(length: int, reach: int, about_first: bool, about_last: bool) -> npt.NDArray[np.intp]:
    """Indices of an axis extended by ``reach`` on both sides."""
    if length == 1:
        return np.zeros(1 + 2 * reach, np.intp)
    ahead = np.arange(length)
    back = ahead[::-1][1 if about_last else 0 : length - 1 if about_first else length]
    period = np.concatenate((ahead, back))
    return period[np.arange(-reach, length + reach) % len(period)]
