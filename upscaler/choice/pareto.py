"""Which models no other beats in two respects at once."""

from collections.abc import Callable, Iterable
from typing import Literal

from upscaler.models.manifest import Entry

Respect = Literal["macs", "params", "time"]

COST: dict[Respect, Callable[[Entry], float | None]] = {
    "macs": lambda entry: entry.cost.macs_256 if entry.cost else None,
    "params": lambda entry: entry.cost.params if entry.cost else None,
    "time": lambda entry: entry.cost.time if entry.cost else None,
}


def front(entries: Iterable[Entry], respect: Respect) -> frozenset[Entry]:
    """The rows that no other row of the same scale beats: none is at least as good and as cheap, and better in one.

    Quality is PSNR-Y on Set5.  Rows of which one of the two is not known are left out of the comparison.
    """
    cost = COST[respect]
    known = [(e, q, c) for e in entries if (q := e.quality()) is not None and (c := cost(e)) is not None]
    return frozenset(
        entry
        for entry, quality, price in known
        if not any(
            other.scale == entry.scale and q >= quality and c <= price and (q, c) != (quality, price)
            for other, q, c in known
        )
    )
