"""What the rest of the program knows of a network: how to recognise, build and tile it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

Shapes = Mapping[str, tuple[int, ...]]
"""Keys of a state dict (without outer levels such as ``params_ema``) and their tensors' shapes."""

State = dict[str, Tensor]

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Traits:
    """What the engine must know to feed a network and to cut its input into tiles.

    Lengths are in input pixels.  Every network here is called as ``network(x, window)`` with ``x`` N,C,H,W and
    ``window`` None (the input is a whole picture) or an int64 tensor N,4 (see ``window.py``).
    """

    scale: float
    """Output side / input side; whole but for arbitrary-scale networks."""

    channels: int = 3
    """Colour channels of input and output."""

    value_range: float = 1.0
    """Black is 0, white is this, in the input and in the output."""

    halo: int = 0
    """Extra input needed on each side of a tile for an error below float32 rounding (the practical halo)."""

    grid: int = 1
    """Tiles must be read from origins that are multiples of this."""

    min_size: int = 1
    """Shorter axes are extended at the bottom or right by repeating the edge, and the result is cropped."""

    multiple: int = 1
    """Pictures are extended at the bottom and right to multiples of this before the network (and any statistic) sees
    them, by reflection that does not repeat the edge: ``run.extension`` gives the rows.  The result is cropped."""

    exact_tiles: bool = True
    """Tiles with ``halo``, ``grid`` and ``window`` kept equal the whole picture."""

    global_statistics: bool = False
    """Some values depend on the whole picture (``blocks.GlobalStatistic``): tiles need a first pass to be exact."""

    precise: tuple[str, ...] = ()
    """Prefixes of the submodules that stay in float32 when the rest runs in half precision."""


@dataclass(frozen=True, slots=True)
class Family(Generic[C]):
    """One architecture.  ``C`` is its frozen configuration, all of which follows from the tensors' shapes."""

    name: str
    recognises: Callable[[Shapes], bool]
    """True for the state dicts of this architecture in any published layout, and for no other's."""

    read_config: Callable[[Shapes], C]
    build: Callable[[C], nn.Module]
    traits: Callable[[C], Traits]
    convert: Callable[[State, C], State] | None = None
    """Published layout -> the module's own: branches merged (in float64), names made good.  None: they are the same.

    Must not change a state dict that is already in the module's own layout.
    """

    any_scale: Callable[[C, float], C] | None = None
    """For networks whose weights serve every scale: the configuration for another one.  None: the scale is fixed."""


def has(*keys: str, but: str | None = None) -> Callable[[Shapes], bool]:
    """A recogniser for architectures that some keys single out; ``but`` is a key that only a relative has."""
    return lambda shapes: all(key in shapes for key in keys) and but not in shapes


AnyFamily = Family[Any]
