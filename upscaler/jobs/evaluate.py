"""Measuring models against originals, in the convention of the papers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np

from upscaler.errors import UsageError
from upscaler.media.imresize import imresize, mod_crop
from upscaler.media.metrics import Quality, compare
from upscaler.media.still import read_picture

if TYPE_CHECKING:
    import numpy.typing as npt

    from upscaler.engine import Upscaler
    from upscaler.models.model import Model


@dataclass(frozen=True, slots=True)
class Case:
    """One original, and the picture to be enlarged (None: the original reduced by ``imresize``)."""

    name: str
    original: Path
    reduced: Path | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One model on one picture."""

    picture: str
    quality: Quality
    seconds: float
    megapixels: float
    """Of the input."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One model on all pictures."""

    model: str
    scale: int
    parameters: int
    multiply_adds_256: int
    pictures: tuple[Figures, ...]

    @property
    def mean(self) -> Quality:
        """The means over the pictures, as papers print them."""
        found = [figures.quality for figures in self.pictures]
        similarities = [q.ssim_y for q in found if q.ssim_y is not None]
        return Quality(
            psnr_y=fmean(q.psnr_y for q in found),
            psnr_rgb=fmean(q.psnr_rgb for q in found),
            ssim_y=fmean(similarities) if similarities else None,
        )

    @property
    def seconds_per_megapixel(self) -> float:
        """Median over the pictures, per megapixel of input."""
        return median(figures.seconds / figures.megapixels for figures in self.pictures)


def find_cases(originals: Path, reduced: Path | None, scale: int) -> list[Case]:
    """The pictures of a folder, or of a benchmark set laid out as ``HR/`` and ``LRx4/``; names pair them.

    Raises UsageError where a folder is missing or empty, or a reduced picture has no original.
    """
    if reduced is None and (originals / "HR").is_dir():
        set_reduced = originals / f"LRx{scale}"
        return find_cases(originals / "HR", set_reduced if set_reduced.is_dir() else None, scale)
    truths = _pictures(originals)
    if reduced is None:
        return [Case(path.stem, path, None) for path in truths.values()]
    lows = _pictures(reduced)
    if missing := sorted(lows.keys() - truths.keys()):
        raise UsageError(f"{reduced} holds {missing[0]}, but {originals} has no original of that name.")
    return [Case(name, truths[name], path) for name, path in lows.items()]


def _pictures(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}; give one that holds the original pictures.")
    found = {p.stem: p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")}
    if not found:
        raise UsageError(f"The folder {folder} is empty; give one that holds the original pictures.")
    return found


def evaluate(
    model: Model,
    upscaler: Upscaler,
    cases: Sequence[Case],
    *,
    ssim: bool = True,
    tell: Callable[[Figures], None] = lambda _: None,
) -> Evaluation:
    """Enlarge every case and compare; each picture's figures are told as they come."""
    from upscaler.networks.run import multiply_adds, parameters

    scale = int(model.scale)
    found = []
    for case in cases:
        low, truth = load_case(case, scale)
        started = time.perf_counter()
        ours = upscaler.upscale(low)
        seconds = time.perf_counter() - started
        figures = Figures(case.name, compare(ours, truth, scale, ssim=ssim), seconds, low.size / 3e6)
        tell(figures)
        found.append(figures)
    return Evaluation(
        model.name, scale, parameters(model.network), multiply_adds(model.network, model.traits), tuple(found)
    )


def load_case(case: Case, scale: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """What is enlarged, and the original cut to fit: two H,W,3 of 8 bits (gray counts as R = G = B)."""
    truth = _rgb8(case.original)
    if case.reduced is None:
        truth = mod_crop(truth, scale)
        return imresize(truth, 1 / scale), truth
    low = _rgb8(case.reduced)
    return low, truth[: low.shape[0] * scale, : low.shape[1] * scale]


def _rgb8(path: Path) -> npt.NDArray[np.uint8]:
    pixels = read_picture(path).pixels
    if pixels.dtype != np.uint8:
        raise UsageError(f"{path.name} has {pixels.dtype} samples; the benchmarks' convention is for 8 bits.")
    colours = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1].repeat(3, 2)
    return np.ascontiguousarray(colours)


def rows(evaluations: Sequence[Evaluation]) -> Iterator[dict[str, str | int | float | None]]:
    """One flat record per model and picture, and one per model with the picture ``mean``: for CSV and JSON."""
    for e in evaluations:
        every = [(f.picture, f.quality, f.seconds / f.megapixels) for f in e.pictures]
        for picture, quality, seconds in [*every, ("mean", e.mean, e.seconds_per_megapixel)]:
            yield {
                "model": e.model,
                "scale": e.scale,
                "picture": picture,
                "psnr_y": round(quality.psnr_y, 4),
                "ssim_y": None if quality.ssim_y is None else round(quality.ssim_y, 5),
                "psnr_rgb": round(quality.psnr_rgb, 4),
                "seconds_per_megapixel": round(seconds, 4),
                "parameters": e.parameters,
                "multiply_adds_256": e.multiply_adds_256,
            }


def plot(evaluations: Sequence[Evaluation], file: Path) -> None:
    """Quality against multiply-adds and against the measured time, side by side, as a picture (PNG, SVG, PDF)."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise UsageError("The plot needs the package matplotlib: pip install 'upscaler[evaluate]'.") from error
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(12, 5), sharey=True, layout="constrained")
    axes = (
        ([e.multiply_adds_256 / 1e9 for e in evaluations], "multiply-adds of a 256x256 input (G)"),
        ([e.seconds_per_megapixel for e in evaluations], "measured seconds per megapixel of input"),
    )
    for panel, (values, label) in zip(panels, axes, strict=True):
        panel.set(xlabel=label, xscale="log")
        panel.grid(alpha=0.3)
        for e, value in zip(evaluations, values, strict=True):
            panel.scatter(value, e.mean.psnr_y, s=18)
            panel.annotate(e.model, (value, e.mean.psnr_y), fontsize=7, xytext=(3, 3), textcoords="offset points")
    panels[0].set_ylabel("mean PSNR-Y (dB)")
    figure.savefig(file, dpi=120)
    pyplot.close(figure)
