"""Pooling and resizing in a tile as in the whole picture."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from upscaler.networks.squares import averaged_over_squares
from upscaler.networks.window import Window, pool_maxima, spread_cells, stack


@settings(deadline=None, max_examples=60)
@given(
    length=st.integers(1, 300),
    width=st.integers(1, 40),
    side=st.sampled_from([2, 4, 8, 16]),
    start=st.floats(0, 1, exclude_max=True),
    smooth=st.booleans(),
)
def test_pooled_modulation_of_a_tile_is_that_of_the_whole_picture(
    length: int, width: int, side: int, start: float, smooth: bool
) -> None:
    picture = torch.rand(1, 2, length, width, generator=torch.Generator().manual_seed(length))
    core, halo = int(start * length), 6 * side  # three cells, none longer than twice the side
    top, bottom = max(core - halo, 0), min(core + 30 + halo, length)
    windows = stack([Window(top, 0, length, width)])

    def modulate(x: torch.Tensor, window: torch.Tensor | None) -> torch.Tensor:
        blur = torch.ones(2, 1, 3, 3) / 9
        cells = F.conv2d(pool_maxima(x, side, window), blur, padding=1, groups=2)
        return spread_cells(cells, (x.shape[2], x.shape[3]), window, side, smooth=smooth)

    whole, tile = modulate(picture, None), modulate(picture[:, :, top:bottom], windows)
    kept = slice(core - top, min(core + 30, length) - top)
    expected = whole[:, :, core : core + 30]
    assert torch.allclose(tile[:, :, kept], expected, atol=1e-5)


def test_tiles_of_different_places_run_in_one_batch() -> None:
    picture = torch.rand(1, 3, 90, 70, generator=torch.Generator().manual_seed(1))
    places = [Window(0, 0, 90, 70), Window(26, 13, 90, 70)]
    tiles = torch.cat([picture[:, :, w.top : w.top + 64, w.left : w.left + 57] for w in places])
    together = pool_maxima(tiles, 8, stack(places))
    for tile, place, cells in zip(tiles, places, together, strict=True):
        assert torch.equal(pool_maxima(tile[None], 8, stack([place]))[0], cells)


@pytest.mark.filterwarnings("ignore:.*jit.trace:DeprecationWarning")
def test_a_traced_network_never_keeps_squares_of_another_picture() -> None:
    class Squares(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return averaged_over_squares(x, 4, torch.Tensor.relu)

    with pytest.raises(RuntimeError, match="freeze"):
        torch.jit.trace(Squares(), torch.rand(1, 1, 8, 8))
