"""Colours go to the network and come back as they were."""

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upscaler.errors import MediaError
from upscaler.media.films import chroma
from upscaler.media.films.colour import Coding, Colour, split_excess, to_rgb
from upscaler.media.films.formats import frame_of, layout_of, planar_twin, planes_of, reordered
from upscaler.media.films.planes import from_rgb

FORMATS = sorted(
    {
        planar_twin(known.name)
        for known in av.Codec("ffv1", "w").video_formats
        if "f16" not in known.name and "f32" not in known.name
    }
)


@pytest.mark.parametrize("size", [(18, 34), (17, 33), (2, 3), (1, 1)])
@pytest.mark.parametrize("full_range", [True, False])
@pytest.mark.parametrize("name", FORMATS)
def test_every_code_value_comes_back_exactly(name, full_range, size):
    """Any values at all, also those that no display can show; every matrix and both sitings of chroma."""
    layout = layout_of(name)
    random = np.random.default_rng(len(name))
    shapes = [layout.shape(index, *size) for index in range(layout.colours + layout.alpha)]
    planes = [random.integers(0, layout.peak + 1, shape).astype(layout.dtype) for shape in shapes]
    for matrix in (1, 4, 6, 7, 8, 9):
        for cosited in (True, False):
            coding = Coding(layout, matrix, full_range or layout.full_range, cosited)
            inside, excess = split_excess(to_rgb(planes, coding))
            back = from_rgb(inside if excess is None else inside + excess, coding)
            for plane, again in zip(planes, back, strict=True):
                np.testing.assert_array_equal(plane, again)


@given(
    length=st.integers(1, 70),
    across=st.integers(1, 5),
    axis=st.sampled_from([0, 1]),
    step=st.sampled_from([1, 2, 4]),
    cosited=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_chroma_that_was_enlarged_is_reduced_to_what_it_was(length, across, axis, step, cosited, seed):
    low = -(-length // step)
    shape = (low, across) if axis == 0 else (across, low)
    plane = np.random.default_rng(seed).random(shape, dtype=np.float32)
    large = chroma.enlarge(plane, axis, length, step, cosited)
    assert large.shape[axis] == length
    np.testing.assert_allclose(chroma.reduce(large, axis, step, cosited), plane, atol=3e-6)


@pytest.mark.parametrize("cosited", [True, False])
def test_a_colour_without_detail_keeps_its_value_when_it_is_reduced(cosited):
    plane = np.full((40, 36), 0.37, np.float32)
    for axis in (0, 1):
        np.testing.assert_allclose(chroma.reduce(plane, axis, 2, cosited), 0.37, atol=1e-6)


@pytest.mark.parametrize("cosited", [True, False])
def test_a_slope_of_colour_stays_where_it_is(cosited):
    """Siting: half of a pixel's shift would show as an offset."""
    slope = np.repeat(np.arange(40, dtype=np.float32)[:, None], 3, 1)
    places = np.arange(20) * 2 + (0 if cosited else 0.5)
    np.testing.assert_allclose(chroma.reduce(slope, 0, 2, cosited)[6:-6, 0], places[6:-6], atol=1e-2)


@pytest.mark.parametrize(
    ("matrix", "full_range", "rgb", "codes"),
    [  # from the standards' own tables: 75 % and 100 % bars
        (1, False, (1, 1, 1), (235, 128, 128)),
        (1, False, (0, 0, 0), (16, 128, 128)),
        (1, False, (1, 0, 0), (63, 102, 240)),
        (1, False, (0, 0, 1), (32, 240, 118)),
        (6, False, (1, 0, 0), (81, 90, 240)),
        (6, True, (0, 1, 0), (150, 44, 21)),
        (9, False, (1, 0, 0), (74, 97, 240)),
    ],
)
def test_colours_have_the_codes_of_the_standards(matrix, full_range, rgb, codes):
    coding = Coding(layout_of("yuv444p"), matrix, full_range)
    planes = from_rgb(np.full((2, 2, 3), rgb, np.float32), coding)
    assert tuple(int(plane[0, 0]) for plane in planes) == codes


def test_values_beyond_black_and_white_go_around_the_network():
    pixels = np.array([[[-0.1, 0.5, 1.2]]], np.float32)
    inside, excess = split_excess(pixels)
    assert inside.min() >= 0
    assert inside.max() <= 1
    np.testing.assert_array_equal(inside + excess, pixels)
    assert split_excess(inside)[1] is None


@pytest.mark.parametrize(
    "name", ["nv12", "p010le", "yuyv422", "bgr0", "rgba", "yuv420p10be", "gray16be", "rgb48le", "ya8", "nv24"]
)
def test_formats_in_another_order_hold_the_same_samples(name):
    layout = layout_of(planar_twin(name))
    random = np.random.default_rng(7)
    shapes = [layout.shape(index, 16, 24) for index in range(layout.colours + layout.alpha)]
    planes = [random.integers(0, layout.peak + 1, shape).astype(layout.dtype) for shape in shapes]
    if name == "ya8":
        planes = [planes[0], planes[0], planes[0], planes[3]]
    other = reordered(frame_of(layout, planes), name)
    found, again = planes_of(other)
    assert found == layout
    for plane, back in zip(planes, again, strict=True):
        np.testing.assert_array_equal(plane, back)


@pytest.mark.parametrize("name", ["grayf32le", "bayer_rggb8", "nonsense"])
def test_a_format_that_cannot_be_enlarged_is_refused_in_a_sentence(name):
    with pytest.raises(MediaError, match=r"format .*\."):
        layout_of(name)


@pytest.mark.parametrize(
    ("colour", "height", "matrix"),
    [
        (Colour(matrix=6), 1080, 6),
        (Colour(), 480, 6),
        (Colour(), 1080, 1),
        (Colour(primaries=9), 2160, 9),
        (Colour(matrix=14), 576, 6),
    ],
)
def test_an_untold_matrix_is_taken_from_primaries_or_size(colour, height, matrix):
    assert colour.matrix_used(height) == matrix
