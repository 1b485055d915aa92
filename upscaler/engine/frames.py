"""Frames of one size, one after the other: what did not change since the frame before is not computed again.

A tile is taken over only if everything that it reads, halo included, is the same to the last bit: then the network
would answer the same.  Nothing is compared by likeness, so no ghost and no seam can come of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from upscaler.engine.canvas import Canvas
from upscaler.engine.ladder import Work
from upscaler.engine.pixels import Pixels, bleed, layout_of
from upscaler.engine.tiles import Span, Tile, TileGrid, tile_grid
from upscaler.engine.upscaler import Upscaler

FINE = 192
"""Input pixels: side of what a tile keeps where most of the picture stands still."""


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of the result."""

    rows: slice
    columns: slice
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Enlarged:
    """One frame of the result: the parts of it that may differ from the frame before."""

    parts: tuple[Part, ...]
    anew: bool = False
    """The one part is the whole frame."""

    @classmethod
    def whole(cls, pixels: Pixels) -> Self:
        return cls((Part(slice(0, pixels.shape[0]), slice(0, pixels.shape[1]), pixels),), anew=True)

    @property
    def nbytes(self) -> int:
        return sum(part.pixels.nbytes for part in self.parts)

    def onto(self, before: Pixels | None) -> Pixels:
        """The frame.  ``before`` is the frame before, which is written into; None: there is none."""
        if self.anew or before is None:
            return self.parts[0].pixels
        for part in self.parts:
            before[part.rows, part.columns] = part.pixels
        return before


class FrameUpscaler:
    """Enlarges the frames of a film with one engine.

    Args:
        upscaler: the engine.
        size: height and width of every frame.
        core: side of what a tile keeps, in input pixels; None: the whole frame is one tile.  The result of each frame
            depends on it (by rounding) but neither on ``reuse`` nor on the other frames.
        reuse: take over what did not change.

    Networks whose tiles are not exact are run on whole frames as ``upscaler`` thinks best, and only a frame that
    equals the one before as a whole is taken over.
    """

    def __init__(self, upscaler: Upscaler, size: tuple[int, int], core: int | None, *, reuse: bool = True) -> None:
        traits = upscaler.model.traits
        self._upscaler = upscaler
        self._reuse = reuse
        self._grid = tile_grid(*size, traits, core) if traits.exact_tiles else None
        # A result may depend, by rounding, on how many pictures are computed at once.  So tiles are computed one at a
        # time; small frames, which would leave a graphics card idle, as the group they come in, or not at all.
        self._tiled = self._grid is not None and not (upscaler.device.type != "cpu" and self._grid.whole)
        self._before: Pixels | None = None  # what of the frame before was read
        self.computed = 0
        """Tiles that the network was run for."""

        self.reused = 0
        """Tiles (or frames, for networks without exact tiles) that were taken over."""

    def forget(self) -> None:
        """A film may be gone on with at the next frame: its result will not depend on the frames before."""
        # That of a tile never does.  That of a group depends by rounding on what is in it.
        if not self._tiled:
            self._before = None

    def enlarge(self, frames: Sequence[Pixels]) -> list[Enlarged]:
        """Consecutive frames, each H,W or H,W,C (see ``Upscaler.upscale``), enlarged."""
        if self._grid is not None and self._tiled:
            return [self._by_tiles(frame, self._grid) for frame in frames]
        return self._as_group(frames)

    def _as_group(self, frames: Sequence[Pixels]) -> list[Enlarged]:
        before = self._before
        if self._reuse and before is not None and all(np.array_equal(frame, before) for frame in frames):
            self.reused += len(frames)
            return [Enlarged(())] * len(frames)
        results = self._upscaler.upscale_many(frames)
        self.computed += len(frames)
        self._before = frames[-1]
        return [Enlarged.whole(result) for result in results]

    def _by_tiles(self, frame: Pixels, grid: TileGrid) -> Enlarged:
        shaped = frame if frame.ndim == 3 else frame[..., None]
        layout = layout_of(shaped.shape[2], shaped.dtype)
        read = bleed(shaped) if layout.alpha else shaped
        changed = None if self._before is None or not self._reuse else (read != self._before).any(axis=2)
        tiles = [tile for tile in grid if changed is None or changed[_read(tile)].any()]
        self.computed += len(tiles)
        self.reused += len(grid) - len(tiles)
        self._before = read
        if not tiles:
            return Enlarged(())
        canvas = Canvas(grid, layout, self._upscaler.model.scale, blended=False)
        canvas.begin(read, Span(0, grid.height, 0, grid.height))
        self._upscaler.compute([Work(canvas, tile) for tile in tiles])
        result = canvas.finish(None)
        result = result if frame.ndim == 3 else result[..., 0]
        if len(tiles) == len(grid):
            return Enlarged.whole(result)
        places = [_placed(tile, self._upscaler.model.scale) for tile in tiles]
        # Copies: a view would hold the whole canvas.
        return Enlarged(tuple(Part(*place, result[place].copy()) for place in places))


def _placed(tile: Tile, scale: float) -> tuple[slice, slice]:
    return tile.rows.placed(scale), tile.columns.placed(scale)


def _read(tile: Tile) -> tuple[slice, slice]:
    return slice(tile.rows.read_start, tile.rows.read_stop), slice(tile.columns.read_start, tile.columns.read_stop)


def share_unchanged(frames: Sequence[Pixels], halo: int, core: int = FINE) -> float:
    """Of the tiles of consecutive frames (H,W,C, at least two), how many read the same as in the frame before."""
    height, width = frames[0].shape[:2]
    same = total = 0
    for before, after in pairwise(frames):
        changed = (before != after).any(axis=2)
        for top in range(0, height, core):
            for left in range(0, width, core):
                part = changed[max(top - halo, 0) : top + core + halo, max(left - halo, 0) : left + core + halo]
                same += not part.any()
                total += 1
    return same / total if total else 0.0
