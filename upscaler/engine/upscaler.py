"""The engine's face: pictures in, enlarged pictures out."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from upscaler.engine import devices
from upscaler.engine.crew import Crew, Runner
from upscaler.engine.enlarging import Enlarging
from upscaler.engine.events import Event, Fallback, TileDone
from upscaler.engine.executors.choice import Setting, Wish, chosen
from upscaler.engine.ladder import Ladder, Work
from upscaler.engine.memory import need
from upscaler.engine.pixels import Layout, Pixels, layout_of
from upscaler.engine.plan import Room, TilePlan, tile_plan
from upscaler.engine.precision import Precision
from upscaler.engine.sources import ArraySource, Source
from upscaler.engine.statistics import Known
from upscaler.engine.tiles import TileGrid, tile_grid
from upscaler.errors import MediaError
from upscaler.models.model import Model
from upscaler.networks.run import out_edge

OVERLAP = 16
"""Input pixels on either side of a border over which tiles that are not exact are blended."""

TOGETHER = 64
"""How many small pictures are in work at once."""

PHOTO = layout_of(3, np.uint8)
"""What a picture is taken for where only its size is known."""


class Upscaler:
    """Enlarges pictures with one model.

    Args:
        model: the network with its weights; it is copied, never changed.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``cuda:0,1``, ``mps``, ``xpu``.
        precision: of the network's body; ``auto``: half precision where it is faster and the card allows it.
        tile: side of what a tile keeps, in input pixels; None: chosen; 0: the whole picture if it fits.
        exact: networks that look at the whole picture are run in passes, so that tiles equal the whole picture.
        memory: bytes that may be used; None: a share of what is free.
        threads: for the CPU; None: torch's own number.
        executor: ``auto``, ``torch``, ``native``, ``compile`` or ``openvino``.
        tell: gets the events of ``engine.events``.
        stop: asked between tiles; when it is true, Cancelled is raised.

    One worker at a time may use it.  The same input gives the same bytes.
    """

    def __init__(
        self,
        model: Model,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        tile: int | None = None,
        exact: bool = False,
        memory: int | None = None,
        threads: int | None = None,
        executor: str = "auto",
        tell: Callable[[Event], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self.model = model
        places = devices.pick(device)
        self.device = places[0]
        """The first of ``devices``: it says how large tiles are, and in which type they are computed."""

        self._tile = tile
        self._exact = exact
        self._memory = memory
        self._tell = tell or (lambda event: None)
        traits = model.traits
        # Tiles that are exact need not overlap.
        self._overlap = 0 if traits.exact_tiles and (exact or not traits.global_statistics) else OVERLAP
        self._passes = exact and traits.global_statistics
        if exact and self._overlap:
            self._tell(Fallback(f"{model.name} cannot be exact in tiles; where a picture needs them they are blended."))
        if self._overlap and len(places) > 1:
            # Sums of overlapping tiles would depend, by rounding, on which device is faster.
            self._tell(
                Fallback(f"Tiles of {model.name} are blended, and that on one device: {devices.describe(places[0])}.")
            )
            places = places[:1]
        self.devices = tuple(places)
        if threads is not None and self.device.type == "cpu":
            torch.set_num_threads(threads)
        # Only plain torch can be stopped half-way, where values of the whole picture are gathered.
        wish = Wish(model, self.device, "torch" if self._passes else executor, precision, threads)
        self.executor, self.dtype = chosen(wish)
        """Who computes (``torch``, ``native``, ``compile`` or ``openvino``), and the type of the network's body."""

        stop = stop or (lambda: False)
        ladders = [
            Ladder(
                Setting(model, place, self.dtype, threads),
                self.executor,
                overlap=self._overlap,
                tell=self._tell,
                stop=stop,
            )
            for place in places
        ]
        self.need = need(ladders[0].eager.network, traits, self.device)
        """Bytes per input pixel."""

        self._runner: Runner = ladders[0] if len(ladders) == 1 else Crew(ladders)

    def upscale(self, pixels: Pixels) -> Pixels:
        """H,W or H,W,C (gray, gray with alpha, RGB, RGBA; uint8, uint16 or float32 in 0..1) -> the same, enlarged.

        Integers are clipped; floats keep what goes beyond 0..1.
        """
        return self.upscale_many([pixels])[0]

    def upscale_many(self, pictures: Sequence[Pixels]) -> list[Pixels]:
        """Each picture enlarged; those that need no more than one row of tiles share calls of the network."""
        results: list[Pixels] = list(pictures)
        small: list[tuple[int, Enlarging]] = []
        for place, pixels in enumerate(pictures):
            if pixels.ndim not in (2, 3) or not pixels.size:
                raise MediaError(f"An array of shape {pixels.shape} is not a picture; (height, width[, channels]) is.")
            picture = self._open(ArraySource(pixels))
            picture.canvas.number = place
            if len(picture.grid.rows) == 1 and not self._passes:
                small.append((place, picture))
            else:
                results[place] = self._gathered(picture)
        # Pictures of one size lie side by side, so that their tiles are of one shape.
        small.sort(key=lambda item: (item[1].grid.height, item[1].grid.width))
        for start in range(0, len(small), TOGETHER):
            chunk = small[start : start + TOGETHER]
            self._work([work for _, picture in chunk for work in picture.begin(0)])
            for place, picture in chunk:
                results[place] = picture.finish(0)
        return [r if p.ndim == 3 else r[..., 0] for r, p in zip(results, pictures, strict=True)]

    def upscale_rows(self, source: Source) -> Iterator[Pixels]:
        """Enlarged rows from top to bottom, as soon as they are final: n, width * scale, channels; n varies.

        Needs memory for one row of tiles, whatever the height.
        """
        return self._rows(self._open(source))

    def close(self) -> None:
        """Give the device's memory back; the next picture takes it again."""
        for place in self.devices:
            devices.release(place)

    def core_for(self, height: int, width: int) -> int | None:
        """Side of what a tile of such a picture keeps, with the memory that is free now; None: one tile is all."""
        return self._plan((height, width)).core

    def compute(self, works: Sequence[Work]) -> None:
        """Compute tiles that the caller has cut, and put them in their places.

        One call of the network for each, so that its result does not depend on which others there are.
        """
        for work in works:
            self._runner.allow(work.pixels)
            self._work([work])

    def _rows(self, picture: Enlarging) -> Iterator[Pixels]:
        if self._passes:
            self._runner.know(None if picture.grid.whole else self._statistics(picture))
        done = 0
        for index in range(len(picture.grid.rows)):
            done = self._work(
                picture.begin(index), done, (len(picture.grid.rows) - index - 1) * len(picture.grid.columns)
            )
            yield picture.finish(index)

    def grid_for(self, height: int, width: int) -> TileGrid:
        """The tiles into which such a picture is cut, with the memory that is free now."""
        return self._grid((height, width), self._plan((height, width)).core)

    def _statistics(self, picture: Enlarging) -> Known:
        """The values of the whole picture that the network takes: several passes over it."""

        def tiles() -> Iterator[Work]:
            strip = picture.again()
            for index in range(len(strip.grid.rows)):
                yield from strip.begin(index)

        return self._runner.gather(tiles)

    def _gathered(self, picture: Enlarging) -> Pixels:
        whole: Pixels | None = None
        row = 0
        for band in self._rows(picture):
            if whole is None:
                height = out_edge(picture.grid.height, self.model.scale)
                whole = np.empty((height, *band.shape[1:]), band.dtype)
            whole[row : row + len(band)] = band
            row += len(band)
        assert whole is not None
        return whole

    def _work(self, works: Sequence[Work], done: int = 0, later: int = 0) -> int:
        """Compute tiles and put them in their places; how many are done now.  ``later``: tiles that will follow."""
        total = done + len(works) + later
        for _, added in self._runner.run(works):
            done, total = done + 1, total + added
            self._tell(TileDone(done, total))
        return done

    def _open(self, source: Source) -> Enlarging:
        layout = layout_of(source.channels, source.dtype)
        plan = self._plan((source.height, source.width), layout)
        grid = self._grid((source.height, source.width), plan.core)
        # The grid may need larger tiles than were planned.
        self._runner.allow(max(plan.at_once, grid.largest))
        return Enlarging(source, layout, grid, self.model.scale, blended=self._overlap > 0 and not grid.whole)

    def _grid(self, size: tuple[int, int], core: int | None) -> TileGrid:
        return tile_grid(*size, self.model.traits, core, self._overlap)

    def _plan(self, size: tuple[int, int], layout: Layout = PHOTO) -> TilePlan:
        scale = self.model.scale
        row = scale**2 * size[1] * layout.channels * layout.dtype.itemsize
        room = Room.on(self.device, self._memory)
        return tile_plan(size, row, self.model.traits, self.need, room, self.device, self._tile, self._overlap)
