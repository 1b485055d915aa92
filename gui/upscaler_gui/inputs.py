"""Between the window and the disk: what was dropped, pasted and remembered.  Not for the interface's thread."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upscaler.errors import MediaError, UsageError
from upscaler.jobs.inputs import Selection, find_inputs
from upscaler.jobs.presets import settings_from

if TYPE_CHECKING:
    from PySide6.QtGui import QImage


def expand(paths: list[Path]) -> list[Path]:
    """Files, and the files in folders, as the command line finds them; what is not there is left out."""
    found: list[Path] = []
    for path in paths:
        try:
            found += [entry.path for entry in find_inputs((path,), Selection(), frozenset())]
        except UsageError:
            continue
    return found


def save_pasted(image: QImage, folder: Path) -> Path:
    """A picture from the clipboard as a file, named by its content.  Raises MediaError."""
    import hashlib

    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(bytes(image.constBits())).hexdigest()[:12]
    path = folder / f"pasted-{name}.png"
    if not image.save(str(path), "PNG"):  # type: ignore[call-overload]
        raise MediaError(f"The pasted picture could not be saved as {path}.")
    return path


def options_to_text(options: dict[str, Any]) -> str:
    return json.dumps(options)


def options_from_text(text: str) -> dict[str, Any]:
    """The options that this version knows; others, of an older or newer one, are left out."""
    try:
        options = dict(json.loads(text)) if text else {}
    except (ValueError, TypeError):
        return {}
    known = {}
    for name, value in options.items():
        with contextlib.suppress(UsageError):
            settings_from({name: value})
            known[name] = value
    return known
