"""Tiles in, results out, whatever happens: the ladder of fallbacks.

Out of memory: fewer tiles at once, then smaller tiles, down to ``FLOOR``, then the CPU.  A tile that overflowed in half
precision is repeated in float32; what is blown up there too is replaced by plain enlarging.  Finished tiles are kept.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from upscaler.engine import guard
from upscaler.engine.canvas import Canvas
from upscaler.engine.devices import Arrival, arrival, describe, fetch, release
from upscaler.engine.events import Event, Fallback
from upscaler.engine.executors import Executor
from upscaler.engine.executors.choice import Name, Setting, make
from upscaler.engine.executors.eager import Eager
from upscaler.engine.pixels import colour_to_tensor
from upscaler.engine.resample import enlarge
from upscaler.engine.statistics import Known, gather, tell_network
from upscaler.engine.tiles import Tile, split
from upscaler.errors import Cancelled, RoomError
from upscaler.networks.run import extend
from upscaler.networks.window import stack

FLOOR = 16
"""Input pixels: below twice this a side is not halved; the halo would cost far more than what is kept."""

PIECE = 512
"""Input pixels: larger tiles that overflowed are cut before they are computed in float32."""

CPU = torch.device("cpu")

DEVICE_LOST: tuple[type[Exception], ...] = (
    (torch.AcceleratorError,) if hasattr(torch, "AcceleratorError") else ()  # since torch 2.8
)

OF_THE_DEVICE: tuple[type[Exception], ...] = (torch.OutOfMemoryError, MemoryError, *DEVICE_LOST)
"""Failures that no other executor on the same device would be spared."""


@dataclass(frozen=True, slots=True)
class Work:
    """One tile of one picture."""

    canvas: Canvas
    tile: Tile
    full: bool = False
    """It overflowed in half precision and is to be computed in float32."""

    @property
    def pixels(self) -> int:
        return self.tile.shape[0] * self.tile.shape[1]

    @property
    def whole(self) -> bool:
        """It reads the whole picture; a piece of a picture that was to be one tile does not."""
        return self.tile.shape == (self.canvas.grid.height, self.canvas.grid.width)


@dataclass(frozen=True, slots=True)
class Launched:
    """A batch whose results are on their way."""

    batch: list[Work]
    x: Tensor
    window: Tensor | None
    y: Tensor
    wrong: Tensor
    """N, bool, on the CPU: blown up."""

    pixels: list[Tensor | None] = field(default_factory=list)
    """From an accelerator: pixels as they are pasted, on the CPU; None where values are needed."""

    arrived: Arrival | None = None
    """To be waited for before ``wrong`` and ``pixels`` are looked at."""


class Ladder:
    """One model on one device, and what to do when that fails.

    Args:
        setting: model, device and precision.
        executor: who computes; plain torch where that one cannot.
        overlap: how much pieces of a split tile share, to be blended.
    """

    def __init__(
        self,
        setting: Setting,
        executor: Name,
        *,
        overlap: int,
        tell: Callable[[Event], None],
        stop: Callable[[], bool],
    ) -> None:
        self._model, self._device, self._dtype = setting.model, setting.device, setting.dtype
        self.eager = Eager(setting.model, setting.device, setting.dtype)
        self._executor: Executor = self.eager if executor == "torch" else make(executor, setting)
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
        for executor in (self.eager, self._full):
            if executor is not None:
                tell_network(executor.network, known)

    def run(self, works: Iterable[Work]) -> Iterator[tuple[Work, int]]:
        """Each tile (or each of the pieces it was split into) once it is in its place, and how many were added by that.

        Raises RoomError when not even the smallest tile fits on the CPU, Cancelled between tiles.
        """
        waiting = _Waiting(works)
        launched: deque[Launched] = deque()
        while True:
            if self._stop():
                raise Cancelled("Stopped before the picture was finished; nothing of it was kept.")
            # An accelerator computes the next tiles while the results of the last ones are put in their places.
            batch = self._take(waiting) if len(launched) < (1 if self._device.type == "cpu" else 2) else []
            if not batch and not launched:
                return
            try:
                if batch:
                    launched.append(self._launch(batch))
                    continue
                done, again = self._finish(launched[0])
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                failed = batch or launched.popleft().batch
                waiting.put_back([work for other in launched for work in other.batch])
                launched.clear()
                instead = self._climb_down(failed, error)
                waiting.count(len(instead) - len(failed))
                waiting.put_back(instead)
                continue
            waiting.put_back(again)
            waiting.count(len(again) - (len(launched.popleft().batch) - len(done)))
            for work in done:
                yield work, waiting.added()

    def _take(self, waiting: "_Waiting") -> list[Work]:
        """The next tiles that have one shape and together no more pixels than allowed; [] when there are no more."""
        first = waiting.next()
        if first is None:
            return []
        while first.pixels > self._at_once and (pieces := self._pieces(first)):
            waiting.put_back(pieces[1:])
            waiting.count(len(pieces) - 1)
            first = pieces[0]
        batch = [first]
        while first.pixels * (len(batch) + 1) <= self._at_once:
            other = waiting.next()
            if other is None:
                break
            if _form(other) != _form(first):
                waiting.put_back([other])
                break
            batch.append(other)
        return batch

    def _pieces(self, work: Work) -> list[Work]:
        tiles = split(work.tile, self._model.traits, FLOOR, self._overlap)
        return [Work(work.canvas, tile, work.full) for tile in tiles]

    def _climb_down(self, batch: list[Work], error: Exception) -> list[Work]:
        """What to do instead of a batch that failed."""
        if isinstance(error, DEVICE_LOST):
            return self._to_cpu(batch, f"{describe(self._device)} failed ({error})")
        # torch's allocators for CPU and MPS raise a plain RuntimeError; one that means something else comes again at
        # the floor, and is raised there.
        if type(error) is not RuntimeError and not isinstance(error, torch.OutOfMemoryError | MemoryError):
            raise error
        release(self._device)  # what is kept in pieces may be whole enough after that
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
        self._full = None
        self._executor = self.eager = self._in_full()
        self._most = sys.maxsize
        return batch

    def _launch(self, batch: list[Work]) -> Launched:
        """Start the network on a batch; on an accelerator nothing waits for it."""
        x, window = self._inputs(batch)
        y = self._forward(self._in_full() if batch[0].full else self._executor, x, window)
        wrong = guard.blown(y, guard.limits(x))
        if y.device.type == "cpu":
            return Launched(batch, x, window, y, wrong)
        pixels = [work.canvas.on_device(self._kept(work.tile, y[i])) for i, work in enumerate(batch)]
        host = [None if p is None else fetch(p) for p in pixels]
        return Launched(batch, x, window, y, fetch(wrong), host, arrival(y.device))

    def _finish(self, launched: Launched) -> tuple[list[Work], list[Work]]:
        """Put the results of a batch in their places: which are, and what has to be computed again instead."""
        done, again = [], []
        if launched.arrived is not None:
            launched.arrived.synchronize()
        for i, work in enumerate(launched.batch):
            pixels = launched.pixels[i] if launched.pixels else None
            if launched.wrong[i] and self._dtype != torch.float32 and not work.full:
                again += self._in_fp32(work)
                continue
            done.append(work)
            if launched.wrong[i]:
                y = self._repaired(work, launched.x[i : i + 1].cpu(), launched.y[i : i + 1].cpu())
            elif pixels is not None:
                work.canvas.paste(work.tile, pixels)
                continue
            else:
                y = launched.y[i].cpu()
            work.canvas.place(work.tile, self._kept(work.tile, y))
        return done, again

    def _kept(self, tile: Tile, y: Tensor) -> Tensor:
        scale = self._model.scale
        return y[:, tile.rows.kept(scale), tile.columns.kept(scale)]

    def gather(self, tiles: Callable[[], Iterable[Work]]) -> Known:
        """The values of a whole picture that the network takes, in several passes over its ``tiles``."""
        network = self.eager.network
        return gather(network, tiles, lambda work: self._forward(self.eager, *self._inputs([work])), self._pieces)

    def _inputs(self, batch: list[Work]) -> tuple[Tensor, Tensor | None]:
        x = colour_to_tensor([work.canvas.cut(work.tile) for work in batch], self._device)
        window = None if batch[0].whole else stack([work.canvas.grid.window(work.tile) for work in batch])
        # A tile at the end of an axis is extended as the picture would be; any other gets a little more halo.
        return extend(x, self._model.traits.min_size, self._model.traits.multiple), window

    def _forward(self, executor: Executor, x: Tensor, window: Tensor | None) -> Tensor:
        """In and out in 0..1."""
        white = self._model.traits.value_range
        return self._run(executor, x, window) if white == 1 else self._run(executor, x * white, window) / white

    def _run(self, executor: Executor, x: Tensor, window: Tensor | None) -> Tensor:
        """Runtimes other than plain torch may know less than it does."""
        try:
            return executor.run(x, window)
        except OF_THE_DEVICE:
            raise
        except Exception as error:
            if executor is not self._executor or executor.name == Eager.name:
                raise
            self._tell(
                Fallback(f"{executor.name} cannot run {self._model.name} ({_first_line(error)}); going on with torch.")
            )
            self._executor = self.eager
            return self._executor.run(x, window)

    def _in_full(self) -> Eager:
        """The network in float32, made when it is first needed."""
        if self._full is None:
            self._full = Eager(self._model, self._device, torch.float32)
            if self._known is not None:
                tell_network(self._full.network, self._known)
        return self._full

    def _in_fp32(self, work: Work) -> list[Work]:
        """What to compute instead of a tile that overflowed; in pieces, for float32 needs more memory."""
        sentence = f"{self._where(work)} overflowed in half precision and was computed in fp32."
        self._tell(Fallback(sentence, work.canvas.number))
        whole = Work(work.canvas, work.tile, full=True)
        return (self._pieces(whole) if work.pixels > PIECE**2 and not self._overlap else []) or [whole]

    def _repaired(self, work: Work, x: Tensor, y: Tensor) -> Tensor:
        """What is put in the place of one result that is blown up in float32: 3,H,W."""
        sentence = (
            f"{self._where(work)} holds a pattern that {self._model.name} cannot enlarge (it answers with values far "
            "beyond white); bicubic stands there instead."
        )
        self._tell(Fallback(sentence, work.canvas.number))
        size, scale, limit = (work.canvas.grid.height, work.canvas.grid.width), self._model.scale, guard.limits(x)
        height, width = work.tile.shape
        y = y[:, :, : work.tile.rows.made(scale), : work.tile.columns.made(scale)].clone()
        part = guard.surroundings(y, limit)
        if part is None:  # only what the tile was extended by is blown up, and that is cut off
            return y[0]
        plain = enlarge(x[:, :, :height, :width], work.tile, size, scale, part)
        y[..., *part] = guard.patch(y[..., *part], plain, limit)
        return y[0]

    def _where(self, work: Work) -> str:
        return f"The tile at row {work.tile.rows.start}, column {work.tile.columns.start}"


def _form(work: Work) -> tuple[object, ...]:
    """What tiles must have in common to lie in one batch."""
    return work.tile.shape, work.whole, work.full, work.canvas.layout.colours, work.canvas.layout.dtype


class _Waiting:
    """Tiles that are not begun yet: those that were put back first, then new ones, taken as they are needed."""

    def __init__(self, works: Iterable[Work]) -> None:
        self._new = iter(works)
        self._back: deque[Work] = deque()
        self._added = 0

    def next(self) -> Work | None:
        return self._back.popleft() if self._back else next(self._new, None)

    def put_back(self, works: list[Work]) -> None:
        self._back.extendleft(reversed(works))

    def count(self, more: int) -> None:
        """So many tiles more than there were."""
        self._added += more

    def added(self) -> int:
        """How many were added since this was last asked."""
        added, self._added = self._added, 0
        return added


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
