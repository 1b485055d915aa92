"""Pixels: every kind of picture comes back in its own kind, and alpha and gray stay what they are."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.engine.small import small
from upscaler.engine import Upscaler
from upscaler.engine.pixels import WHITE, Pixels, bleed, colour_to_pixels, colour_to_tensor, layout_of
from upscaler.errors import MediaError

DTYPES = [np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32)]


def noise(shape: tuple[int, ...], dtype: npt.DTypeLike, seed: int = 0) -> Pixels:
    values = np.random.default_rng(seed).random(shape)
    kind = np.dtype(dtype)
    return (values * WHITE[kind]).astype(kind)


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return Upscaler(small(3)[0], precision="fp32", tile=40)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 9), (50, 3), (20, 30, 1), (20, 30, 2), (20, 30, 3), (90, 61, 4)], ids=str
)
def test_a_picture_of_any_size_and_kind_comes_back_in_its_kind(
    upscaler: Upscaler, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> None:
    result = upscaler.upscale(noise(shape, dtype))
    assert result.dtype == dtype
    assert result.shape == (3 * shape[0], 3 * shape[1], *shape[2:])


@pytest.mark.parametrize("channels", [0, 5])
def test_channels_that_mean_nothing_are_refused(upscaler: Upscaler, channels: int) -> None:
    with pytest.raises(MediaError, match=r"channels|not a picture"):
        upscaler.upscale(np.zeros((4, 4, channels), np.uint8))


@pytest.mark.parametrize("dtype", ["int32", "float64", "bool"])
def test_other_types_of_pixels_are_refused(upscaler: Upscaler, dtype: str) -> None:
    with pytest.raises(MediaError, match=dtype):
        upscaler.upscale(np.zeros((4, 4, 3), dtype))


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16]), st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
    )
)
def test_pixels_survive_the_way_to_the_network_and_back(pixels: Pixels) -> None:
    layout = layout_of(pixels.shape[2], pixels.dtype)
    assert np.array_equal(colour_to_pixels(colour_to_tensor([pixels], torch.device("cpu"))[0], layout).numpy(), pixels)


@given(st.floats(0, 1, width=32))
def test_gray_that_comes_out_as_equal_colours_keeps_exactly_that_value(value: float) -> None:
    layout = layout_of(1, np.float32)
    assert colour_to_pixels(torch.full((3, 1, 1), value), layout).item() == value


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_an_opaque_picture_stays_opaque(upscaler: Upscaler, dtype: np.dtype[np.generic]) -> None:
    pixels = noise((70, 50, 4), dtype)
    pixels[..., 3] = WHITE[dtype]
    assert (upscaler.upscale(pixels)[..., 3] == WHITE[dtype]).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_alpha_does_not_depend_on_the_colour_nor_colour_on_visible_alpha(
    upscaler: Upscaler, dtype: np.dtype[np.generic]
) -> None:
    one, other = noise((70, 50, 4), dtype, 1), noise((70, 50, 4), dtype, 2)
    one[..., 3] = np.maximum(one[..., 3], WHITE[dtype] / 2)
    other[..., 3] = one[..., 3]
    first, second = upscaler.upscale(one), upscaler.upscale(other)
    assert np.array_equal(first[..., 3], second[..., 3])
    assert np.array_equal(first[..., :3], upscaler.upscale(np.ascontiguousarray(one[..., :3])))


def test_alpha_is_the_same_in_tiles_and_whole() -> None:
    model = small(2)[0]
    pixels = noise((100, 90, 2), np.uint16)
    whole, tiled = (Upscaler(model, precision="fp32", tile=tile).upscale(pixels) for tile in (0, 17))
    assert np.array_equal(whole[..., 1], tiled[..., 1])


def test_what_lies_under_transparent_pixels_does_not_show_as_a_fringe(upscaler: Upscaler) -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[:, :20] = 255, 200, 100, 255
    seen = upscaler.upscale(pixels)[:, 45:60, :3]  # the last visible columns before the transparent half
    plain = upscaler.upscale(np.full((40, 40, 3), (255, 200, 100), np.uint8))[:, 45:60]
    assert abs(seen.astype(int) - plain).max() <= 1


@given(arrays.arrays(np.uint8, (12, 11, 4)))
def test_bleeding_changes_only_hidden_colour(pixels: Pixels) -> None:
    bled = bleed(pixels)
    assert np.array_equal(bled[..., 3], pixels[..., 3])
    assert np.array_equal(bled[pixels[..., 3] > 0], pixels[pixels[..., 3] > 0])


def test_floats_keep_what_goes_beyond_white(upscaler: Upscaler) -> None:
    bright = np.full((8, 8, 3), 2.5, np.float32)
    assert upscaler.upscale(bright).max() > 1.5
