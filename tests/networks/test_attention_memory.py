"""Window attention never holds the scores of all windows."""

import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process's memory is not told there")
@pytest.mark.slow
def test_esc_on_512_pixels_stays_below_one_and_a_half_gigabytes() -> None:
    from benchmarks.attention_memory import fresh

    assert fresh("ours", 512, threads=1)["peak_mb"] < 1500
