"""The check of tiles finds what is there: nothing for exact tiles, a seam where there is one."""

import numpy as np
import pytest

from tests.engine.small import small
from upscaler.engine.pixels import Pixels
from upscaler.engine.verify import seam, verify_tiles


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (150, 500, 3), dtype=np.uint8)


def test_exact_tiles_pass(picture: Pixels) -> None:
    check = verify_tiles(small()[0], picture, precision="fp32")
    assert check.largest < 1e-5
    assert check.psnr > 100
    assert check.seam == pytest.approx(1, abs=1e-3)


def test_tiles_with_other_statistics_do_not(picture: Pixels) -> None:
    darker = (picture * np.linspace(0.1, 1, 150)[:, None, None]).astype(np.uint8)
    check = verify_tiles(small(statistics=True)[0], darker, precision="fp32")
    assert check.largest > 1e-3
    assert verify_tiles(small(statistics=True)[0], darker, precision="fp32", exact=True).largest < 1e-5


def test_the_part_lies_in_the_picture_and_follows_from_the_seed(picture: Pixels) -> None:
    first, second = (verify_tiles(small()[0], picture, precision="fp32", seed=4) for _ in range(2))
    assert first == second
    assert first.top + first.height <= 150
    assert first.left + first.width <= 500


def test_a_step_at_a_border_is_a_seam() -> None:
    ramp = np.add.outer(np.arange(40.0), np.arange(40.0))[..., None]
    assert seam(ramp, [20], [20]) == pytest.approx(1)
    ramp[20:] += 5
    assert seam(ramp, [20], [10]) > 2
