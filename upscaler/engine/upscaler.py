"""The engine's face: pictures in, enlarged pictures out."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from upscaler.engine import devices, precision
from upscaler.engine.events import Event, TileDone
from upscaler.engine.pixels import WHITE, Layout, Pixels, bleed, colour_to_pixels, colour_to_tensor, layout_of, quantise
from upscaler.engine.resample import enlarge
from upscaler.engine.sources import ArraySource, RowReader, Source
from upscaler.engine.tiles import Tile, TileGrid, tile_grid
from upscaler.errors import Cancelled, MediaError
from upscaler.models.model import Model
from upscaler.networks.run import extend, out_edge
from upscaler.networks.window import stack

TILE = 512


class Upscaler:
    """Enlarges pictures with one model.

    Args:
        model: the network with its weights; it is copied, never changed.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``cuda:0,1``, ``mps``, ``xpu``.
        precision: of the network's body; ``auto``: half precision where it is faster and the card allows it.
        tile: side of a tile in input pixels; None: chosen; 0: the whole picture if it fits.
        exact: networks that look at the whole picture are run in passes, so that tiles equal the whole picture.
        memory: bytes that may be used; None: a share of what is free.
        threads: for the CPU; None: torch's own number.
        executor: ``auto``, ``torch``, ``compile`` or ``openvino``.
        tell: gets the events of ``engine.events``.
        stop: asked between tiles; when it is true, Cancelled is raised.

    One worker at a time may use it.  The same input gives the same bytes.
    """

    def __init__(
        self,
        model: Model,
        *,
        device: str = "auto",
        precision: precision.Precision = "auto",
        tile: int | None = None,
        exact: bool = False,
        memory: int | None = None,
        threads: int | None = None,
        executor: str = "auto",
        tell: Callable[[Event], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self.model = model
        self._device = devices.pick(device)[0]
        self._tile = tile
        self._tell = tell or (lambda event: None)
        self._stop = stop or (lambda: False)
        self._traits = model.traits
        dtype = _precision_of(precision, model, self._device)
        self._network = _converted(model, dtype).to(self._device)

    def upscale(self, pixels: Pixels) -> Pixels:
        """H,W or H,W,C (gray, gray with alpha, RGB, RGBA; uint8, uint16 or float32 in 0..1) -> the same, enlarged.

        Integers are clipped; floats keep what goes beyond 0..1.
        """
        if pixels.ndim not in (2, 3) or not pixels.size:
            raise MediaError(f"An array of shape {pixels.shape} is not a picture; (height, width[, channels]) is.")
        rows = np.concatenate(list(self.upscale_rows(ArraySource(pixels))))
        return rows if pixels.ndim == 3 else rows[..., 0]

    def upscale_many(self, pictures: Sequence[Pixels]) -> list[Pixels]:
        """Each picture enlarged."""
        return [self.upscale(picture) for picture in pictures]

    def upscale_rows(self, source: Source) -> Iterator[Pixels]:
        """Enlarged rows from top to bottom, as soon as they are final: n, width * scale, channels; n varies."""
        layout = layout_of(source.channels, source.dtype)
        grid = tile_grid(source.height, source.width, self._traits, self._core())
        reader = RowReader(source)
        done = 0
        for row in grid.rows:
            strip = reader.rows(row.read_start, row.read_stop)
            band = self._empty(row.placed(self._traits.scale), source.width, layout)
            for tile in (Tile(row, column) for column in grid.columns):
                if self._stop():
                    raise Cancelled("Stopped before the picture was finished.")
                part = strip[:, tile.columns.read_start : tile.columns.read_stop]
                band[:, tile.columns.placed(self._traits.scale)] = self._enlarge(part, tile, grid, layout)
                done += 1
                self._tell(TileDone(done, len(grid)))
            yield band

    def _core(self) -> int | None:
        return TILE if self._tile is None else self._tile or None

    def _empty(self, rows: slice, width: int, layout: Layout) -> Pixels:
        shape = (rows.stop - rows.start, out_edge(width, self._traits.scale), layout.channels)
        pixels: Pixels = np.empty(shape, layout.dtype)
        return pixels

    def _enlarge(self, part: Pixels, tile: Tile, grid: TileGrid, layout: Layout) -> Pixels:
        if layout.alpha:
            part = bleed(part)
        y = self._forward(colour_to_tensor([part[..., : layout.colours]], self._device), tile, grid)
        result = colour_to_pixels(self._kept(y, tile)[0], layout)
        if layout.alpha:
            alpha = torch.from_numpy(part[..., -1].astype(np.float32)) / WHITE[part.dtype]
            plain = enlarge(alpha[None, None], tile, (grid.height, grid.width), self._traits.scale)
            result = torch.cat((result, quantise(self._kept(plain, tile)[0, 0], layout.dtype)[..., None]), 2)
        pixels: Pixels = result.cpu().numpy()
        return pixels

    def _kept(self, y: Tensor, tile: Tile) -> Tensor:
        return y[..., tile.rows.kept(self._traits.scale), tile.columns.kept(self._traits.scale)]

    def _forward(self, x: Tensor, tile: Tile, grid: TileGrid) -> Tensor:
        window = None if grid.whole else stack([grid.window(tile)]).to(self._device)
        with torch.inference_mode():
            y: Tensor = self._network(extend(x, self._traits.min_size) * self._traits.value_range, window)
            return y / self._traits.value_range


def _precision_of(wish: precision.Precision, model: Model, device: torch.device) -> torch.dtype:
    return precision.pick(wish, model, device)


def _converted(model: Model, dtype: torch.dtype) -> torch.nn.Module:
    return precision.converted(model.network, model.traits, dtype)
