"""One picture on its way through the engine: read strip by strip, finished row of tiles by row of tiles."""

from upscaler.engine.canvas import Canvas
from upscaler.engine.ladder import Work
from upscaler.engine.pixels import BLEED, Layout, Pixels, bleed
from upscaler.engine.sources import RowReader, Source
from upscaler.engine.tiles import Tile, TileGrid


class Enlarging:
    """``begin(i)``, the tiles' results placed on the canvas, ``finish(i)``: for each row of tiles in turn."""

    def __init__(self, source: Source, layout: Layout, grid: TileGrid, scale: float, *, blended: bool) -> None:
        self.grid = grid
        self._source, self._layout, self._scale, self._blended = source, layout, scale, blended
        self._reader = RowReader(source)
        self.canvas = Canvas(grid, layout, scale, blended=blended)

    def again(self) -> "Enlarging":
        """The same from the top."""
        return Enlarging(self._source, self._layout, self.grid, self._scale, blended=self._blended)

    def begin(self, index: int) -> list[Work]:
        """Read what the row of tiles needs; its tiles."""
        row = self.grid.rows[index]
        self.canvas.begin(self._strip(row.read_start, row.read_stop), row)
        return [Work(self.canvas, Tile(row, column)) for column in self.grid.columns]

    def finish(self, index: int) -> Pixels:
        """The rows of output that are final after this row of tiles."""
        rows = self.grid.rows
        return self.canvas.finish(rows[index + 1] if index + 1 < len(rows) else None)

    def _strip(self, top: int, bottom: int) -> Pixels:
        if not self._layout.alpha:
            return self._reader.rows(top, bottom)
        first, last = max(top - BLEED, 0), min(bottom + BLEED, self.grid.height)
        return bleed(self._reader.rows(first, last))[top - first : bottom - first]
