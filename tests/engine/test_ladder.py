"""The ladder: whatever befalls a tile, the picture is finished, and right."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.small import small
from upscaler.engine import Upscaler
from upscaler.engine.events import Event, Fallback
from upscaler.engine.guard import FEATHER
from upscaler.engine.ladder import DEVICE_LOST
from upscaler.engine.pixels import Pixels
from upscaler.errors import Cancelled, RoomError

SCALES = pytest.mark.parametrize("scale", [1, 2, 3, 4])
TILES = 6
"""In ``picture`` with tiles of ``TILE``."""

TILE = 48


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(5).integers(0, 256, (90, 131, 3), dtype=np.uint8)


def plain(picture: Pixels, scale: int) -> Pixels:
    return Upscaler(small(scale)[0], precision="fp32", tile=TILE).upscale(picture)


def test_the_picture_of_these_tests_has_six_tiles(picture: Pixels) -> None:
    told: list[Event] = []
    Upscaler(small()[0], precision="fp32", tile=TILE, tell=told.append).upscale(picture)
    assert len(told) == TILES


@SCALES
@pytest.mark.parametrize("index", range(TILES))
@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_out_of_memory_at_any_tile_ends_in_the_same_picture(
    picture: Pixels, scale: int, index: int, error: type[Exception]
) -> None:
    def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call == index + 1:  # the first call measures the network's need of memory
            raise error
        return y

    model = small(scale, fail)[0]
    told: list[Event] = []
    result = Upscaler(model, precision="fp32", tile=TILE, memory=1, tell=told.append).upscale(picture)
    assert np.array_equal(result, plain(picture, scale))
    (fallback,) = [event for event in told if isinstance(event, Fallback)]
    assert "does not fit into the memory" in fallback.sentence


@SCALES
def test_tiles_shrink_until_they_fit_and_finished_ones_are_kept(picture: Pixels, scale: int) -> None:
    limit = 30 * 30

    def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call and x.shape[0] * x.shape[2] * x.shape[3] > limit:
            raise torch.OutOfMemoryError
        return y

    model, trouble = small(scale, fail)
    result = Upscaler(model, precision="fp32", tile=TILE).upscale(picture)
    assert np.array_equal(result, plain(picture, scale))
    failed = [pixels for pixels in trouble.pixels[1:] if pixels > limit]
    assert len(failed) <= 3  # once for each size that was too large, not once for each tile


def test_tiles_that_share_a_call_are_parted_before_they_are_cut(picture: Pixels) -> None:
    def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call and x.shape[0] > 1:
            raise torch.OutOfMemoryError
        return y

    model = small(2, fail)[0]
    thumbnails = [picture[:20, 20 * i : 20 * i + 20] for i in range(5)]
    told: list[Event] = []
    results = Upscaler(model, precision="fp32", tell=told.append).upscale_many(thumbnails)
    alone = Upscaler(small(2)[0], precision="fp32")
    for thumbnail, result in zip(thumbnails, results, strict=True):
        assert np.array_equal(result, alone.upscale(thumbnail))
    assert "at once" in next(event.sentence for event in told if isinstance(event, Fallback))


def test_when_not_even_the_smallest_tile_fits_one_sentence_says_so(picture: Pixels) -> None:
    def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call:
            raise torch.OutOfMemoryError
        return y

    with pytest.raises(RoomError, match="Not even a tile of"):
        Upscaler(small(2, fail)[0], precision="fp32").upscale(picture)


def test_a_mistake_in_a_network_is_not_taken_for_lack_of_memory(picture: Pixels) -> None:
    def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call:
            raise RuntimeError("shapes do not match")
        return y

    with pytest.raises(RuntimeError, match="shapes do not match"):
        Upscaler(small(2, fail)[0], precision="fp32").upscale(picture)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1e6])
@pytest.mark.parametrize("index", range(TILES))
@SCALES
def test_a_tile_that_overflows_in_half_precision_is_repeated_in_fp32(
    picture: Pixels, scale: int, index: int, bad: float
) -> None:
    def overflow(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call == index + 1:
            y[0, 1, 2, 3 * scale] = bad
        return y

    told: list[Event] = []
    model = small(scale, overflow)[0]
    result = Upscaler(model, precision="bf16", tile=TILE, memory=1, tell=told.append).upscale(picture)
    (fallback,) = [event for event in told if isinstance(event, Fallback)]
    assert "fp32" in fallback.sentence
    # That tile is exact now, the others carry the rounding of bf16.
    difference = abs(result.astype(int) - plain(picture, scale))
    assert difference.max() < 8
    assert (difference == 0).mean() > 1 / (TILES + 1)


@SCALES
@pytest.mark.parametrize("index", range(TILES))
def test_what_is_blown_up_in_fp32_too_becomes_plain_enlarging_there_alone(
    picture: Pixels, scale: int, index: int
) -> None:
    def blow_up(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call == index + 1:
            y[0, :, 10 * scale, 10 * scale] = 1e9
        return y

    told: list[Event] = []
    model = small(scale, blow_up)[0]
    result = Upscaler(model, precision="fp32", tile=TILE, memory=1, tell=told.append).upscale(picture)
    (fallback,) = [event for event in told if isinstance(event, Fallback)]
    assert "bicubic" in fallback.sentence
    rows, columns = np.nonzero((result != plain(picture, scale)).any(2))
    assert 0 < len(rows) < (4 * FEATHER) ** 2 * 2
    assert np.ptp(rows) <= 6 * FEATHER
    assert np.ptp(columns) <= 6 * FEATHER


def test_what_is_blown_up_only_beyond_the_picture_is_cut_off() -> None:
    """A picture of 30 pixels is extended to 32 for such a network."""

    def blow_up(call: int, x: Tensor, y: Tensor) -> Tensor:
        y[..., -1, -1] = 1e9
        return y

    picture = np.random.default_rng(1).integers(0, 256, (30, 30, 3), np.uint8)
    results = []
    for trouble in (None, blow_up):
        model = small(2, trouble)[0]
        wide = replace(model, traits=replace(model.traits, multiple=8))
        results.append(Upscaler(wide, precision="fp32", device="cpu").upscale(picture))
    np.testing.assert_array_equal(*results)


def test_a_real_network_survives_a_checkerboard(picture: Pixels) -> None:
    """Every other pixel white: networks that are right on photographs answer with millions."""

    def explode(call: int, x: Tensor, y: Tensor) -> Tensor:
        contrast = (x[:, :, 1:, 1:] - x[:, :, :-1, 1:]).abs().mean()
        return y * 1e6 if contrast > 0.9 else y

    board = np.indices((64, 64)).sum(0, keepdims=True).transpose(1, 2, 0) % 2 * np.full(3, 255)
    result = Upscaler(small(2, explode)[0], precision="fp32").upscale(board.astype(np.uint8))
    assert 100 < result.mean() < 155


def test_an_accelerator_without_room_hands_over_to_the_cpu(picture: Pixels) -> None:
    class Full:
        name = "full"

        def run(self, x: Tensor, window: Tensor | None) -> Tensor:
            raise torch.OutOfMemoryError

    told: list[Event] = []
    upscaler = Upscaler(small(2)[0], precision="fp32", tile=TILE, tell=told.append)
    upscaler._runner._executor, upscaler._runner._device = Full(), torch.device("meta")
    assert np.array_equal(upscaler.upscale(picture), plain(picture, 2))
    assert any("CPU" in event.sentence for event in told if isinstance(event, Fallback))


@pytest.mark.skipif(not DEVICE_LOST, reason="this torch has no error type for a lost device")
def test_a_lost_device_hands_over_to_the_cpu_at_once(picture: Pixels) -> None:
    def lose(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call == 3:
            raise torch.AcceleratorError("the driver was reset")
        return y

    told: list[Event] = []
    result = Upscaler(small(2, lose)[0], precision="fp32", tile=TILE, memory=1, tell=told.append).upscale(picture)
    assert np.array_equal(result, plain(picture, 2))
    (fallback,) = [event for event in told if isinstance(event, Fallback)]
    assert "the driver was reset" in fallback.sentence


@pytest.mark.parametrize("tiles", range(TILES))
def test_it_can_be_stopped_after_any_tile(picture: Pixels, tiles: int) -> None:
    told: list[Event] = []
    upscaler = Upscaler(
        small()[0], precision="fp32", tile=TILE, memory=1, tell=told.append, stop=lambda: len(told) >= tiles
    )
    with pytest.raises(Cancelled):
        upscaler.upscale(picture)
    assert len(told) == tiles
