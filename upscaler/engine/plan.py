"""How large tiles are, and how many pixels are computed at once: from budget, network and device."""

from dataclasses import dataclass

import torch

from upscaler.engine import allocator
from upscaler.engine.memory import Need
from upscaler.networks.family import Traits

MARGIN = 1.25
"""Memory really taken / memory of the tensors: scratch of the libraries, gaps."""

UNMAPPED = 24 * 2**20
"""Bytes up to which glibc's allocator, as it is, keeps freed memory instead of giving it back to the system."""

SMALLEST = 32
"""Input pixels: the smallest side of what a tile keeps that is planned; smaller ones only after a failure."""

LARGEST = {"cpu": 1024, "cuda": 1536}
"""Input pixels: beyond this side of what is read the halo costs little, and progress and cancelling grow coarse."""

AT_ONCE = {"cpu": 256**2, "cuda": 1024**2}
"""Input pixels that one call should have: fewer leave the device idle between layers."""


@dataclass(frozen=True, slots=True)
class TilePlan:
    core: int | None
    """Side of what a tile keeps, in input pixels; None: the whole picture."""

    at_once: int
    """Input pixels of all tiles in one call."""


def tile_plan(
    size: tuple[int, int], traits: Traits, need: Need, budget: int, device: torch.device, wish: int | None, overlap: int
) -> TilePlan:
    """``wish``: the side that was asked for; None: chosen; 0: the whole picture if it fits."""
    fits = max(int(budget / (need.peak * MARGIN)), 1)
    ring = 2 * (traits.halo + overlap)
    kind = device.type if device.type in LARGEST else "cuda"
    at_once = min(fits, AT_ONCE[kind])
    if wish:
        # What was asked for is tried, whatever the budget: the ladder helps where it is too much.
        return TilePlan(wish, max(at_once, (wish + ring + traits.grid) ** 2))
    if wish == 0 and size[0] * size[1] <= fits:
        return TilePlan(None, max(at_once, size[0] * size[1]))
    side = min(int(fits**0.5), LARGEST[kind])
    if kind == "cpu" and not allocator.kept():
        side = min(side, int((UNMAPPED / need.largest) ** 0.5))
    # A halo that is larger than what is kept costs more than pages that are mapped again.
    core = max(side - ring, ring // 2, SMALLEST)
    whole = max(size) <= core + ring and size[0] * size[1] <= fits
    read = size[0] * size[1] if whole else (core + ring + traits.grid) ** 2
    return TilePlan(None if whole else core, max(at_once, read))
