"""Tiles in, results out, whatever happens: the ladder of fallbacks.

Out of memory: fewer tiles at once, then smaller tiles, down to ``FLOOR``, then the CPU.  A tile that overflowed in half
precision is repeated in float32; what is blown up there too is replaced by plain enlarging.  Finished tiles are kept.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from upscaler.engine import guard
from upscaler.engine.canvas import Canvas
from upscaler.engine.devices import describe
from upscaler.engine.events import Event, Fallback
from upscaler.engine.executors import Executor
from upscaler.engine.executors.eager import Eager
from upscaler.engine.pixels import colour_to_tensor
from upscaler.engine.resample import enlarge
from upscaler.engine.statistics import Known, tell_network
from upscaler.engine.tiles import Tile, split
from upscaler.errors import Cancelled, RoomError
from upscaler.models.model import Model
from upscaler.networks.run import extend
from upscaler.networks.window import stack

FLOOR = 16
"""Input pixels: below twice this a side is not halved; the halo would cost far more than what is kept."""

CPU = torch.device("cpu")

DEVICE_LOST: tuple[type[Exception], ...] = (
    (torch.AcceleratorError,) if hasattr(torch, "AcceleratorError") else ()  # since torch 2.8
)


@dataclass(frozen=True, slots=True)
class Work:
    """One tile of one picture."""

    canvas: Canvas
    tile: Tile

    @property
    def pixels(self) -> int:
        return self.tile.shape[0] * self.tile.shape[1]


class Ladder:
    """One model on one device, and what to do when that fails.

    Args:
        overlap: how much pieces of a split tile share, to be blended.
    """

    def __init__(
        self,
        model: Model,
        executor: Executor,
        device: torch.device,
        dtype: torch.dtype,
        *,
        overlap: int,
        tell: Callable[[Event], None],
        stop: Callable[[], bool],
    ) -> None:
        self._model = model
        self._executor = executor
        self._device = device
        self._dtype = dtype
        self._full: Eager | None = None  # in float32, made when it is first needed
        self._known: Known | None = None
        self._at_once = self._most = sys.maxsize
        self._overlap = overlap
        self._tell = tell
        self._stop = stop

    def allow(self, pixels: int) -> None:
        """Input pixels of all tiles that one call may get.  Where memory has run out before, it stays at less."""
        self._at_once = min(pixels, self._most)

    def know(self, known: Known | None) -> None:
        """The values of the whole picture that the network is to use from now on; None: those of what comes in."""
        self._known = known
        for executor in (self._executor, self._full):
            if isinstance(executor, Eager):
                tell_network(executor.network, known)

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, Tensor, int]]:
        """Each tile (or each of the pieces it was split into) with what is kept of its result, and how many still wait.

        The result is 3,H,W float32 in 0..1 on the CPU, not clipped.  Raises RoomError when not even the smallest tile
        fits on the CPU, Cancelled between tiles.
        """
        waiting = deque(works)
        while waiting:
            if self._stop():
                raise Cancelled("Stopped before the picture was finished; nothing of it was kept.")
            batch = self._take(waiting)
            try:
                results = self._compute(batch)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                waiting.extendleft(reversed(self._climb_down(batch, error)))
                continue
            for place, (work, result) in enumerate(zip(batch, results, strict=True)):
                yield work, result, len(waiting) + len(batch) - place - 1

    def _take(self, waiting: deque[Work]) -> list[Work]:
        """The next tiles that have one shape and together no more pixels than are allowed."""
        batch = [waiting.popleft()]
        if batch[0].pixels > self._at_once and (pieces := self._pieces(batch[0])):
            waiting.extendleft(reversed(pieces))
            return self._take(waiting)
        whole = batch[0].canvas.grid.whole
        while (
            waiting
            and waiting[0].tile.shape == batch[0].tile.shape
            and waiting[0].canvas.grid.whole == whole
            and batch[0].pixels * (len(batch) + 1) <= self._at_once
        ):
            batch.append(waiting.popleft())
        return batch

    def _pieces(self, work: Work) -> list[Work]:
        tiles = split(work.tile, self._model.traits, FLOOR, self._overlap)
        return [Work(work.canvas, tile) for tile in tiles]

    def _climb_down(self, batch: list[Work], error: Exception) -> list[Work]:
        """What to do instead of a batch that failed."""
        if isinstance(error, DEVICE_LOST):
            return self._to_cpu(batch, f"{describe(self._device)} failed ({error})")
        # torch's allocators for CPU and MPS raise a plain RuntimeError; one that means something else comes again at
        # the floor, and is raised there.
        if type(error) is not RuntimeError and not isinstance(error, torch.OutOfMemoryError | MemoryError):
            raise error
        height, width = batch[0].tile.shape
        if len(batch) > 1:
            self._at_once = self._most = batch[0].pixels * (len(batch) // 2)
            self._say(f"{len(batch)} tiles of {width} × {height} pixels at once", f"{len(batch) // 2} at once")
            return batch
        pieces = self._pieces(batch[0])
        if pieces:
            self._at_once = self._most = max(piece.pixels for piece in pieces)
            rows, columns = pieces[0].tile.shape
            self._say(f"A tile of {width} × {height} pixels", f"tiles of about {columns} × {rows}")
            return pieces
        if self._device.type != "cpu":
            return self._to_cpu(
                batch, f"Not even a tile of {width} × {height} pixels fits into {describe(self._device)}"
            )
        if type(error) is RuntimeError:
            raise error
        raise RoomError(
            f"Not even a tile of {width} × {height} pixels fits into the memory that is free; close other programs, or "
            "take a smaller model."
        ) from error

    def _say(self, what: str, instead: str) -> None:
        verb = "do" if what[0].isdigit() else "does"
        self._tell(
            Fallback(
                f"{what} {verb} not fit into the memory of {describe(self._device)}; going on with {instead} "
                "(finished tiles are kept)."
            )
        )

    def _to_cpu(self, batch: list[Work], why: str) -> list[Work]:
        self._tell(Fallback(f"{why}; going on with the CPU (finished tiles are kept)."))
        self._device, self._dtype = CPU, torch.float32
        self._full = self._executor = self._eager_fp32()
        self._most = sys.maxsize
        return batch

    def _compute(self, batch: list[Work]) -> list[Tensor]:
        traits = self._model.traits
        x, window = self._inputs(batch)
        y = self._forward(self._executor, x, window)
        limit = guard.limits(x).to(y.device)
        wrong = guard.blown(y, limit).tolist()
        y = y.cpu()
        results = [y[i] for i in range(len(batch))]
        for i in (i for i, is_wrong in enumerate(wrong) if is_wrong):
            results[i] = self._repaired(
                batch[i], x[i : i + 1], None if window is None else window[i : i + 1], y[i : i + 1]
            )
        return [
            result[:, work.tile.rows.kept(traits.scale), work.tile.columns.kept(traits.scale)]
            for work, result in zip(batch, results, strict=True)
        ]

    def forward(self, executor: Executor, batch: list[Work]) -> Tensor:
        """What an executor makes of tiles of one shape, as they are read: N,3,H,W in 0..1."""
        return self._forward(executor, *self._inputs(batch))

    def _inputs(self, batch: list[Work]) -> tuple[Tensor, Tensor | None]:
        x = colour_to_tensor([work.canvas.cut(work.tile) for work in batch])
        whole = batch[0].canvas.grid.whole
        window = None if whole else stack([work.canvas.grid.window(work.tile) for work in batch])
        # A tile at the end of an axis is extended as the picture would be; any other gets a little more halo.
        return extend(x, self._model.traits.min_size, self._model.traits.multiple), window

    def _forward(self, executor: Executor, x: Tensor, window: Tensor | None) -> Tensor:
        """In and out in 0..1."""
        white = self._model.traits.value_range
        return executor.run(x, window) if white == 1 else executor.run(x * white, window) / white

    def _eager_fp32(self) -> Eager:
        eager = Eager(self._model, self._device, torch.float32)
        if self._known is not None:
            tell_network(eager.network, self._known)
        return eager

    def _repaired(self, work: Work, x: Tensor, window: Tensor | None, y: Tensor) -> Tensor:
        """What is put in the place of one blown-up result: 3,H,W."""
        limit = guard.limits(x)
        if self._dtype != torch.float32:
            if self._full is None:
                self._full = self._eager_fp32()
            y = self._forward(self._full, x, window).cpu()
            self._tell(Fallback(f"{self._where(work)} overflowed in half precision and was computed in fp32."))
        if bool(guard.blown(y, limit)):
            size = (work.canvas.grid.height, work.canvas.grid.width)
            height, width = work.tile.shape
            plain = enlarge(x[:, :, :height, :width], work.tile, size, self._model.scale)
            y = guard.patch(y[:, :, : plain.shape[2], : plain.shape[3]], plain, limit)
            self._tell(
                Fallback(
                    f"{self._where(work)} holds a pattern that {self._model.name} cannot enlarge (it answers with "
                    "values far beyond white); bicubic stands there instead."
                )
            )
        return y[0]

    def _where(self, work: Work) -> str:
        return f"The tile at row {work.tile.rows.start}, column {work.tile.columns.start}"
