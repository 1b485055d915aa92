"""Small rows for tests of the catalogue and the store."""

from typing import Any

import msgspec

from upscaler.models.manifest import Entry


def row(name: str = "pebble", scale: int | str = 4, **fields: Any) -> Entry:
    """A row with the fields that it must have, and those given."""
    must = {
        "name": name,
        "scale": scale,
        "architecture": "span",
        "family": "span",
        "title": name.title(),
        "availability": "public",
        "licence": {"id": "MIT", "source": "a test", "commercial": True},
    }
    return msgspec.convert({**must, **fields}, Entry)
