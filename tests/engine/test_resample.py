"""Plain enlarging: the same in tiles and whole, and never beyond what it is given where that is flat."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from upscaler.engine.guard import blown, limits, patch, surroundings
from upscaler.engine.resample import enlarge
from upscaler.engine.tiles import Span, Tile, tile_grid
from upscaler.networks.family import Traits

SCALE = st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.0])


def whole(x: torch.Tensor, scale: float) -> torch.Tensor:
    height, width = x.shape[2:]
    return enlarge(x, Tile(Span(0, height, 0, height), Span(0, width, 0, width)), (height, width), scale)


@given(st.integers(1, 50), st.integers(1, 50), SCALE)
def test_one_colour_stays_that_colour(height: int, width: int, scale: float) -> None:
    assert torch.allclose(whole(torch.full((1, 2, height, width), 0.7), scale), torch.tensor(0.7), atol=1e-6)


def test_it_agrees_with_torch_where_torch_uses_the_same_kernel() -> None:
    x = torch.rand(1, 3, 20, 30)
    # With antialiasing torch takes a = -1/2, as Keys did; enlarging is not changed by it otherwise.
    theirs = torch.nn.functional.interpolate(x, scale_factor=4, mode="bicubic", antialias=True)
    inside = slice(16, -16)  # torch weighs beyond the border by what is left, we repeat the edge
    assert torch.allclose(whole(x, 4)[:, :, inside, inside], theirs[:, :, inside, inside], atol=1e-5)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(4, 30), SCALE)
def test_tiles_are_that_part_of_the_whole(height: int, width: int, core: int, scale: float) -> None:
    x = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(height))
    full = whole(x, scale)
    for tile in tile_grid(height, width, Traits(scale=scale), core):
        rows, columns = tile.rows, tile.columns
        read = x[:, :, rows.read_start : rows.read_stop, columns.read_start : columns.read_stop]
        part = enlarge(read, tile, (height, width), scale)[:, :, rows.kept(scale), columns.kept(scale)]
        assert torch.equal(part, full[:, :, rows.placed(scale), columns.placed(scale)])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 4.0, -3.5])
def test_what_no_picture_can_be_is_found(bad: float) -> None:
    x, y = torch.rand(3, 3, 8, 8), torch.rand(3, 3, 16, 16)
    y[1, 2, 3, 4] = bad
    assert blown(y, limits(x)).tolist() == [False, True, False]


def test_light_beyond_white_is_believed_if_it_came_in() -> None:
    assert not blown(torch.full((1, 3, 8, 8), 9.0), limits(torch.full((1, 3, 4, 4), 5.0))).any()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e30])
def test_a_patch_is_plain_where_wrong_and_untouched_far_away(bad: float) -> None:
    y, plain = torch.full((1, 3, 200, 200), 0.25), torch.full((1, 3, 200, 200), 0.75)
    y[..., 20, 20] = bad
    result = patch(y, plain, torch.tensor([3.0]))
    assert result.isfinite().all()
    assert (result[..., 15:25, 15:25] == 0.75).all()
    assert (result[..., 100:, 100:] == 0.25).all()
    assert (result.diff(dim=2).abs() < 0.05).all()
    part = surroundings(y, torch.tensor([3.0]))
    assert part is not None
    y[..., *part] = patch(y[..., *part], plain[..., *part], torch.tensor([3.0]))
    assert torch.equal(y, result), "what is around it is enough"
    assert surroundings(y, torch.tensor([3.0])) is None
