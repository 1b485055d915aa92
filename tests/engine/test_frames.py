"""Frames of a film: what did not change is taken over, to the same result."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from upscaler.engine import Upscaler
from upscaler.engine.frames import FrameUpscaler, share_unchanged
from upscaler.models.model import Model
from upscaler.networks.blocks import PixelShuffleHead, conv3x3
from upscaler.networks.family import Traits

SIZE = (120, 200)


class Small(nn.Module):
    """Three convolutions: reaches three pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.body, self.tail = conv3x3(3, 8), conv3x3(8, 8), PixelShuffleHead(8, 2)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        y: Tensor = self.tail(self.body(self.head(x).relu()).relu())
        return y


@pytest.fixture(scope="module")
def model() -> Model:
    torch.manual_seed(1)
    return Model("small", "small", Small().eval(), Traits(scale=2, halo=3), "0" * 64)


def screen(cursor: int | None, channels: int = 3) -> np.ndarray:
    """A still picture with a cursor at some column."""
    frame = np.random.default_rng(5).random((*SIZE, channels), dtype=np.float32)
    if cursor is not None:
        frame[60:70, cursor : cursor + 4] = 1
    return frame


FILM = [screen(None), screen(40), screen(40), screen(None), screen(120), screen(121)]


def run(model: Model, frames: list[np.ndarray], *, reuse: bool, core: int | None = 32) -> tuple[list[np.ndarray], int]:
    frame_upscaler = FrameUpscaler(Upscaler(model, device="cpu"), SIZE, core, reuse=reuse)
    results: list[np.ndarray] = []
    for frame in frames:
        before = results[-1].copy() if results else None
        results.append(frame_upscaler.enlarge([frame])[0].onto(before))
    return results, frame_upscaler.computed


@pytest.mark.parametrize("core", [32, 64, None])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_frames_are_the_same_to_the_last_bit_whether_tiles_are_reused_or_not(model, core, channels):
    film = [screen(cursor, channels) for cursor in (None, 40, 40, None, 120, 121)]
    with_reuse, computed = run(model, film, reuse=True, core=core)
    without, all_of_them = run(model, film, reuse=False, core=core)
    assert computed < all_of_them
    for one, other in zip(with_reuse, without, strict=True):
        np.testing.assert_array_equal(one, other)


def test_only_tiles_that_read_a_change_are_computed(model):
    upscaler = FrameUpscaler(Upscaler(model, device="cpu"), SIZE, 32)
    upscaler.enlarge([screen(None)])
    whole = upscaler.computed
    upscaler.enlarge([screen(None)])
    assert upscaler.computed == whole, "nothing changed"
    upscaler.enlarge([screen(40)])
    assert 0 < upscaler.computed - whole <= 4, "a cursor lies in four tiles at most"


def test_a_change_in_the_halo_alone_is_seen(model):
    """A pixel just outside of what a tile keeps changes its result."""
    upscaler = FrameUpscaler(Upscaler(model, device="cpu"), SIZE, 32)
    frame = screen(None)
    first = upscaler.enlarge([frame])[0].onto(None)
    edge = upscaler._grid.columns[0].stop  # the first column that the second tile keeps
    changed = frame.copy()
    changed[5, edge] = 1 - changed[5, edge]
    before = upscaler.computed
    result = upscaler.enlarge([changed])[0]
    assert upscaler.computed - before == 2
    assert result.nbytes < first.nbytes / 4, "no more is passed on than has changed"
    result = result.onto(first)
    np.testing.assert_array_equal(result, run(model, [changed], reuse=False)[0][0])


def test_after_forget_only_what_depends_on_earlier_frames_is_computed(model):
    upscaler = FrameUpscaler(Upscaler(model, device="cpu"), SIZE, 32)
    upscaler.enlarge([screen(None)])
    whole = upscaler.computed
    upscaler.forget()
    upscaler.enlarge([screen(None)])
    assert upscaler.computed == whole, "a tile gives the same wherever a film begins"
    blended = Model("b", "b", model.network, Traits(scale=2, halo=3, exact_tiles=False), "0" * 64)
    upscaler = FrameUpscaler(Upscaler(blended, device="cpu"), SIZE, None)
    upscaler.enlarge([screen(None)])
    upscaler.forget()
    upscaler.enlarge([screen(None)])
    assert upscaler.computed == 2


def test_a_network_without_exact_tiles_takes_over_whole_frames_only(model):
    blended = Model("b", "b", model.network, Traits(scale=2, halo=3, exact_tiles=False), "0" * 64)
    upscaler = FrameUpscaler(Upscaler(blended, device="cpu"), SIZE, 32)
    upscaler.enlarge([screen(None)])
    again = upscaler.enlarge([screen(None), screen(None)])
    assert (upscaler.computed, upscaler.reused) == (1, 2)
    assert not any(frame.parts for frame in again)
    upscaler.enlarge([screen(40)])
    assert upscaler.computed == 2


def test_the_share_that_stands_still_is_measured():
    assert share_unchanged([screen(None)] * 3, halo=3, core=32) == 1
    moving = [np.random.default_rng(i).random((*SIZE, 3), dtype=np.float32) for i in range(3)]
    assert share_unchanged(moving, halo=3, core=32) == 0
    assert 0.8 < share_unchanged([screen(None), screen(40)], halo=3, core=32) < 1
