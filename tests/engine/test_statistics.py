"""Networks that look at the whole picture: exact in tiles, once its values are known."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.small import small
from upscaler.engine import Upscaler
from upscaler.engine.events import Event, Fallback
from upscaler.engine.pixels import Pixels
from upscaler.engine.statistics import Moments


@pytest.fixture(scope="module")
def picture() -> Pixels:
    # Darker at the left: tiles on their own would each find other values.
    noise = np.random.default_rng(3).random((120, 150, 3), dtype=np.float32)
    return noise * np.linspace(0, 1, 150, dtype=np.float32)[:, None]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_moments_of_parts_are_those_of_the_whole(first: int, second: int, seed: int) -> None:
    x = torch.rand(1, 3, 1, first + second, generator=torch.Generator().manual_seed(seed)) * 100 + 1000
    mean, variance = (Moments.of(x[..., :first]) + Moments.of(x[..., first:])).known()
    assert torch.allclose(mean[0, :, 0, 0], x[0, :, 0].double().mean(1).float())
    assert torch.allclose(variance[0, :, 0, 0], x[0, :, 0].double().var(1, correction=0).float(), atol=1e-3)


@pytest.mark.parametrize("tile", [17, 40, 100])
def test_exact_tiles_equal_the_whole_picture(picture: Pixels, tile: int) -> None:
    model = small(statistics=True)[0]
    whole = Upscaler(model, precision="fp32", tile=0).upscale(picture)
    exact = Upscaler(model, precision="fp32", tile=tile, exact=True).upscale(picture)
    assert abs(whole - exact).max() < 1e-5


def test_without_the_option_they_are_blended_and_near(picture: Pixels) -> None:
    model = small(statistics=True)[0]
    whole = Upscaler(model, precision="fp32", tile=0).upscale(picture)
    blended = Upscaler(model, precision="fp32", tile=40).upscale(picture)
    assert 1e-4 < abs(whole - blended).max() < 1


def test_one_picture_leaves_nothing_behind_for_the_next(picture: Pixels) -> None:
    model = small(statistics=True)[0]
    upscaler = Upscaler(model, precision="fp32", tile=40, exact=True)
    first = upscaler.upscale(picture)
    upscaler.upscale(1 - picture)
    upscaler.upscale(picture[:20, :20])
    assert np.array_equal(upscaler.upscale(picture), first)


def test_a_tile_that_overflows_is_repeated_with_the_same_values(picture: Pixels) -> None:
    def overflow(call: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return y * float("nan") if half[0] and x.shape[2] < 100 and next(half_calls) == 0 else y

    half, half_calls = [True], iter(range(10**6))
    model = small(statistics=True, on_call=overflow)[0]
    mixed = Upscaler(model, precision="bf16", tile=40, exact=True).upscale(picture)
    half[0] = False
    exact = Upscaler(model, precision="fp32", tile=40, exact=True).upscale(picture)
    assert abs(mixed - exact).max() < 0.1


def test_out_of_memory_while_values_are_gathered_takes_smaller_tiles(picture: Pixels) -> None:
    def fail(call: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if call and x.shape[2] * x.shape[3] > 40 * 40:
            raise torch.OutOfMemoryError
        return y

    told: list[Event] = []
    result = Upscaler(
        small(statistics=True, on_call=fail)[0], precision="fp32", tile=60, exact=True, tell=told.append
    ).upscale(picture)
    whole = Upscaler(small(statistics=True)[0], precision="fp32", tile=0).upscale(picture)
    assert abs(whole - result).max() < 1e-5
    assert any(isinstance(event, Fallback) for event in told)


def test_what_cannot_be_exact_says_so(picture: Pixels) -> None:
    told: list[Event] = []
    Upscaler(small(exact_tiles=False)[0], exact=True, tell=told.append)
    (fallback,) = [event for event in told if isinstance(event, Fallback)]
    assert "cannot be exact" in fallback.sentence
