"""Upscaler: tiles equal the whole picture, and the same input gives the same bytes."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.small import small
from upscaler.engine import Upscaler
from upscaler.engine.events import Event, TileDone
from upscaler.engine.pixels import Pixels


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (120, 150, 3), dtype=np.uint8)


class Rows:
    """A source that hands out each row once, from top to bottom, and notes how many it was asked for at a time."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self.height, self.width, self.channels = pixels.shape
        self.dtype = pixels.dtype
        self.read_rows: list[int] = []

    def read(self, top: int, bottom: int) -> Pixels:
        assert top == sum(self.read_rows)
        self.read_rows.append(bottom - top)
        return self._pixels[top:bottom].copy()


@settings(deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 60), st.sampled_from([1, 2, 3, 4]))
def test_tiles_equal_the_whole_picture(height: int, width: int, tile: int, scale: int) -> None:
    model = small(scale)[0]
    pixels = np.random.default_rng(height).random((height, width, 3), dtype=np.float32)
    whole, tiled = (Upscaler(model, precision="fp32", tile=t).upscale(pixels) for t in (0, tile))
    assert abs(whole - tiled).max() < 1e-5


def test_the_same_input_gives_the_same_bytes(picture: Pixels) -> None:
    first, second = (Upscaler(small()[0], tile=50).upscale(picture) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_rows_come_in_order_and_together_are_the_picture(picture: Pixels) -> None:
    upscaler = Upscaler(small()[0], tile=30)
    bands = list(upscaler.upscale_rows(Rows(picture)))
    assert len(bands) > 2
    assert np.array_equal(np.concatenate(bands), upscaler.upscale(picture))


def test_a_source_is_never_asked_for_more_than_a_band() -> None:
    tall = Rows(np.zeros((2000, 40, 4), np.uint8))
    for _ in Upscaler(small()[0], tile=40).upscale_rows(tall):
        pass
    assert sum(tall.read_rows) == 2000
    assert max(tall.read_rows) < 100


def test_nothing_is_computed_before_rows_are_asked_for(picture: Pixels) -> None:
    model, trouble = small()
    rows: Iterator[Pixels] = Upscaler(model, tile=30).upscale_rows(Rows(picture))
    before = trouble.calls
    next(rows)
    assert trouble.calls > before


def test_blended_tiles_show_no_seam(picture: Pixels) -> None:
    whole = Upscaler(small()[0], precision="fp32").upscale(picture)
    blended = Upscaler(small(exact_tiles=False)[0], precision="fp32", tile=40).upscale(picture)
    # This network is exact in tiles, so blending must change nothing at all.
    assert abs(whole.astype(int) - blended).max() <= 1


def test_blended_tiles_stream_like_exact_ones(picture: Pixels) -> None:
    upscaler = Upscaler(small(exact_tiles=False)[0], tile=30)
    assert np.array_equal(np.concatenate(list(upscaler.upscale_rows(Rows(picture)))), upscaler.upscale(picture))


def test_many_pictures_equal_one_at_a_time_and_small_ones_share_calls() -> None:
    random = np.random.default_rng(8)
    sizes = [(20, 30), (64, 64), (20, 30), (200, 20), (1, 1), (20, 30)]
    pictures: list[Pixels] = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    model, trouble = small()
    upscaler = Upscaler(model, precision="fp32", tile=64)
    start = trouble.calls
    alone = [upscaler.upscale(pixels) for pixels in pictures]
    before = trouble.calls
    together = upscaler.upscale_many(pictures)
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)
    assert trouble.calls - before == before - start - 2  # the three of one size took one call


def test_many_pictures_of_one_size_may_differ_in_form() -> None:
    random = np.random.default_rng(9)
    pictures: list[Pixels] = [
        random.integers(1, 250, (20, 30, channels)).astype(kind)
        for channels, kind in ((1, np.uint8), (3, np.uint8), (3, np.uint16), (4, np.uint8), (2, np.float32))
    ]
    upscaler = Upscaler(small()[0], precision="fp32")
    for one, other in zip(upscaler.upscale_many(pictures), pictures, strict=True):
        assert np.array_equal(one, upscaler.upscale(other))


def test_progress_counts_every_tile_once(picture: Pixels) -> None:
    told: list[Event] = []
    Upscaler(small()[0], tile=40, tell=told.append).upscale(picture)
    done = [event for event in told if isinstance(event, TileDone)]
    assert [event.done for event in done] == list(range(1, len(done) + 1))
    assert {event.total for event in done} == {len(done)}


def test_a_grid_that_needs_a_larger_tile_than_was_asked_for_gets_it(picture: Pixels) -> None:
    told: list[Event] = []
    model, trouble = small()
    coarse = replace(model, traits=replace(model.traits, grid=512))
    Upscaler(coarse, precision="fp32", tile=8, memory=1, tell=told.append).upscale(picture)
    assert told == [TileDone(1, 1)]
    assert trouble.pixels[-1] == 120 * 150
