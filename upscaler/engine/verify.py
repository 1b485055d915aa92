"""Do tiles give what the whole picture gives?  Measured on a part of the user's own picture."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from upscaler.engine.pixels import WHITE, Pixels
from upscaler.engine.precision import Precision
from upscaler.engine.upscaler import Upscaler
from upscaler.models.model import Model
from upscaler.networks.run import out_edge

PART = 384
"""Input pixels: side of the part that is computed both ways."""


@dataclass(frozen=True, slots=True)
class TileCheck:
    """Tiled against untiled."""

    top: int
    left: int
    height: int
    width: int
    """The part of the input that was compared."""

    largest: float
    """Largest difference, of a range of 1."""

    psnr: float
    """dB; infinite if both are equal."""

    seam: float
    """Mean step across the tiles' borders over the mean step elsewhere, divided by the same of the untiled result.

    1: no seam.  More: the borders show.
    """


def verify_tiles(
    model: Model,
    pixels: Pixels,
    *,
    device: str = "auto",
    precision: Precision = "auto",
    exact: bool = False,
    seed: int = 0,
) -> TileCheck:
    """Enlarge a random part of the picture in tiles and as a whole, with the same settings, and compare.

    The part is cut into three tiles along each axis, as far as halo and grid let it be.
    """
    height, width = (min(length, PART) for length in pixels.shape[:2])
    place = np.random.default_rng(seed)
    top, left = (int(place.integers(0, pixels.shape[i] - part + 1)) for i, part in enumerate((height, width)))
    part = pixels[top : top + height, left : left + width].astype(np.float32) / WHITE[pixels.dtype]
    cut, uncut = (
        Upscaler(model, device=device, precision=precision, exact=exact, tile=tile)
        for tile in (max(min(height, width) // 3, 1), 0)
    )
    tiled, whole = cut.upscale(part), uncut.upscale(part)
    grid = cut.grid_for(height, width)
    borders = [
        [out_edge((a.stop + b.start) // 2, model.scale) for a, b in pairwise(axis)]
        for axis in (grid.rows, grid.columns)
    ]
    error = float(np.square((tiled - whole).astype(np.float64)).mean())
    return TileCheck(
        top,
        left,
        height,
        width,
        largest=float(np.abs(tiled - whole).max()),
        psnr=float("inf") if error == 0 else float(-10 * np.log10(error)),
        seam=seam(tiled, *borders) / max(seam(whole, *borders), 1e-12),
    )


def seam(pixels: Pixels, rows: list[int], columns: list[int]) -> float:
    """Mean step across the given borders (first output row, column after each) over the mean step elsewhere."""
    across, elsewhere = [], []
    for axis, borders in ((0, rows), (1, columns)):
        steps: npt.NDArray[np.float64] = np.abs(np.diff(pixels.astype(np.float64), axis=axis))
        at = np.zeros(steps.shape[axis], bool)
        at[[border - 1 for border in borders]] = True
        across.append(np.compress(at, steps, axis).ravel())
        elsewhere.append(np.compress(~at, steps, axis).ravel())
    inside = np.concatenate(elsewhere)
    border = np.concatenate(across)
    return float(border.mean() / max(inside.mean(), 1e-12)) if border.size and inside.size else 1.0
