"""The frame of the result that is to be written, made up of what the networks did and what went around them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from upscaler.jobs.film_line import Made
from upscaler.jobs.film_plan import FilmWork
from upscaler.media.films.colour import Floats
from upscaler.media.resample import bands

Mask = npt.NDArray[np.bool_]


class Shown:
    """Calls of ``take`` for each frame in order; between them, what it looks like."""

    def __init__(self, work: FilmWork) -> None:
        self._height, self._width = work.full_height, work.full_width
        self._larger: Floats | None = None  # the networks' frame, at their size; ours to write into
        self._sized: Floats | None = None  # the same at the work's size, where that is another
        self._excess: Floats | None = None
        self._source = np.empty((0, 0, 0), np.float32)
        self._above, self._below, self._share = _between(work.height, self._height)
        self.changed: Mask = np.ones(self._height, np.bool_)
        """For each row, whether it may differ from the frame before."""

    def take(self, made: Made) -> None:
        """The next frame."""
        first = self._larger is None
        self._larger = made.enlarged.onto(self._larger)
        redone = np.full(len(self._larger), first)
        for part in made.enlarged.parts:
            redone[part.rows] = True
        same_size = self._larger.shape[:2] == (self._height, self._width)
        self.changed = redone if same_size else self._resize(_with_channels(self._larger), redone)
        self._source = _with_channels(made.ready.pixels)
        excess = None if made.ready.excess is None else _with_channels(made.ready.excess)
        self.changed |= self._has_alpha
        differing = _differing_rows(self._excess, excess, len(self._source))
        self.changed |= differing[self._above] | differing[self._below]
        self._excess = excess

    @property
    def _has_alpha(self) -> bool:
        return self._source.shape[2] in (2, 4)

    def rows(self, first: int, last: int) -> Floats:
        """Rows of the work's full size: h,width,C."""
        assert self._larger is not None  # ``take`` comes first
        larger = _with_channels(self._larger)
        result = np.clip(larger[first:last], 0, 1) if self._sized is None else self._sized[first:last].copy()
        colours = self._source.shape[2] - self._has_alpha
        if self._excess is not None:
            self._add_excess(result[..., :colours], self._excess, first, last)
        if self._has_alpha:
            hidden = result[..., -1] == 0
            if hidden.any():
                # Colour under what cannot be seen is the source's own, not what was made up for the network.
                height, width = self._source.shape[:2]
                down = np.arange(first, last) * height // self._height
                across = np.arange(self._width) * width // self._width
                result[hidden, :colours] = self._source[down[:, None], across, :colours][hidden]
        return result

    def pixels(self) -> Floats:
        """The whole frame."""
        return self.rows(0, self._height)

    def _resize(self, larger: Floats, redone: Mask) -> Mask:
        """Brings what was done anew to the work's size; which rows there that changes."""
        if self._sized is None:
            self._sized = np.empty((self._height, self._width, larger.shape[2]), np.float32)
        changed = np.zeros(self._height, np.bool_)
        for band in bands((larger.shape[0], larger.shape[1]), (self._height, self._width)):
            if redone[band.start : band.stop].any():
                self._sized[band.first : band.last] = band.resized(np.clip(larger[band.start : band.stop], 0, 1))
                changed[band.first : band.last] = True
        return changed

    def _add_excess(self, result: Floats, excess: Floats, first: int, last: int) -> None:
        """Adds what went around the networks to rows of the result, by linear interpolation."""
        start = self._above[first]
        around = excess[start : self._below[last - 1] + 1]
        columns = np.flatnonzero(around.any(axis=(0, 2)))
        if not len(columns):
            return
        size = (self._width, len(around))
        wide = _with_channels(np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_LINEAR), np.float32))
        # Most of a frame has none: only the columns that a sample reaches.
        scale = self._width / excess.shape[1]
        reached = slice(max(int((columns[0] - 1) * scale), 0), int((columns[-1] + 2) * scale) + 1)
        wide = wide[:, reached]
        share = self._share[first:last, None, None]
        result[:, reached] += wide[self._below[first:last] - start] * share
        result[:, reached] += wide[self._above[first:last] - start] * (1 - share)


def _between(source: int, target: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """For each of ``target`` samples the two of ``source`` around its middle, and the share of the second."""
    place = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    above = np.floor(place).astype(np.intp)
    return above, np.minimum(above + 1, source - 1), (place - above).astype(np.float32)


def _differing_rows(before: Floats | None, now: Floats | None, height: int) -> Mask:
    if before is None or now is None:
        return np.full(height, before is not now)
    differing: Mask = (before != now).any(axis=(1, 2))
    return differing


def _with_channels(pixels: Floats) -> Floats:
    """H,W or H,W,C -> H,W,C."""
    return pixels if pixels.ndim == 3 else pixels[..., None]
