"""Frames of one size, one after the other: what did not change since the frame before is not computed again.

A tile is taken over only if everything that it reads, halo included, is the same to the last bit: then the network
would answer the same.  Nothing is compared by likeness, so no ghost and no seam can come of it.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from upscaler.engine.canvas import Canvas
from upscaler.engine.ladder import Work
from upscaler.engine.pixels import Layout, Pixels, bleed, layout_of
from upscaler.engine.tiles import Span, Tile, TileGrid, tile_grid
from upscaler.engine.upscaler import Upscaler

FINE = 192
"""Input pixels: side of what a tile keeps where most of the picture stands still."""


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
        self._before: tuple[Pixels, Pixels] | None = None
        self.computed = 0
        """Tiles that the network was run for."""

        self.reused = 0
        """Tiles (or frames, for networks without exact tiles) that were taken over."""

    def forget(self) -> None:
        """The next frame is computed whole: so a film may be gone on with at any frame where this is called."""
        self._before = None

    def enlarge(self, frames: Sequence[Pixels]) -> list[Pixels]:
        """Consecutive frames, each H,W or H,W,C (see ``Upscaler.upscale``), enlarged.

        Results may share memory with one another: they are not to be written into.
        """
        # A result may depend, by rounding, on how many pictures are computed at once.  So tiles are computed one at a
        # time; small frames, which would leave a graphics card idle, as the group they come in, or not at all.
        if self._grid is None or (self._upscaler.device.type != "cpu" and self._grid.whole):
            return self._as_group(frames)
        return [self._by_tiles(frame, self._grid) for frame in frames]

    def _as_group(self, frames: Sequence[Pixels]) -> list[Pixels]:
        before = self._before
        if self._reuse and before is not None and all(np.array_equal(frame, before[0]) for frame in frames):
            self.reused += len(frames)
            return [before[1]] * len(frames)
        results = self._upscaler.upscale_many(frames)
        self.computed += len(frames)
        self._before = frames[-1], results[-1]
        return results

    def _by_tiles(self, frame: Pixels, grid: TileGrid) -> Pixels:
        shaped = frame if frame.ndim == 3 else frame[..., None]
        layout = layout_of(shaped.shape[2], shaped.dtype)
        read = bleed(shaped) if layout.alpha else shaped
        before = self._before if self._reuse else None
        changed = None if before is None else (read != before[0]).any(axis=2)
        result = self._compose(read, layout, grid, changed, None if before is None else before[1])
        self._before = read, result
        return result if frame.ndim == 3 else result[..., 0]

    def _compose(
        self, read: Pixels, layout: Layout, grid: TileGrid, changed: Pixels | None, earlier: Pixels | None
    ) -> Pixels:
        if earlier is not None and changed is not None and not changed.any():
            self.reused += len(grid)
            return earlier
        canvas = Canvas(grid, layout, self._upscaler.model.scale, blended=False)
        canvas.begin(read, Span(0, grid.height, 0, grid.height))
        works = []
        for tile in grid:
            if changed is None or earlier is None or changed[_read(tile)].any():
                works.append(Work(canvas, tile))
            else:
                canvas.keep(tile, earlier)
        self._upscaler.compute(works)
        self.computed += len(works)
        self.reused += len(grid) - len(works)
        return canvas.finish(None)


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
