"""Tiles of every network are the same pixels that the whole picture gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from tests.networks.official import Loaded, Official, load, officials
from tests.networks.photo import photo
from tests.shared import needs_shared
from upscaler.networks.blocks import GlobalStatistic
from upscaler.networks.window import Window, stack

HEIGHT, WIDTH = 233, 251
"""Neither is a multiple of any grid."""


@dataclass(frozen=True)
class Axis:
    """One axis of a tile: what is kept, and what is read for it."""

    start: int
    stop: int
    read_start: int
    read_stop: int


def axis(start: int, stop: int, length: int, loaded: Loaded) -> Axis:
    traits = loaded.traits
    low = max(start - traits.halo, 0) // traits.grid * traits.grid
    return Axis(start, stop, low, min(stop + traits.halo, length))


def tile(loaded: Loaded, picture: Tensor, rows: Axis, columns: Axis) -> Tensor:
    window = stack([Window(rows.read_start, columns.read_start, HEIGHT, WIDTH)])
    read = picture[:, :, rows.read_start : rows.read_stop, columns.read_start : columns.read_stop]
    y: Tensor = loaded.network(read, window)
    scale = int(loaded.traits.scale)
    return y[
        :,
        :,
        (rows.start - rows.read_start) * scale : (rows.stop - rows.read_start) * scale,
        (columns.start - columns.read_start) * scale : (columns.stop - columns.read_start) * scale,
    ]


SLOW = ("hit-srf",)
"""More than ten seconds: each tile is read with most of the picture around it."""

CORES = {
    "top right": ((0, 20), (WIDTH - 21, WIDTH)),
    "bottom left": ((HEIGHT - 1, HEIGHT), (0, 1)),
    "inside": ((109, 131), (117, 140)),
}


@contextmanager
def knowing_the_picture(network: nn.Module, picture: Tensor) -> Iterator[Tensor]:
    """The picture's result; inside, the network takes its statistics from it, as an engine's first passes would do."""
    places = [module for module in network.modules() if isinstance(module, GlobalStatistic)]

    def remember(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(module, GlobalStatistic)
        seen.append((module, module.moments(inputs[0])))

    seen: list[tuple[GlobalStatistic, tuple[Tensor, Tensor]]] = []
    hooks = [place.register_forward_pre_hook(remember) for place in places]
    whole = network(picture)
    for hook in hooks:
        hook.remove()
    for place, moments in seen:
        place.known = moments
    try:
        yield whole
    finally:
        for place in places:
            place.known = None


@needs_shared
@pytest.mark.parametrize(
    "official",
    [pytest.param(o, marks=[pytest.mark.slow] if o.name in SLOW else []) for o in officials()],
    ids=lambda o: f"{o.year}-{o.name}",
)
def test_a_tile_is_that_part_of_the_whole_picture(official: Official) -> None:
    loaded = load(official)
    if not loaded.traits.exact_tiles:
        pytest.skip("its tiles are only blended")
    scale, top = int(loaded.traits.scale), loaded.traits.value_range
    picture = photo(HEIGHT, WIDTH) * top
    with torch.inference_mode(), knowing_the_picture(loaded.network, picture) as whole:
        for name, (rows, columns) in CORES.items():
            part = tile(loaded, picture, axis(*rows, HEIGHT, loaded), axis(*columns, WIDTH, loaded))
            there = whole[:, :, rows[0] * scale : rows[1] * scale, columns[0] * scale : columns[1] * scale]
            assert (part - there).abs().max() < 1e-4 * top, name
