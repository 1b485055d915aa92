"""What the list of models shows, taken from the catalogue.  No Qt's widgets here, only texts."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QCoreApplication

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

    words: str
    """What a search looks through, in lower case."""


def read_cards() -> list[Card]:
    """All models of the catalogue, by name.  Looks at the disk: not for the interface's thread."""
    from upscaler.models.catalogue import catalogue
    from upscaler.models.store import weights_store

    found = catalogue()
    store = weights_store()
    cards = []
    for name in found.names:
        rows = found.rows(name)
        entry = rows[-1]
        where = {store.whereabouts(row) for row in rows}
        scales = tuple(float(row.scale) for row in rows if row.scale != "any")
        quality = entry.quality()
        summary = " ".join(
            filter(None, (_scales(scales), f"{quality:.2f} dB" if quality else "", ", ".join(entry.tags)))
        )
        here = where <= {"package", "cache", "mirror"}
        place = translate("Cards", "on this machine") if here else translate("Cards", "to be downloaded")
        facts = [
            (translate("Cards", "Purpose"), ", ".join(entry.tags)),
            (translate("Cards", "Scales"), _scales(scales) or translate("Cards", "any")),
            (translate("Cards", "Quality (Set5, PSNR-Y)"), f"{quality:.2f} dB" if quality else ""),
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
                words=" ".join((name, entry.title, *entry.tags, entry.licence.id, entry.family)).lower(),
            )
        )
    return cards


def _scales(scales: tuple[float, ...]) -> str:
    return " ".join(f"×{scale:g}" for scale in scales)


def card_html(card: Card) -> str:
    """The card as rich text; everything from the catalogue is escaped."""
    rows = "".join(
        f"<tr><td><b>{escape(key)}</b>&nbsp;&nbsp;</td><td>{escape(value)}</td></tr>" for key, value in card.facts
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in card.notes)
    return f"<h3>{escape(card.title)}</h3><table>{rows}</table>{notes}"
