"""Small rows for tests of the catalogue and the store."""

import os
from typing import Any

import msgspec

from upscaler.models.manifest import Entry, Url, WeightsFile


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


def pebble(*addresses: str, **known: Any) -> Entry:
    """A row of one file at these addresses, which may be plain HTTP."""
    file = WeightsFile(
        name="pebble.pth",
        format="torch-zip",
        mirror="stones/pebble.pth",
        sources=tuple(Url(url=address) for address in addresses),
        **known,
    )
    return msgspec.structs.replace(row("pebble"), files=(file,))


def fetch_pebble(address: str, sha256: str, home: str) -> None:
    """What another process does: fetches the file of ``pebble``."""
    from upscaler.models.store import Store

    os.environ["UPSCALER_HOME"] = home
    Store().fetch(pebble(address, sha256=sha256))
