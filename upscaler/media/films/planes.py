"""A film's frames as planes of code values, made by bands of rows: of the next frame only what changed is made anew.

Bands begin at fixed rows, and what a band becomes depends on its rows alone.  So the planes of a frame are the same bit
for bit, whatever was taken over from the frame before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from upscaler.media.films import chroma
from upscaler.media.films.colour import Coding, Floats, matrix_to_codes
from upscaler.media.films.formats import Plane

_BAND = 1 << 18
"""Samples of the colours that are turned at a time: they stay in the processor's cache."""

_LEAST = 16
"""Rows of a band; its neighbours' rows, one on either side, come on top."""

Rows = Callable[[int, int], Floats]
"""First row and the one after the last -> these rows of a frame: H,W or H,W,C, black 0 and white 1, not clipped."""


class PlaneMaker:
    """The inverse of ``colour.to_rgb``: code values are rounded, and clipped to what the depth holds.

    Args:
        coding: of the planes.
        height, width: of every frame.
    """

    def __init__(self, coding: Coding, height: int, width: int) -> None:
        layout = coding.layout
        self._coding, self._layout = coding, layout
        self._height, self._width = height, width
        self._planes: list[Plane] = [
            np.zeros(layout.shape(index, height, width), layout.dtype) for index in range(layout.colours + layout.alpha)
        ]
        scale, offset = matrix_to_codes(coding)
        self._matrix = np.column_stack((scale, offset))
        # Steps of 4 are two of 2: the second is made from whole planes.
        self._steps = (min(layout.step_y, 2), min(layout.step_x, 2))
        self._gathered: list[Floats] = []
        if layout.kind == "yuv":
            shape = -(-height // self._steps[0]), -(-width // self._steps[1])
            self._gathered = [np.zeros(shape, np.float32) for _ in range(2)]
        self._band = max(_BAND // (3 * width) // 2 * 2, _LEAST)

    def update(self, rows: Rows, changed: npt.NDArray[np.bool_]) -> list[Plane]:
        """The planes of the next frame, which stay valid until the one after it.

        ``changed``: for each row, whether it differs from the frame before; all of them, for the first.
        """
        redone = np.zeros(self._height, np.bool_)
        for first in range(0, self._height, self._band):
            last = min(first + self._band, self._height)
            if changed[max(first - 1, 0) : last + 1].any():
                self._make_band(rows, first, last)
                redone[first:last] = True
        if self._gathered and redone.any():
            self._make_chroma(redone)
        return self._planes

    def _make_band(self, rows: Rows, first: int, last: int) -> None:
        layout = self._layout
        start, stop = max(first - 1, 0), min(last + 1, self._height)
        pixels = rows(start, stop)
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        inner = slice(first - start, last - start)
        if layout.alpha:
            self._store(len(self._planes) - 1, first, pixels[inner, :, -1] * np.float32(layout.peak))
        if layout.kind == "gray":
            values = pixels[inner, :, 0] * np.float32(self._matrix[0, 0])
            self._store(0, first, values + np.float32(self._matrix[0, 1]))
            return
        colours = np.repeat(pixels[..., :1], 3, axis=2) if pixels.shape[2] < 3 else pixels[..., :3]
        colours = np.ascontiguousarray(colours)
        if layout.kind == "rgb":
            for index in range(3):
                self._store(index, first, _turned(colours[inner], self._matrix[index : index + 1]))
            return
        self._store(0, first, _turned(colours[inner], self._matrix[:1]))
        for index, gathered in enumerate(self._gathered, 1):
            low = _turned(colours, self._matrix[index : index + 1])
            if self._steps[0] == 2:
                ends = {"first": first == 0, "last": last == self._height}
                low = chroma.gather_rows(low, self._coding.cosited_vertically, **ends)
            else:
                low = low[inner]
            if self._steps[1] == 2:
                low = chroma.gather_columns(low)
            top = first // self._steps[0]
            gathered[top : top + len(low)] = low

    def _make_chroma(self, redone: npt.NDArray[np.bool_]) -> None:
        """Planes 1 and 2 from what was gathered, where it or what is near it was made anew."""
        size, cosited = (self._height, self._width), self._coding.cosited_vertically
        again_y, again_x = self._layout.step_y // self._steps[0], self._layout.step_x // self._steps[1]
        for rows in self._chroma_rows(redone, whole=again_y > 1):
            for index, gathered in enumerate(self._gathered, 1):
                low = chroma.solve(gathered, rows, size, self._steps, cosited, self._layout.depth)
                low = chroma.reduce(chroma.reduce(low, 0, again_y, cosited), 1, again_x, cosited=True)
                self._store(index, rows.start // again_y, low)

    def _chroma_rows(self, redone: npt.NDArray[np.bool_], *, whole: bool) -> list[slice]:
        """Runs of rows (of what was gathered) that depend on rows that were made anew."""
        count = len(self._gathered[0])
        if whole:
            return [slice(0, count)]
        far = chroma.reach(self._steps[0], self._coding.cosited_vertically, self._layout.depth)
        edges = np.flatnonzero(np.diff(redone[:: self._steps[0]], prepend=False, append=False)).tolist()
        runs: list[slice] = []
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            start, stop = max(begin - far, 0), min(end + far, count)
            if runs and start <= runs[-1].stop:
                start = runs.pop().start
            runs.append(slice(start, stop))
        return runs

    def _store(self, index: int, first: int, values: Floats) -> None:
        codes = np.rint(values)
        np.clip(codes, 0, self._layout.peak, out=codes)
        self._planes[index][first : first + len(codes)] = codes


def from_rgb(pixels: Floats, coding: Coding) -> list[Plane]:
    """All planes of one frame; see ``PlaneMaker``."""
    height, width = pixels.shape[:2]
    maker = PlaneMaker(coding, height, width)
    return maker.update(lambda first, last: pixels[first:last], np.ones(height, np.bool_))


def _turned(pixels: Floats, matrix: npt.NDArray[np.float64]) -> Floats:
    """H,W,3 by one row of a matrix with an offset -> H,W."""
    turned: Any = cv2.transform(pixels, matrix)
    return np.asarray(turned, np.float32).reshape(pixels.shape[:2])
