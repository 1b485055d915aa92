"""Figures are those of the papers: MATLAB's reduction, Y of BT.601, SSIM with a Gaussian."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.shared import SHARED, needs_shared
from upscaler.errors import UsageError
from upscaler.media.imresize import imresize, mod_crop
from upscaler.media.metrics import compare, luma

SET5 = SHARED / "samples" / "set5"


def load(path: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("RGB"))


@needs_shared
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["baby", "bird", "butterfly", "head", "woman"])
def test_reducing_gives_the_benchmarks_pictures_bit_for_bit(name: str, scale: int) -> None:
    original = load(SET5 / "HR" / f"{name}.png")
    reduced = load(SET5 / f"LRx{scale}" / f"{name}.png")
    assert np.array_equal(imresize(mod_crop(original, scale), 1 / scale), reduced)


@needs_shared
def test_bicubic_enlargement_has_the_figures_that_everyone_prints() -> None:
    found = []
    for path in sorted((SET5 / "LRx4").iterdir()):
        ours = imresize(load(path), 4)
        truth = load(SET5 / "HR" / path.name)[: ours.shape[0], : ours.shape[1]]
        found.append(compare(ours, truth, 4, ssim=True))
    assert np.mean([q.psnr_y for q in found]) == pytest.approx(28.43, abs=0.005)
    assert np.mean([q.ssim_y for q in found]) == pytest.approx(0.8111, abs=0.0001)
    assert np.mean([q.psnr_rgb for q in found]) == pytest.approx(26.69, abs=0.005)


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([0.25, 0.5, 2.0, 3.0]), st.integers(0, 255))
def test_a_flat_picture_stays_flat_at_every_size(height: int, width: int, scale: float, level: int) -> None:
    flat = np.full((height, width, 3), level, np.uint8)
    resized = imresize(flat, scale)
    assert resized.shape == (int(np.ceil(height * scale)), int(np.ceil(width * scale)), 3)
    assert (resized == level).all()


def test_black_and_white_have_the_lumas_of_studio_range() -> None:
    assert luma(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)) == pytest.approx(np.array([[16, 235]]), abs=0.01)


def test_a_picture_equals_itself_infinitely() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    assert compare(picture, picture, 4).psnr_y == float("inf")


def test_gray_counts_as_equal_colours() -> None:
    gray = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    other = gray ^ 1
    assert compare(gray, other, 2) == compare(np.stack([gray] * 3, -1), np.stack([other] * 3, -1), 2)


def test_pictures_of_different_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="4x3 and 3x3 pixels cannot be compared"):
        compare(np.zeros((3, 4, 3), np.uint8), np.zeros((3, 3, 3), np.uint8), 1)
