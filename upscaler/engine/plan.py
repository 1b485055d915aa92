"""How large tiles are, and how many pixels are computed at once: from budget, network and device."""

from dataclasses import dataclass

import torch

from upscaler.engine import allocator
from upscaler.engine.memory import Need, free
from upscaler.networks.family import Traits

MARGIN = 1.25
"""Memory really taken / memory of the tensors: scratch of the libraries, gaps."""

UNMAPPED = 24 * 2**20
"""Bytes up to which glibc's allocator, as it is, keeps freed memory instead of giving it back to the system."""

SMALLEST = 32
"""Input pixels: the smallest side of what a tile keeps that is planned; smaller ones only after a failure."""

LARGEST = {"cpu": 1024, "cuda": 1536}
"""Input pixels: beyond this side of what is read the halo costs little, and progress and cancelling grow coarse."""

WHOLE = 1536**2
"""Input pixels up to which a picture that fits is computed without any tiles."""

STREAMED = 6 * 2**27
"""Bytes for tiles and the bands that they fill, on the CPU, where no budget was given: more brings little speed, and
with torch itself, and what allocators leave between arrays, a gigapixel stays below 1.5 GB."""

BANDS = 3
"""The one that tiles fill, the one before, which is being written, and the gap that an earlier one left."""

AT_ONCE = {"cpu": 256**2, "cuda": 1024**2}
"""Input pixels that one call should have: fewer leave the device idle between layers."""


@dataclass(frozen=True, slots=True)
class TilePlan:
    core: int | None
    """Side of what a tile keeps, in input pixels; None: the whole picture."""

    at_once: int
    """Input pixels of all tiles in one call."""


@dataclass(frozen=True, slots=True)
class Room:
    """Memory that may be used, in bytes."""

    all: int
    given: bool
    """By the user; otherwise it is a share of what is free."""

    @staticmethod
    def on(device: torch.device, given: int | None) -> "Room":
        """What was given, or up to half of what is free: a power of two, so that the same tiles come out again."""
        return Room(1 << (free(device) // 2).bit_length() - 1, False) if given is None else Room(given, True)


def tile_plan(
    size: tuple[int, int],
    row: float,
    traits: Traits,
    need: Need,
    room: Room,
    device: torch.device,
    wish: int | None,
    overlap: int,
) -> TilePlan:
    """The plan for one picture.

    ``size`` is its height and width, ``row`` the bytes of output that one row of its input becomes.  ``wish`` is the
    side that was asked for (None: chosen; 0: the whole picture if it fits), ``overlap`` what blended tiles share on
    each side of a border.
    """
    pixels = size[0] * size[1]
    fits = max(int(room.all / (need.peak * MARGIN)), 1)
    ring = 2 * (traits.halo + overlap)
    kind = device.type if device.type in LARGEST else "cuda"
    at_once = min(fits, AT_ONCE[kind])
    if wish:
        # What was asked for is tried, whatever the budget: the ladder helps where it is too much.
        return TilePlan(wish, max(at_once, (wish + ring + traits.grid) ** 2))
    side = _side(row, need, room, kind, ring)
    if pixels <= fits and (wish == 0 or max(size) <= side or (pixels <= WHOLE and not _remaps(kind))):
        return TilePlan(None, max(at_once, pixels))
    core = max(side - ring, SMALLEST)
    return TilePlan(core, max(at_once, min((core + ring + traits.grid) ** 2, max(fits, SMALLEST**2))))


def _side(row: float, need: Need, room: Room, kind: str, ring: int) -> int:
    """The largest side of what a tile reads for which tile and band fit."""
    side = LARGEST[kind]
    if _remaps(kind):
        # A halo that is twice what is kept costs more than any allocator.
        side = min(side, max(int((UNMAPPED / need.largest) ** 0.5), ring + ring // 2))
    bytes_ = room.all if room.given or kind != "cpu" else min(room.all, STREAMED)
    band = BANDS * row if kind == "cpu" else 0
    while side > SMALLEST and side**2 * need.peak * MARGIN + max(side - ring, 0) * band > bytes_:
        side -= 8
    return side


def _remaps(kind: str) -> bool:
    """Large arrays get fresh pages from the system for every layer."""
    return kind == "cpu" and not allocator.kept()
