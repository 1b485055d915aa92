"""The record of what made an output, so that the same work is not done twice and nothing else is taken for it.

Receipts lie with the program's state, not beside the pictures.  They are read as data from outside: a damaged one is
as none.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from upscaler._version import __version__
from upscaler.folders import state_folder
from upscaler.jobs.recipes import Recipe
from upscaler.jobs.settings import Settings

_DOES_NOT_COUNT = frozenset({"device", "memory", "threads", "executor", "max_megapixels", "model", "prefer"})
"""Settings that say how to work, not what comes out; the model counts by what its name came to mean."""


class FileState(msgspec.Struct, frozen=True):
    """A file as it was: by size and time at a glance, by hash for certain."""

    size: int
    mtime_ns: int
    sha256: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    """Path of the input."""

    made_from: FileState
    output: str
    made: FileState
    settings: str
    """Hash of all settings that change the result."""

    models: tuple[str, ...]
    version: str = __version__


def fingerprint(settings: Settings) -> str:
    """The same for settings that give the same result."""
    facts = msgspec.to_builtins(settings)
    counting = {key: value for key, value in facts.items() if key not in _DOES_NOT_COUNT}
    return hashlib.sha256(msgspec.json.encode(counting, order="sorted")).hexdigest()


def state_of(path: Path) -> FileState:
    """Raises OSError."""
    stat = path.stat()
    with path.open("rb") as file:
        return FileState(stat.st_size, stat.st_mtime_ns, hashlib.file_digest(file, "sha256").hexdigest())


def write_receipt(
    source: Path, before: FileState, output: Path, settings: Settings, recipe: Recipe, *, part: Path | None = None
) -> None:
    """Notes that ``output`` was made from ``source``, which was as ``before`` when it was read.

    ``part`` is the finished file before it gets its name: so no moment remains in which a killed run leaves an output
    that nobody knows.
    A receipt that cannot be written is not worth an error: the work would be done again, that is all.
    """
    with suppress(OSError):
        receipt = Receipt(
            source=_text(source),
            made_from=before,
            output=_text(output),
            made=state_of(part or output),
            settings=fingerprint(settings),
            models=tuple(step.identity for step in recipe.steps),
        )
        place = _place(output)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.encode(receipt))
        part.replace(place)


def shows(output: Path, source: Path, settings: Settings, recipe: Recipe) -> bool:
    """True if a receipt shows that the file at ``output`` was made from this input with these settings and models."""
    receipt = _read(output)
    return (
        receipt is not None
        and receipt.settings == fingerprint(settings)
        and receipt.models == tuple(step.identity for step in recipe.steps)
        and _is(output, receipt.made)
        and _is(source, receipt.made_from)
    )


def made_by_us(output: Path) -> bool:
    """True if a receipt shows that the file is as we left it, whatever it was made from."""
    receipt = _read(output)
    return receipt is not None and _is(output, receipt.made)


def _read(output: Path) -> Receipt | None:
    try:
        return msgspec.json.decode(_place(output).read_bytes(), type=Receipt)
    except (OSError, msgspec.DecodeError):
        return None


def _is(path: Path, state: FileState) -> bool:
    try:
        stat = path.stat()
        if stat.st_size != state.size:
            return False
        return stat.st_mtime_ns == state.mtime_ns or state_of(path).sha256 == state.sha256
    except OSError:
        return False


def _text(path: Path) -> str:
    """For people who look into a receipt: file names need not be text."""
    return os.fsencode(path.absolute()).decode(errors="backslashreplace")


def _place(output: Path) -> Path:
    key = hashlib.sha256(os.fsencode(output.absolute())).hexdigest()
    return state_folder() / "receipts" / key[:2] / f"{key}.json"
