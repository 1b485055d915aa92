"""Quality figures in the convention of the super-resolution papers (MATLAB's).

Y of BT.601 in studio range, in double precision and not rounded again; ``scale`` pixels cut off at each border.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from upscaler.errors import UsageError

CONVENTION = "Y of BT.601 (studio range, not rounded), border of scale pixels cut, SSIM with an 11x11 Gaussian"

Picture8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Quality:
    """PSNR in dB; SSIM from -1 to 1, None where it was not asked for."""

    psnr_y: float
    psnr_rgb: float
    ssim_y: float | None = None


def compare(ours: Picture8, truth: Picture8, scale: int, *, ssim: bool = False) -> Quality:
    """Two HxWx3 (or HxW, which counts as R = G = B) pictures of one size, 0..255.

    Raises UsageError if the sizes differ.
    """
    if ours.shape[:2] != truth.shape[:2]:
        sizes = [f"{p.shape[1]}x{p.shape[0]}" for p in (ours, truth)]
        raise UsageError(f"Pictures of {sizes[0]} and {sizes[1]} pixels cannot be compared; give the original.")
    ours, truth = (np.stack([p] * 3, -1) if p.ndim == 2 else p for p in (ours, truth))
    cut = slice(scale, -scale) if scale else slice(None)
    ours, truth = ours[cut, cut], truth[cut, cut]
    y = luma(ours), luma(truth)
    return Quality(psnr(*y), psnr(ours.astype(float), truth.astype(float)), _ssim(*y) if ssim else None)


def luma(pixels: Picture8) -> npt.NDArray[np.float64]:
    """HxWx3 -> HxW, 16..235."""
    y: npt.NDArray[np.float64] = 16 + pixels @ np.array([65.481, 128.553, 24.966]) / 255
    return y


def psnr(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """In dB, for a peak of 255; infinite where both are equal."""
    error = float(np.mean((a - b) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _ssim(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    try:
        from skimage.metrics import structural_similarity
    except ImportError as error:
        raise UsageError("SSIM needs the package scikit-image: pip install 'upscaler[evaluate]'.") from error
    # These arguments, and only these, are the papers' SSIM.
    value, full = structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    del value
    return float(full[5:-5, 5:-5].mean())
