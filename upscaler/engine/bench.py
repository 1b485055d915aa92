"""How fast models are on this machine, and what they give up for it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median
from time import perf_counter

import numpy as np
import torch

from upscaler.engine import cores, devices, precision
from upscaler.engine.events import Event, Fallback
from upscaler.engine.executors.choice import NAMES, Name, Wish, record
from upscaler.engine.pixels import Pixels
from upscaler.engine.upscaler import Upscaler
from upscaler.errors import UpscalerError
from upscaler.models.model import Model
from upscaler.networks.run import multiply_adds

FAITHFUL = 50.0
"""dB of 8-bit results against float32: at less, Set5 loses more than 0.03 dB with some models."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model at one size, by one executor in one precision."""

    model: str
    scale: float
    side: int
    """Of the square input, in pixels."""

    device: str
    precision: str
    executor: str
    rounds: int
    ms: float
    """Median of the rounds, from an array of pixels to an array of pixels."""

    ms_fastest: float
    ms_slowest: float
    megapixels_in: float
    """Per second, as is the next."""

    megapixels_out: float
    multiply_adds: float
    """Thousand millions per second that the network alone would count."""

    share: float
    """Of the multiply-adds that a large matrix product reaches here in the same precision."""

    tensors_mb: float
    """Memory of all tensors that live at once, if the picture is one tile."""

    psnr: float
    """dB against the same model in fp32, of 8-bit results; infinite if they are equal."""


def matmul_rate(device: torch.device, dtype: torch.dtype, side: int = 1024, rounds: int = 5) -> float:
    """Multiply-adds per second of a square matrix product: the best of some rounds."""
    a, b = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))
    best = math.inf
    for _ in range(rounds):
        start = perf_counter()
        float((a @ b)[0, 0])  # waits for the device
        best = min(best, perf_counter() - start)
    return side**3 / best


def bench(
    models: Sequence[Model],
    sides: Sequence[int],
    precisions: Sequence[precision.Precision],
    executors: Sequence[Name] = NAMES,
    *,
    device: str = "auto",
    threads: int | None = None,
    rounds: int = 7,
    skipped: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Row]:
    """All combinations; those of one model and size in interleaved rounds, so that a busy machine is as busy for all.

    What is fastest and as good as float32 to the eye (``FAITHFUL``) is remembered for ``executor="auto"``.
    Combinations that cannot be run are left out, and ``skipped`` is told why.  ``threads``: as a job has them if None.
    """
    place, threads = devices.pick(device)[0], threads or cores.usual()
    rates: dict[torch.dtype, float] = {}
    for model in models:
        cost = multiply_adds(model.network, model.traits, 256) / 256**2
        for side in sides:
            picture = _picture(side)
            whole = Upscaler(model, device=device, precision="fp32", executor="torch", threads=threads)
            right = whole.upscale(picture)
            working = list(_working(model, precisions, executors, device, threads, picture, skipped))
            times = _interleaved([upscaler for upscaler, _ in working], picture, rounds)
            other = _picture(side // 2 + 3)
            right_too = whole.upscale(other)
            faithful: list[tuple[float, Upscaler]] = []
            for (upscaler, result), seconds in zip(working, times, strict=True):
                if upscaler.dtype not in rates:
                    rates[upscaler.dtype] = matmul_rate(place, upscaler.dtype)
                row = _row(model, side, upscaler, seconds, cost, rates[upscaler.dtype], _psnr(result, right))
                # A runtime may have taken as constant what depends on the size.
                if min(row.psnr, _psnr(upscaler.upscale(other), right_too)) >= FAITHFUL:
                    faithful.append((row.ms, upscaler))
                yield row
            _remember(Wish(model, place, threads=threads), faithful)


def _working(
    model: Model,
    precisions: Sequence[precision.Precision],
    executors: Sequence[Name],
    device: str,
    threads: int | None,
    picture: Pixels,
    skipped: Callable[[str], None],
) -> Iterator[tuple[Upscaler, Pixels]]:
    """What can be run, after its first picture, in which it prepares itself."""
    seen = set()
    for wish, executor in product(precisions, executors):
        told: list[Event] = []
        try:
            upscaler = Upscaler(
                model, device=device, precision=wish, executor=executor, threads=threads, tell=told.append
            )
            if (upscaler.dtype, executor) in seen:
                continue
            seen.add((upscaler.dtype, executor))
            result = upscaler.upscale(picture)
        except UpscalerError as error:
            skipped(str(error))
            continue
        fallbacks = [event.sentence for event in told if isinstance(event, Fallback)]
        if fallbacks:
            skipped(fallbacks[0])
        else:
            yield upscaler, result


def _interleaved(upscalers: list[Upscaler], picture: Pixels, rounds: int) -> list[list[float]]:
    seconds: list[list[float]] = [[] for _ in upscalers]
    for _ in range(rounds):
        for upscaler, times in zip(upscalers, seconds, strict=True):
            start = perf_counter()
            upscaler.upscale(picture)
            times.append(perf_counter() - start)
    return seconds


def _row(
    model: Model, side: int, upscaler: Upscaler, seconds: list[float], cost: float, rate: float, psnr: float
) -> Row:
    time, pixels = median(seconds), side**2
    return Row(
        model=model.name,
        scale=model.scale,
        side=side,
        device=str(upscaler.device),
        precision=precision.NAMES[upscaler.dtype],
        executor=upscaler.executor,
        rounds=len(seconds),
        ms=time * 1e3,
        ms_fastest=min(seconds) * 1e3,
        ms_slowest=max(seconds) * 1e3,
        megapixels_in=pixels / time / 1e6,
        megapixels_out=pixels * model.scale**2 / time / 1e6,
        multiply_adds=cost * pixels / time / 1e9,
        share=cost * pixels / time / rate,
        tensors_mb=upscaler.need.peak * pixels / 1e6,
        psnr=psnr,
    )


def _remember(wish: Wish, faithful: list[tuple[float, Upscaler]]) -> None:
    """The fastest of those that may stand for the model; only a comparison of several is worth remembering."""
    allowed = {torch.float32, precision.pick("auto", wish.model, wish.device)}
    candidates = [(ms, upscaler) for ms, upscaler in faithful if upscaler.dtype in allowed]
    if len({upscaler.executor for _, upscaler in candidates}) > 1:
        _, best = min(candidates, key=lambda candidate: candidate[0])
        record(wish, best.executor, best.dtype)


def _picture(side: int) -> Pixels:
    """Something like a photograph: smooth, with edges and a little noise."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] / 40
    waves = np.stack([np.sin(x + k) * np.cos(y * (k + 1)) + (np.sin(x * y / 9 + k) > 0.3) for k in range(3)], 2)
    noisy = waves * 60 + 100 + random.normal(0, 3, waves.shape)
    pixels: Pixels = noisy.clip(0, 255).astype(np.uint8)
    return pixels


def _psnr(a: Pixels, b: Pixels) -> float:
    error = float(np.square(a.astype(np.float64) - b).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
