"""Cutting a picture into tiles: integers only, no pixels.

Along one axis the picture is cut into *spans*.  Each is read with a halo, all reads of an axis have the same length (so
that tiles can be batched), begin on multiples of the grid, and never leave the picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from upscaler.networks.family import Traits
from upscaler.networks.run import extension, out_edge
from upscaler.networks.window import Window

LEAST_HALO = 2
"""Input pixels: what plain enlarging (``resample``) needs, which stands in where a network fails."""


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of an axis, in input pixels: ``start..stop`` is kept, ``read_start..read_stop`` is read for it."""

    start: int
    stop: int
    read_start: int
    read_stop: int

    def halved(self, halo: int, grid: int, min_size: int, overlap: int) -> tuple["Span", "Span"]:
        """Two pieces that keep the same part and read no more than this one; ``overlap`` is kept by both."""
        middle = (self.start + self.stop) // 2
        first_stop, second_start = middle + overlap, middle - overlap
        read_stop = max(first_stop + halo, self.read_start + min_size)
        read_start = min(second_start - halo, self.read_stop - min_size) // grid * grid
        return (
            Span(self.start, first_stop, self.read_start, min(read_stop, self.read_stop)),
            Span(second_start, self.stop, max(read_start, self.read_start), self.read_stop),
        )

    @property
    def read(self) -> int:
        """How many pixels are read."""
        return self.read_stop - self.read_start

    def made(self, scale: float) -> int:
        """How many output pixels the network makes of what is read."""
        return out_edge(self.read_stop, scale) - out_edge(self.read_start, scale)

    def kept(self, scale: float) -> slice:
        """The part to keep of what the network makes of the read pixels."""
        origin = out_edge(self.read_start, scale)
        return slice(out_edge(self.start, scale) - origin, out_edge(self.stop, scale) - origin)

    def placed(self, scale: float) -> slice:
        """Where the kept part lies in the whole output."""
        return slice(out_edge(self.start, scale), out_edge(self.stop, scale))


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the input whose result is kept, and the larger one that is read for it."""

    rows: Span
    columns: Span

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of what is read."""
        return self.rows.read, self.columns.read


def split(tile: Tile, traits: Traits, floor: int, overlap: int = 0) -> list[Tile]:
    """The tile in halves along each axis on which it keeps at least twice ``floor``; [] if it is too small for that."""

    def pieces(span: Span) -> tuple[Span, ...]:
        large = span.stop - span.start >= max(2 * floor, 4 * overlap)
        return span.halved(traits.halo, traits.grid, traits.min_size, overlap) if large else (span,)

    parts = [Tile(rows, columns) for rows in pieces(tile.rows) for columns in pieces(tile.columns)]
    return parts if len(parts) > 1 else []


def widened(spans: tuple[Span, ...], overlap: int) -> tuple[Span, ...]:
    """The spans of one axis, each keeping ``overlap`` more where it has a neighbour (to be blended with it)."""
    end = spans[-1].stop
    return tuple(Span(max(s.start - overlap, 0), min(s.stop + overlap, end), s.read_start, s.read_stop) for s in spans)


def spans(length: int, core: int, halo: int = 0, grid: int = 1, min_size: int = 1) -> tuple[Span, ...]:
    """Cut an axis into the fewest pieces of about ``core`` that keep all rules.

    Reads are ``core + 2 halo`` long or shorter; longer only where the grid or ``min_size`` leaves no choice.  A piece
    has at least ``halo`` read pixels around it, but for the axis' own ends.
    """
    read, step = _uniform(length, max(core, 1), halo, grid, min_size)
    starts = range(0, length - read + 1, step) if read < length else range(1)
    # Neighbours meet in the middle of what both read: at least a halo from either end.
    cuts = [0, *(start + (read - step) // 2 for start in starts[1:]), length]
    return tuple(Span(cuts[i], cuts[i + 1], start, start + min(read, length)) for i, start in enumerate(starts))


def _uniform(length: int, core: int, halo: int, grid: int, min_size: int) -> tuple[int, int]:
    """Common length of all reads, and the distance of their origins (a multiple of the grid)."""
    best = (length, length)
    most = (length - 2 * halo) // grid
    for pieces in range(max(1, -(-(length - 2 * halo) // core)), most + 1):
        # ``pieces`` reads, ``step`` apart, the last ending with the axis; each overlap must hold two halos.
        step = (length - 2 * halo) // pieces // grid * grid
        read = length - (pieces - 1) * step
        if read < min_size:
            break
        if read <= best[0]:
            best = (read, step if pieces > 1 else length)
        if read <= core + 2 * halo:
            break
    return best


@dataclass(frozen=True, slots=True)
class TileGrid:
    """All tiles of one picture, row by row."""

    height: int
    width: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]
    min_size: int = 1
    multiple: int = 1

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def __iter__(self) -> Iterator[Tile]:
        return (Tile(row, column) for row in self.rows for column in self.columns)

    @property
    def largest(self) -> int:
        """Pixels that the largest tile reads."""
        return max(row.read for row in self.rows) * max(column.read for column in self.columns)

    @property
    def whole(self) -> bool:
        """One tile holds the whole picture."""
        return len(self) == 1

    def window(self, tile: Tile) -> Window:
        """Where the tile lies in the picture as the network sees it: extended to ``min_size`` and ``multiple``."""
        height, width = (
            length + len(extension(length, self.min_size, self.multiple)) for length in (self.height, self.width)
        )
        return Window(tile.rows.read_start, tile.columns.read_start, height, width)


def tile_grid(height: int, width: int, traits: Traits, core: int | None, overlap: int = 0) -> TileGrid:
    """The tiles of a picture for a network; ``core`` None: the whole picture as one tile.

    With ``overlap``, each tile keeps that much more where it has a neighbour, to be blended with it.
    """
    rows, columns = (
        widened(
            spans(
                length,
                length if core is None else core,
                max(traits.halo, LEAST_HALO) + overlap,
                traits.grid,
                traits.min_size,
            ),
            overlap,
        )
        for length in (height, width)
    )
    return TileGrid(height, width, rows, columns, traits.min_size, traits.multiple)
