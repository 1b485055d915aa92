"""Zoom, pan and slider, without a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upscaler_gui.viewer_state import STEPS, ViewerState

SIDE = st.integers(1, 20_000)
VIEW = st.integers(50, 4_000)


@st.composite
def states(draw: st.DrawFn) -> ViewerState:
    state = ViewerState().resize(draw(VIEW), draw(VIEW)).show(draw(SIDE), draw(SIDE))
    return state.zoom_to(draw(st.sampled_from(STEPS)))


@given(SIDE, SIDE, VIEW, VIEW)
def test_a_fitted_picture_is_wholly_in_view_and_never_magnified(w: int, h: int, vw: int, vh: int) -> None:
    state = ViewerState().resize(vw, vh).show(w, h)
    assert state.visible() == (0, 0, w, h)
    assert state.zoom <= 1


@given(states(), st.floats(-5000, 5000), st.floats(-5000, 5000))
def test_panning_never_shows_a_margin_that_the_picture_could_fill(state: ViewerState, dx: float, dy: float) -> None:
    moved = state.pan(dx, dy)
    for axis in (0, 1):
        if moved.picture[axis] * moved.zoom >= moved.view[axis]:
            edges = moved.to_screen((0, 0))[axis], moved.to_screen(moved.picture)[axis]
            assert edges[0] <= 1e-3
            assert edges[1] >= moved.view[axis] - 1e-3


@given(
    st.tuples(st.integers(8_000, 20_000), st.integers(8_000, 20_000)),
    st.tuples(st.integers(50, 800), st.integers(50, 800)),
    st.sampled_from([1.0, 2.0, 4.0]),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.sampled_from([-1, 1]),
)
def test_the_pixel_under_the_pointer_stays_there_when_zooming(
    picture: tuple[int, int], view: tuple[int, int], zoom: float, place: tuple[float, float], step: int
) -> None:
    # Far from the picture's edges: there it is kept from showing a margin instead.
    state = ViewerState().resize(*view).show(*picture).zoom_to(zoom)
    pointer = (place[0] * view[0], place[1] * view[1])
    held = state.to_picture(pointer)
    assert state.step(step, pointer).to_screen(held) == pytest.approx(pointer, abs=1e-3)


@given(states(), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_screen_and_picture_coordinates_are_inverse(state: ViewerState, x: float, y: float) -> None:
    assert state.to_screen(state.to_picture((x, y))) == pytest.approx((x, y), abs=1e-2)


def test_the_next_picture_of_the_same_size_keeps_zoom_and_place() -> None:
    state = ViewerState().resize(400, 300).show(4000, 3000).zoom_to(2.0).pan(-900, 40)
    assert state.show(4000, 3000) == state
    assert state.show(4000, 3001).fitted


def test_a_fitted_picture_stays_fitted_when_the_window_grows() -> None:
    state = ViewerState().resize(400, 300).show(4000, 3000)
    assert state.resize(800, 600).zoom == pytest.approx(0.2)


def test_the_slider_stays_on_the_picture() -> None:
    assert ViewerState().slide(-3).split == 0
    assert ViewerState().slide(3).split == 1
