"""What the list of models shows, taken from the catalogue.  No Qt's widgets here, only texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

from upscaler_gui.paces import Paces

if TYPE_CHECKING:
    from upscaler.models.manifest import Entry

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Card:
    """One model, at all its scales."""

    name: str
    title: str
    summary: str
    scales: tuple[float, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    downloadable: bool
    """Its weights are not on this machine, and can be fetched."""

    here: bool
    """Weights of at least one scale are on this machine."""

    words: str
    """What a search looks through, in lower case."""


def read_cards(paces: Paces, options: Mapping[str, Any]) -> list[Card]:
    """All models of the catalogue, by name.  Looks at the disk: not for the interface's thread.

    ``paces`` and ``options`` tell how quick the models are on this machine, as far as that is known.
    """
    from upscaler.models.catalogue import catalogue
    from upscaler.models.store import weights_store

    found = catalogue()
    store = weights_store()
    times = {f"{e.name} x{e.scale}": e.cost.time for e in found.entries if e.cost and e.cost.time}
    cards = []
    for name in found.names:
        rows = found.rows(name)
        entry = rows[-1]
        where = {store.whereabouts(row) for row in rows}
        scales = tuple(float(row.scale) for row in rows if row.scale != "any")
        quality = entry.quality()
        pace = paces.estimate(name, scales[-1], times, options) if scales else None
        summary = " ".join(
            filter(None, (_scales(scales), f"{quality:.2f} dB" if quality else "", ", ".join(entry.tags)))
        )
        if "download" in where:
            place = translate("Cards", "to be downloaded")
        else:
            place = translate("Cards", "cannot be had") if "none" in where else translate("Cards", "on this machine")
        facts = [
            (translate("Cards", "Purpose"), ", ".join(entry.tags)),
            (translate("Cards", "Scales"), _scales(scales) or translate("Cards", "any")),
            (translate("Cards", "Quality (Set5, PSNR-Y)"), f"{quality:.2f} dB" if quality else ""),
            (translate("Cards", "Speed"), _speed(pace, entry)),
            (translate("Cards", "Parameters"), f"{entry.cost.params:,}" if entry.cost else ""),
            (translate("Cards", "Multiply-adds (256×256)"), f"{entry.cost.macs_256 / 1e9:.1f} G" if entry.cost else ""),
            (
                translate("Cards", "Licence"),
                entry.licence.id
                + (translate("Cards", " (commercial use allowed)") if entry.licence.commercial else ""),
            ),
            (translate("Cards", "Weights"), place),
            (translate("Cards", "By"), entry.authors or ""),
            (translate("Cards", "Paper"), entry.paper or ""),
        ]
        cards.append(
            Card(
                name=name,
                title=entry.title,
                summary=summary,
                scales=scales,
                facts=tuple((key, value) for key, value in facts if value),
                notes=entry.notes,
                downloadable="download" in where,
                here=bool(where & {"package", "cache", "mirror"}),
                words=" ".join((name, entry.title, *entry.tags, entry.licence.id, entry.family)).lower(),
            )
        )
    return cards


def _speed(pace: float | None, entry: Entry) -> str:
    texts = []
    if pace is not None:
        texts.append(translate("Cards", "about {pace:.1f} s per megapixel here").format(pace=pace))
    if entry.cost and entry.cost.time and entry.name != "span":
        texts.append(translate("Cards", "{time:g} × the time of span").format(time=entry.cost.time))
    return ", ".join(texts)


def _scales(scales: tuple[float, ...]) -> str:
    return " ".join(f"×{scale:g}" for scale in scales)


def card_html(card: Card) -> str:
    """The card as rich text; everything from the catalogue is escaped."""
    rows = "".join(
        f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(value)}</td></tr>" for key, value in card.facts
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in card.notes)
    return f"<h3>{escape(card.title)}</h3><table>{rows}</table>{notes}"
