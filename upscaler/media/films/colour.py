"""Code values of a film's frames <-> the RGB that networks take, in full precision and reversible.

Nothing is linearised and no primaries are converted: the network sees the coded signal (gamma, PQ or HLG) as it sees
that of a photo, and what comes back is coded with the same matrix, range and siting (ITU-T H.273, sections 8.3, 8.7).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from upscaler.media.films import chroma
from upscaler.media.films.formats import Layout, Plane

Floats = npt.NDArray[np.float32]

UNKNOWN = 2
"""Code of H.273 for a matrix, primaries or transfer that the film does not tell."""

PQ, HLG = 16, 18
"""Transfer characteristics of HDR films (SMPTE ST 2084, ARIB STD-B67)."""

BT2020 = 9
"""Primaries, and matrix (non-constant luminance)."""

_LUMA = {  # matrix code -> weights of red and blue in luma
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
_YCGCO = 8

MATRIX_NAMES = {1: "BT.709", 4: "FCC", 5: "BT.601", 6: "BT.601", 7: "SMPTE 240M", 8: "YCgCo", 9: "BT.2020"}


@dataclass(frozen=True, slots=True)
class Colour:
    """How code values mean colours, in the codes of H.273."""

    matrix: int = UNKNOWN
    primaries: int = UNKNOWN
    transfer: int = UNKNOWN
    full_range: bool = False
    range_known: bool = False
    """The film says which range it has."""

    @property
    def hdr(self) -> bool:
        return self.transfer in (PQ, HLG)

    @property
    def cosited_vertically(self) -> bool:
        """4:2:0 chroma lies on every second row (HDR films), not between two (all others)."""
        return self.transfer == PQ and self.primaries == BT2020

    def matrix_used(self, height: int) -> int:
        """The matrix that code values are converted with.  Untold: BT.709 from 577 rows on, BT.601 below."""
        if self.matrix in _LUMA or self.matrix == _YCGCO:
            return self.matrix
        if self.primaries == BT2020:
            return BT2020
        if self.primaries == 1:
            return 1
        return 1 if height > 576 else 6


@dataclass(frozen=True, slots=True)
class Coding:
    """Everything that conversion needs: planes' layout, matrix, range, siting."""

    layout: Layout
    matrix: int
    full_range: bool
    cosited_vertically: bool = False

    def in_layout(self, layout: Layout) -> Coding:
        """The same colours in planes of another kind."""
        return Coding(layout, self.matrix, self.full_range or layout.full_range, self.cosited_vertically)


def coding_of(layout: Layout, colour: Colour, height: int) -> Coding:
    """How a film's planes are to be read; ``height`` of the frame decides what an untagged film is taken for."""
    return Coding(layout, colour.matrix_used(height), colour.full_range or layout.full_range, colour.cosited_vertically)


def to_rgb(planes: list[Plane], coding: Coding) -> Floats:
    """Planes in code values -> H,W (gray) or H,W,C (gray with alpha, RGB, RGBA), black 0 and white 1, not clipped."""
    layout = coding.layout
    height, width = planes[0].shape
    full = [plane.astype(np.float32) for plane in planes]
    if layout.kind == "yuv":
        for index in (1, 2):
            wide = chroma.enlarge(full[index], 1, width, layout.step_x, cosited=True)
            full[index] = chroma.enlarge(wide, 0, height, layout.step_y, cosited=coding.cosited_vertically)
    colours = full[: layout.colours]
    scale, offset = _decode(coding)
    pixels: Floats
    if layout.kind == "gray":
        pixels = colours[0] * np.float32(scale[0, 0]) + np.float32(offset[0])
    else:
        pixels = np.asarray(cv2.transform(np.dstack(colours), np.column_stack((scale, offset))), np.float32)
    if layout.alpha:
        pixels = np.dstack((pixels, full[-1] / np.float32(layout.peak)))
    return pixels


def split_excess(pixels: Floats) -> tuple[Floats, Floats | None]:
    """What lies in 0..1, and what goes beyond it (None: nothing does).  Their sum is ``pixels``.

    Limited-range films hold values beyond black and white; networks have never seen any.  So these go around them.
    """
    inside = np.clip(pixels, 0, 1)
    excess = pixels - inside
    return inside, excess if float(np.abs(excess).max(initial=0)) > _NOISE else None


_NOISE = 1e-6
"""Below this, what goes beyond 0..1 is rounding."""


def _code_range(coding: Coding) -> tuple[float, float, float]:
    """Black, distance from black to white, and span of chroma, in code values.  Chroma zero is half of 2^depth."""
    depth = coding.layout.depth
    if coding.full_range:
        return 0.0, float(coding.layout.peak), float(coding.layout.peak)
    unit = float(1 << (depth - 8))
    return 16 * unit, 219 * unit, 224 * unit


def matrix_to_codes(coding: Coding) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Matrix and offset that turn RGB in 0..1 into code values."""
    black, luma, span = _code_range(coding)
    if coding.layout.kind == "gray":
        return np.array([[luma]]), np.array([black])
    if coding.layout.kind == "rgb":
        return np.eye(3) * coding.layout.peak, np.zeros(3)
    if coding.matrix == _YCGCO:
        rows = np.array([[0.25, 0.5, 0.25], [-0.25, 0.5, -0.25], [0.5, 0.0, -0.5]])
    else:
        red, blue = _LUMA[coding.matrix]
        y = np.array([red, 1 - red - blue, blue])
        rows = np.array([y, (np.array([0, 0, 1]) - y) / (2 - 2 * blue), (np.array([1, 0, 0]) - y) / (2 - 2 * red)])
    middle = float(1 << (coding.layout.depth - 1))
    return rows * np.array([[luma], [span], [span]]), np.array([black, middle, middle])


def _decode(coding: Coding) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The inverse of ``matrix_to_codes``."""
    scale, offset = matrix_to_codes(coding)
    inverse: npt.NDArray[np.float64] = np.linalg.inv(scale).astype(np.float64)
    return inverse, -inverse @ offset
