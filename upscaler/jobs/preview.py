"""A part of a picture, enlarged as the whole would be: what the user looks at before waiting for the rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from upscaler.jobs.recipes import Models
from upscaler.jobs.sizes import out_edge, target_size, wanted_scale
from upscaler.media.picture import Pixels
from upscaler.media.resample import resized

Region = tuple[int, int, int, int]
"""left, top, right, bottom in pixels of the input."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A part of the result, and what it cost."""

    pixels: Pixels
    left: int
    top: int
    """Where it lies in the result."""

    seconds: float
    megapixels: float
    """Of the input that was run, surroundings included: seconds / megapixels is the models' pace."""

    models: tuple[str, ...]
    """As users call them, in the order in which they ran: ``span x4``."""


def preview(pixels: Pixels, region: Region, models: Models, *, stop: Callable[[], bool] | None = None) -> Preview:
    """Enlarge ``region`` of H,W,C pixels as the whole picture would be, with as much around it as the network sees.

    Exact for networks whose tiles are; close for the others.  Raises Cancelled once ``stop`` is true, ModelError.
    """
    height, width = pixels.shape[:2]
    scale = wanted_scale(width, height, models.settings)
    recipe = models.recipe(scale)
    engines = [models.upscaler(step, stop=stop) for step in recipe.steps]
    traits = engines[0].model.traits
    left, top, right, bottom = region
    seen_left, seen_top = (max(0, edge - traits.halo) // traits.grid * traits.grid for edge in (left, top))
    part = pixels[seen_top : bottom + traits.halo, seen_left : right + traits.halo]
    began = time.perf_counter()
    result = part
    try:
        for engine in engines:
            result = engine.upscale(result)
        seconds = time.perf_counter() - began
    finally:
        for engine in engines:
            engine.close()  # until the next look the device's memory is not ours
    whole_width, whole_height = target_size(width, height, models.settings)
    scale_x, scale_y = whole_width / width, whole_height / height
    result = resized(result, out_edge(part.shape[0], scale_y), out_edge(part.shape[1], scale_x))
    x0, y0 = out_edge(left, scale_x), out_edge(top, scale_y)
    x1, y1 = out_edge(right, scale_x), out_edge(bottom, scale_y)
    from_x, from_y = out_edge(seen_left, scale_x), out_edge(seen_top, scale_y)
    kept = result[y0 - from_y : y1 - from_y, x0 - from_x : x1 - from_x]
    names = tuple(f"{Path(step.model).stem} x{step.scale:g}" for step in recipe.steps)
    return Preview(kept, x0, y0, seconds, part.shape[0] * part.shape[1] / 1e6, names)
