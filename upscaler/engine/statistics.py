"""Values of the whole picture, gathered tile by tile, so that a network that needs them is exact in tiles.

A value may depend on those before it, so each takes a pass over the picture, stopped where the value is taken.
Sums run in float64 over the cores of the tiles, combined as parallel variance (Chan, Golub and LeVeque, 1979).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from upscaler.engine.tiles import Span, Tile
from upscaler.networks.blocks import GlobalStatistic

Known = tuple[tuple[Tensor, Tensor] | None, ...]
"""Mean and population variance, each 1,C,1,1 float32, for each ``GlobalStatistic`` in the order of ``modules()``."""


class Cut(Protocol):
    """Something that is computed for one tile."""

    @property
    def tile(self) -> Tile: ...


W = TypeVar("W", bound=Cut)


@dataclass(frozen=True, slots=True)
class Moments:
    """Of one channel-wise sample: how many values, their mean, and the sum of squared distances to it (C, float64)."""

    count: int
    mean: Tensor
    squares: Tensor

    @staticmethod
    def of(x: Tensor) -> "Moments":
        """``x``: 1,C,h,w."""
        values = x[0].flatten(1).double()
        mean = values.mean(1)
        return Moments(values.shape[1], mean, (values - mean[:, None]).square().sum(1))

    def __add__(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        apart = other.mean - self.mean
        return Moments(
            count,
            self.mean + apart * (other.count / count),
            self.squares + other.squares + apart.square() * (self.count * other.count / count),
        )

    def known(self) -> tuple[Tensor, Tensor]:
        """Mean and population variance as networks take them."""
        shape = (1, -1, 1, 1)
        return self.mean.float().view(shape), (self.squares / self.count).float().view(shape)


def sites(network: nn.Module) -> list[GlobalStatistic]:
    """Where the network looks at everything at once."""
    return [module for module in network.modules() if isinstance(module, GlobalStatistic)]


def tell_network(network: nn.Module, known: Known | None) -> None:
    """Give the network its picture's values; None: it takes them from what comes in."""
    places = sites(network)
    for site, values in zip(places, known or (None,) * len(places), strict=True):
        device = next(network.parameters()).device
        site.known = None if values is None else (values[0].to(device), values[1].to(device))


def gather(
    network: nn.Module,
    works: Callable[[], Iterable[W]],
    forward: Callable[[W], object],
    smaller: Callable[[W], list[W]],
) -> Known:
    """The values of one picture.

    Args:
        network: what ``forward`` runs; its ``known`` values are changed.
        works: the picture's tiles, from the top again for each pass.
        forward: runs the network on what a tile reads.
        smaller: pieces of a tile that did not fit into memory; [] if it cannot be cut.
    """
    tell_network(network, None)
    places = sites(network)
    while any(site.known is None for site in places):
        found: dict[GlobalStatistic, Moments] = {}
        for work in works():
            for site, moments in _taken(places, forward, smaller, work):
                found[site] = found[site] + moments if site in found else moments
            if not found:
                return _known(places)  # the others are never reached
        for site, moments in found.items():
            site.known = moments.known()
    return _known(places)


def _known(places: list[GlobalStatistic]) -> Known:
    return tuple(None if site.known is None else (site.known[0], site.known[1]) for site in places)


class _Reached(Exception):
    """No error: the pass ends here."""

    def __init__(self, site: GlobalStatistic, x: Tensor) -> None:
        self.site, self.x = site, x


def _taken(
    places: list[GlobalStatistic],
    forward: Callable[[W], object],
    smaller: Callable[[W], list[W]],
    work: W,
) -> Iterator[tuple[GlobalStatistic, Moments]]:
    """What one tile (or the pieces into which it has to be cut) gives to the next unknown value."""
    try:
        reached = _first_unknown(places, forward, work)
    except (torch.OutOfMemoryError, MemoryError):
        pieces = smaller(work)
        if not pieces:
            raise
        for piece in pieces:
            yield from _taken(places, forward, smaller, piece)
    else:
        if reached is not None:
            site, x = reached
            yield site, Moments.of(_core(x, work.tile))


def _first_unknown(
    places: list[GlobalStatistic], forward: Callable[[W], object], work: W
) -> tuple[GlobalStatistic, Tensor] | None:
    """Run the network until it takes a value that is not known yet: where that is, and what comes in there."""

    def stop(site: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(site, GlobalStatistic)
        raise _Reached(site, inputs[0])

    hooks = [site.register_forward_pre_hook(stop) for site in places if site.known is None]
    try:
        forward(work)
    except _Reached as reached:
        return reached.site, reached.x
    finally:
        for hook in hooks:
            hook.remove()
    return None


def _core(x: Tensor, tile: Tile) -> Tensor:
    """The part of a map (perhaps of a lower resolution) that belongs to the core of its tile."""
    return x[:, :, _cells(tile.rows, x.shape[2]), _cells(tile.columns, x.shape[3])]


def _cells(span: Span, count: int) -> slice:
    stride = max(round(span.read / count), 1)
    origin = span.read_start // stride
    # A cell belongs to the core in which its first pixel lies; at the end of the picture there may be one more.
    stop = -(-span.stop // stride) - origin
    return slice(-(-span.start // stride) - origin, count if span.stop == span.read_stop else stop)
