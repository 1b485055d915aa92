"""``-m auto``: which model, and the reason in one line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from upscaler.errors import ModelError, WeightsError
from upscaler.models.catalogue import Catalogue
from upscaler.models.manifest import Entry, Tag
from upscaler.models.store import Store

Prefer = Literal["latency", "quality", "flops", "memory"]

EMBEDDED = "pocket"
SPECIAL: frozenset[Tag] = frozenset({"anime", "real-world", "gan", "arbitrary-scale"})
"""Models for special input are never chosen unasked."""

LEEWAY = 1.25
"""Among models that cost at most this much more than the cheapest, the best one is taken."""

SAYS = {
    "latency": "the best of the fastest models",
    "quality": "the best quality",
    "flops": "the best of those with the fewest multiply-adds",
    "memory": "the best of the smallest models",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A model, and why."""

    entry: Entry
    reason: str


def choose(
    catalogue: Catalogue,
    scale: float,
    *,
    prefer: Prefer = "latency",
    commercial: bool = False,
    available: Callable[[Entry], bool],
) -> Choice:
    """The model for a scale: of its native one, else of the next larger that has any, else of the largest.

    Raises ModelError if nothing at all is available.
    """
    usable = [
        entry
        for entry in catalogue.entries
        if entry.scale != "any"
        and not SPECIAL & set(entry.tags)
        and (entry.licence.commercial or not commercial)
        and available(entry)
    ]
    terms = ", for commercial use" if commercial else ""
    for native in _natives(usable, scale):
        there = [entry for entry in usable if entry.scale == native]
        wanted = [e for e in there if e.name != EMBEDDED and (prefer == "quality" or prefer in e.tags)]
        if wanted:
            entry = _best(wanted, prefer)
            figure = entry.quality()
            quality = f", {figure:.2f} dB on Set5" if figure is not None else ""
            return Choice(entry, f"{SAYS[prefer]} at x{native} whose weights can be had{terms}{quality}")
    for native in _natives(usable, scale):
        embedded = next((entry for entry in usable if entry.scale == native and entry.name == EMBEDDED), None)
        if embedded is not None:
            return Choice(embedded, "it comes with the program; no better model's weights can be had")
    raise ModelError(f"No model for x{scale:g} can be had; name one with -m, or see `upscaler models list`.")


def automatic(
    catalogue: Catalogue, store: Store, scale: float, *, prefer: Prefer = "latency", commercial: bool = False
) -> Choice:
    """The choice, with its weights fetched; where they cannot be, the best of what is on this machine."""
    first = choose(
        catalogue, scale, prefer=prefer, commercial=commercial, available=lambda e: store.whereabouts(e) != "none"
    )
    try:
        store.fetch(first.entry)
    except WeightsError:
        here = choose(
            catalogue,
            scale,
            prefer=prefer,
            commercial=commercial,
            available=lambda e: e != first.entry and store.whereabouts(e) in {"package", "cache", "mirror"},
        )
        return Choice(here.entry, f"{here.reason}; {first.entry.name} could not be fetched")
    return first


def _natives(entries: Iterable[Entry], scale: float) -> list[int]:
    """Scales to look at, the best suited first: at least the wanted one, then smaller ones."""
    scales = {entry.scale for entry in entries if isinstance(entry.scale, int)}
    return [*sorted(s for s in scales if s >= scale), *sorted((s for s in scales if s < scale), reverse=True)]


def _best(entries: list[Entry], prefer: Prefer) -> Entry:
    if prefer == "quality":
        return max(entries, key=lambda e: (e.quality() or 0.0, -_macs(e)))
    cost = {"latency": _time, "flops": _macs, "memory": _params}[prefer]
    limit = LEEWAY * min(map(cost, entries))
    near = [entry for entry in entries if cost(entry) <= limit]
    return max(near, key=lambda e: (e.quality() or 0.0, -cost(e), e.year or 0))


def _time(entry: Entry) -> float:
    """As measured, in units of span's; multiply-adds where it was not."""
    if entry.cost is not None and entry.cost.time is not None:
        return entry.cost.time
    return _macs(entry) / 9.84e9


def _macs(entry: Entry) -> float:
    return entry.cost.macs_256 if entry.cost else float("inf")


def _params(entry: Entry) -> float:
    return entry.cost.params if entry.cost else float("inf")
