"""How large results are: exactly as asked."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upscaler.errors import UsageError
from upscaler.jobs.settings import Settings
from upscaler.jobs.sizes import target_size, wanted_scale

SIDE = st.integers(1, 60_000)


@given(SIDE, SIDE, st.floats(0.01, 16))
def test_a_scale_gives_the_nearest_size(width: int, height: int, scale: float) -> None:
    out = target_size(width, height, Settings(scale=scale))
    for side, result in zip((width, height), out, strict=True):
        assert result >= 1
        assert result == 1 or abs(result - side * scale) <= 0.5


@given(SIDE, SIDE, SIDE)
def test_one_given_side_is_exact_and_the_other_follows_the_aspect(width: int, height: int, side: int) -> None:
    for name, given_first in (("width", True), ("height", False)):
        out = target_size(width, height, Settings(**{name: side}))
        exact, follows = out if given_first else out[::-1]
        of, other = (width, height) if given_first else (height, width)
        assert exact == side
        assert follows == 1 or abs(follows - other * side / of) <= 0.5


@given(SIDE, SIDE, SIDE)
def test_the_long_edge_is_the_longer_side(width: int, height: int, edge: int) -> None:
    out = target_size(width, height, Settings(long_edge=edge))
    assert max(out) == edge
    assert (out[0] >= out[1]) == (width >= height) or min(out) == max(out)


@given(SIDE, SIDE, SIDE, SIDE)
def test_fit_touches_the_frame_and_stays_inside(width: int, height: int, right: int, bottom: int) -> None:
    out = target_size(width, height, Settings(fit=(right, bottom)))
    assert out[0] <= right
    assert out[1] <= bottom
    assert out[0] == right or out[1] == bottom


@given(st.integers(50, 5000), st.integers(50, 5000), st.floats(0.5, 100))
def test_megapixels_are_the_area(width: int, height: int, megapixels: float) -> None:
    out = target_size(width, height, Settings(megapixels=megapixels))
    assert out[0] * out[1] / 1e6 == pytest.approx(megapixels, rel=0.03)


def test_two_sides_are_both_kept() -> None:
    assert target_size(10, 10, Settings(width=30, height=20)) == (30, 20)
    assert wanted_scale(10, 10, Settings(width=30, height=20)) == 3


@pytest.mark.parametrize("scale", [0, -2, inf, float("nan")])
def test_a_scale_that_makes_no_sense_is_refused(scale: float) -> None:
    with pytest.raises(UsageError, match="must be a number greater than 0"):
        Settings(scale=scale)


@pytest.mark.parametrize(
    "wrong",
    [{"width": 0}, {"height": -5}, {"long_edge": 0}, {"megapixels": 0.0}, {"fit": (0, 5)}, {"width": 9, "fit": (1, 1)},
     {"quality": 101}, {"tile": -1}, {"threads": 0}, {"prefer": "beauty"}, {"precision": "fp8"}],
    ids=str,
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Settings(**wrong)  # type: ignore[arg-type]
