"""Several devices: the same picture, each tile once, and nothing left behind."""

import threading

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.small import small
from upscaler.engine import Upscaler, devices
from upscaler.engine.crew import Crew
from upscaler.engine.events import Event, Fallback, TileDone
from upscaler.engine.pixels import Pixels
from upscaler.errors import RoomError


@pytest.fixture
def picture() -> Pixels:
    return np.random.default_rng(5).integers(0, 256, (90, 131, 3), dtype=np.uint8)


@pytest.fixture
def three_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU stands for three cards: what is tested is how they share the work."""
    monkeypatch.setattr(devices, "pick", lambda wish: [torch.device("cpu")] * 3)


def test_several_devices_make_the_same_picture(picture: Pixels, three_devices: None) -> None:
    told: list[Event] = []
    upscaler = Upscaler(small()[0], precision="fp32", tile=24, memory=1, tell=told.append)
    assert isinstance(upscaler._runner, Crew)
    result = upscaler.upscale(picture)
    done = [event for event in told if isinstance(event, TileDone)]
    assert done[-1].done == done[-1].total == len(done)
    with pytest.MonkeyPatch.context() as alone:
        alone.setattr(devices, "pick", lambda wish: [torch.device("cpu")])
        one = Upscaler(small()[0], precision="fp32", tile=24, memory=1)
    assert np.array_equal(result, one.upscale(picture))


def test_a_device_that_is_slow_leaves_its_tiles_to_the_others(picture: Pixels, three_devices: None) -> None:
    """The first to get a tile keeps it until all others of the row are done: by the other devices, or never."""
    row = picture[:24]
    lock, others_done = threading.Lock(), threading.Event()
    working = False
    workers: list[int] = []

    def hold(call: int, x: Tensor, y: Tensor) -> Tensor:
        if working:
            with lock:
                workers.append(threading.get_ident())
                first = len(workers) == 1
                if len(workers) == tiles:
                    others_done.set()
            assert not first or others_done.wait(30)
        return y

    upscaler = Upscaler(small(on_call=hold)[0], precision="fp32", tile=24, memory=1)
    tiles = len(upscaler.grid_for(*row.shape[:2]).columns)
    working = True
    upscaler.upscale(row)
    assert len(workers) == tiles > 3
    assert workers.count(workers[0]) == 1


def test_the_failure_of_one_is_told_and_no_thread_is_left(picture: Pixels, three_devices: None) -> None:
    def fail(call: int, x: Tensor, y: Tensor) -> Tensor:
        if call > 5:
            raise torch.OutOfMemoryError
        return y

    before = threading.active_count()
    with pytest.raises(RoomError):
        Upscaler(small(on_call=fail)[0], precision="fp32", tile=24, memory=1).upscale(picture)
    assert threading.active_count() == before


def test_whoever_stops_asking_for_rows_leaves_no_thread(picture: Pixels, three_devices: None) -> None:
    from upscaler.engine.sources import ArraySource

    before = threading.active_count()
    rows = Upscaler(small()[0], precision="fp32", tile=24, memory=1).upscale_rows(ArraySource(picture))
    next(rows)
    del rows
    assert threading.active_count() == before


def test_blended_tiles_are_summed_on_one_device(picture: Pixels, three_devices: None) -> None:
    told: list[Event] = []
    upscaler = Upscaler(small(exact_tiles=False)[0], tell=told.append)
    assert not isinstance(upscaler._runner, Crew)
    assert any("on one device" in event.sentence for event in told if isinstance(event, Fallback))
