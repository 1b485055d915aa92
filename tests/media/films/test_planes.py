"""Planes of a frame of which only some rows changed are those of the whole frame."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upscaler.media.films import planes
from upscaler.media.films.colour import Coding
from upscaler.media.films.formats import layout_of
from upscaler.media.films.planes import PlaneMaker, from_rgb

FORMATS = ("gray", "yuv420p", "yuv420p10le", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuva420p", "gbrp")


@pytest.fixture(autouse=True, scope="module")
def small_bands():
    with mock.patch.object(planes, "_BAND", 1):  # 16 rows
        yield


@settings(deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_only_bands_that_changed_are_made_anew_with_the_same_result(name, data):
    layout = layout_of(name)
    height, width = data.draw(st.integers(1, 150)), data.draw(st.integers(1, 20))
    coding = Coding(layout, 1, layout.full_range, data.draw(st.booleans()))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    frame = random.random((height, width, layout.colours + layout.alpha), np.float32) * 1.2 - 0.1
    maker = PlaneMaker(coding, height, width)
    maker.update(lambda first, last: frame[first:last], np.ones(height, np.bool_))
    for _ in range(3):
        changed = np.zeros(height, np.bool_)
        for _ in range(data.draw(st.integers(0, 3))):
            begin = data.draw(st.integers(0, height - 1))
            changed[begin : begin + data.draw(st.integers(1, 20))] = True
        frame[changed] = random.random((int(changed.sum()), *frame.shape[1:]), np.float32)
        found = maker.update(lambda first, last: frame[first:last], changed)
        for plane, whole in zip(found, from_rgb(frame, coding), strict=True):
            np.testing.assert_array_equal(plane, whole)


def test_rows_that_did_not_change_are_not_asked_for():
    frame = np.random.default_rng(1).random((160, 8, 3), np.float32)
    maker = PlaneMaker(Coding(layout_of("yuv420p"), 1, full_range=False), 160, 8)
    asked = []

    def rows(first, last):
        asked.append((first, last))
        return frame[first:last]

    maker.update(rows, np.ones(160, np.bool_))
    assert asked[0] == (0, 17)
    assert asked[-1] == (143, 160)
    asked.clear()
    changed = np.zeros(160, np.bool_)
    changed[50] = True
    maker.update(rows, changed)
    assert asked == [(47, 65)]
