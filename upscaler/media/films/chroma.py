"""Chroma planes to the size of luma and back: what is enlarged here is reduced to exactly what it was.

Enlarging is linear interpolation at the samples' places.  Reducing is its least-squares inverse ``(U'U)^-1 U'``: of all
planes it takes the one whose enlargement is nearest, so ``reduce(enlarge(c)) == c`` but for float32's rounding, and it
filters as a good downscaler must.  ``U'`` has three or four taps; ``(U'U)^-1`` is ``a z^|n|``, cut where it vanishes.

A sample lies either on every second luma sample (*cosited*: horizontally in most films) or in the middle of two
(*centred*: vertically in most films, and both ways in JPEG).
"""

from __future__ import annotations

from functools import cache

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
    gathered = gather_rows(x, cosited, first=True, last=True)
    vertical, horizontal = _axis(len(x), 2, cosited, _MOST_BITS), _axis(x.shape[1], 1, True, _MOST_BITS)
    result = _solved(gathered, slice(0, len(gathered)), vertical, horizontal)
    return result if axis == 0 else np.ascontiguousarray(result.T)


def gather_rows(x: Plane, cosited: bool, *, first: bool, last: bool) -> Plane:
    """``U'`` along axis 0, for a band of rows that begins on an even one: one row for two.

    The band comes with the row before it and the row after it, but where it is the plane's ``first`` or ``last``.
    Cosited: each even row, and half of its neighbours.  Centred: 3/4 of the two rows around, 1/4 of the next two.
    """
    rows = [x]
    if first:
        rows.insert(0, x[1:2] if cosited and len(x) > 1 else x[:1])
    if last:
        odd = (len(x) - (not first)) % 2 == 1
        if odd and cosited:
            rows.append(x[-2:-1] if len(x) > 1 else x)
        elif odd:
            # The row that was cut off, as far as its neighbours tell: exact for whatever was enlarged.
            cut_off = x if len(x) == 1 else (3 * x[-1:] - x[-2:-1]) * np.float32(0.5)
            rows += [cut_off, cut_off]
        elif not cosited:
            rows.append(x[-1:])
    if len(rows) > 1:
        x = np.concatenate(rows)
    count = (len(x) - 1) // 2
    before, even, between, after = (x[start : start + 2 * count : 2] for start in range(4))
    result: Plane
    if cosited:
        result = before + between
        result *= np.float32(0.5)
        result += even
    else:
        result = even + between
        result *= np.float32(3)
        result += before
        result += after
        result *= np.float32(0.25)
    return result


def gather_columns(x: Plane) -> Plane:
    """``U'`` along axis 1 for cosited samples: each even column, and half of its neighbours."""
    kernel = np.array([0.5, 1, 0.5], np.float32)
    filtered = cv2.sepFilter2D(x, cv2.CV_32F, kernel, np.ones(1, np.float32), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(filtered.reshape(x.shape)[:, ::2], np.float32)


def solve(
    gathered: Plane, rows: slice, size: tuple[int, int], steps: tuple[int, int], cosited_vertically: bool, depth: int
) -> Plane:
    """``rows`` of ``(U'U)^-1`` of what was gathered, along each axis whose step is 2.

    ``size``: of the full plane; ``depth``: bits of a sample, for which the result is exact.
    """
    vertical = _axis(size[0], steps[0], cosited_vertically, depth)
    return _solved(gathered, rows, vertical, _axis(size[1], steps[1], True, depth))


def reach(step: int, cosited: bool, depth: int) -> int:
    """How many rows of what was gathered matter on either side."""
    return len(_taps(cosited, depth)) // 2 if step == 2 else 0


_POLE = {True: (2 * 2**0.5 - 3, 1.5, 0.25), False: (-1 / 3, 1.25, 0.375)}
"""Pole of ``(U'U)^-1``, and the middle and side taps of ``U'U``, for cosited and centred samples."""

_MOST_BITS = 16


@cache
def _taps(cosited: bool, depth: int) -> Plane:
    z, middle, side = _POLE[cosited]
    # What is cut is below a hundredth of a code value.
    far = int(np.ceil(np.log(2.0 ** -(depth + 7)) / np.log(abs(z))))
    taps = z ** np.abs(np.arange(-far, far + 1)) / (middle + 2 * side * z)
    return taps.astype(np.float32)


_Axis = tuple[Plane, npt.NDArray[np.intp]]
"""Taps of ``(U'U)^-1`` along an axis, and the samples to which they are applied: those of the axis, and its ends."""


@cache
def _axis(length: int, step: int, cosited: bool, depth: int) -> _Axis:
    """Of an axis of that full length.  Beyond its ends the chroma goes on as a mirror image."""
    if step == 1:
        return np.ones(1, np.float32), np.arange(length)
    taps = _taps(cosited, depth)
    # About the last sample, or about the middle after it.
    odd = length % 2 == 1
    return taps, _mirrored(-(-length // 2), len(taps) // 2, about_first=cosited, about_last=cosited and odd)


def _solved(c: Plane, rows: slice, vertical: _Axis, horizontal: _Axis) -> Plane:
    (down, row), (across, column) = vertical, horizontal
    margin_y, margin_x = len(down) // 2, len(across) // 2
    window = c[row[rows.start : rows.stop + 2 * margin_y]]
    if margin_x:
        ends = window[:, column[:margin_x]], window[:, column[-margin_x:]]
        window = np.concatenate((ends[0], window, ends[1]), axis=1)
    result = cv2.sepFilter2D(window, cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE)
    width = window.shape[1] - 2 * margin_x
    return np.asarray(
        result.reshape(window.shape)[margin_y : margin_y + rows.stop - rows.start, margin_x : margin_x + width],
        np.float32,
    )


def _mirrored(length: int, reach: int, about_first: bool, about_last: bool) -> npt.NDArray[np.intp]:
    """Indices of an axis extended by ``reach`` on both sides."""
    if length == 1:
        return np.zeros(1 + 2 * reach, np.intp)
    ahead = np.arange(length)
    back = ahead[::-1][1 if about_last else 0 : length - 1 if about_first else length]
    period = np.concatenate((ahead, back))
    return period[np.arange(-reach, length + reach) % len(period)]
