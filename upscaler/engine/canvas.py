"""The picture that grows: what a tile reads is cut here, and what becomes of it is put here."""

import numpy as np
import torch
from torch import Tensor

from upscaler.engine.pixels import WHITE, Layout, Pixels, colour_to_pixels, quantise, write_colour
from upscaler.engine.resample import enlarge
from upscaler.engine.tiles import Span, Tile, TileGrid
from upscaler.networks.run import out_edge


class Canvas:
    """One picture, from top to bottom.

    For each row of tiles: ``begin``; then ``cut`` and ``place`` for each tile (or for the pieces that it was split
    into, in any order); then ``finish``, which gives the rows that no later tile touches.

    Blended tiles overlap: each is weighted, smoothly less towards its edges, and the sum divided by the sum of weights.
    """

    def __init__(self, grid: TileGrid, layout: Layout, scale: float, *, blended: bool) -> None:
        self.grid = grid
        self.number = 0
        """Its place among the pictures that are enlarged together."""

        self.layout = layout
        self._scale = scale
        self._blended = blended
        self._width = out_edge(grid.width, scale)
        self._first = 0  # the output row at which the band begins
        self._sums = torch.zeros(4, 0, self._width)  # weighted red, green, blue; weights

    def begin(self, strip: Pixels, row: Span) -> None:
        """``strip``: the rows of input that this row of tiles reads; colour already bled under transparent pixels."""
        self._strip, self._row = strip, row
        rows = out_edge(row.stop, self._scale) - self._first
        if self._blended:
            new = torch.zeros(4, rows - self._sums.shape[1], self._width)
            self._sums = torch.cat((self._sums, new), 1)
        else:
            self._band = self._empty(rows)

    def cut(self, tile: Tile) -> Pixels:
        """The colour that the tile reads: h,w,1 or h,w,3."""
        top = tile.rows.read_start - self._row.read_start
        columns = slice(tile.columns.read_start, tile.columns.read_stop)
        return self._strip[top : top + tile.rows.read, columns, : self.layout.colours]

    def place(self, tile: Tile, y: Tensor) -> None:
        """``y``: 3,H,W float32 in 0..1 on the CPU: what became of the part that the tile keeps."""
        rows, columns = tile.rows.placed(self._scale), tile.columns.placed(self._scale)
        rows = slice(rows.start - self._first, rows.stop - self._first)
        if self._blended:
            down = _ramp(tile.rows, self.grid.height, self._scale)
            weight = down[:, None] * _ramp(tile.columns, self.grid.width, self._scale)
            self._sums[:3, rows, columns] += y * weight
            self._sums[3, rows, columns] += weight
        else:
            write_colour(y, self.layout, self._band[rows, columns, : self.layout.colours])

    def on_device(self, y: Tensor) -> Tensor | None:
        """``y`` as pixels, H,W,C, computed where it lies; None where its values are still needed as they are."""
        return None if self._blended else colour_to_pixels(y, self.layout)

    def paste(self, tile: Tile, pixels: Tensor) -> None:
        """What ``on_device`` gave, on the CPU."""
        rows, columns = tile.rows.placed(self._scale), tile.columns.placed(self._scale)
        rows = slice(rows.start - self._first, rows.stop - self._first)
        self._band[rows, columns, : self.layout.colours] = pixels.numpy()

    def finish(self, below: Span | None) -> Pixels:
        """The rows that are final; ``below`` is the next row of tiles, None after the last."""
        if self._blended:
            rows = (
                out_edge(below.start, self._scale) if below else out_edge(self.grid.height, self._scale)
            ) - self._first
            self._band = self._empty(rows)
            colour = self._sums[:3, :rows] / self._sums[3, :rows]
            write_colour(colour, self.layout, self._band[..., : self.layout.colours])
            self._sums = self._sums[:, rows:]
        if self.layout.alpha:
            self._enlarge_alpha()
        self._first += len(self._band)
        return self._band

    def _empty(self, rows: int) -> Pixels:
        band: Pixels = np.empty((rows, self._width, self.layout.channels), self.layout.dtype)
        return band

    def _enlarge_alpha(self) -> None:
        """Alpha is no colour and no network was made for it: bicubic."""
        skipped = self._first - out_edge(self._row.read_start, self._scale)
        for columns in self.grid.columns:
            part = self._strip[:, columns.read_start : columns.read_stop, -1]
            alpha = torch.from_numpy(part.astype(np.float32)) / WHITE[part.dtype]
            size = (self.grid.height, self.grid.width)
            larger = enlarge(alpha[None, None], Tile(self._row, columns), size, self._scale)[0, 0]
            kept = larger[skipped : skipped + len(self._band), columns.kept(self._scale)]
            opaque = quantise(kept.clamp(0, 1), self.layout.dtype).numpy()
            self._band[:, columns.placed(self._scale), -1] = opaque


def _ramp(span: Span, length: int, scale: float) -> Tensor:
    """A tile's weight for each output pixel of an axis: 1, but falling smoothly over the half next to a neighbour."""
    count = out_edge(span.stop, scale) - out_edge(span.start, scale)
    place = (torch.arange(count, dtype=torch.float32) + 0.5) / count * 4
    rising = (place if span.start > 0 else torch.full_like(place, 4)).clamp(max=1)
    falling = (4 - place if span.stop < length else torch.full_like(place, 4)).clamp(max=1)
    # sin^2 is smooth at both ends, and never 0 here: every pixel keeps a positive sum of weights.
    return (rising * falling * (torch.pi / 2)).sin() ** 2
