"""What outputs are called."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from upscaler.errors import UsageError
from upscaler.media.files import NAME_LIMIT

SAME_FOLDER = "{stem}_x{scale}"
OTHER_FOLDER = "{stem}"
_FIELDS = ("stem", "scale", "model", "n", "parent")
_OURS = re.compile(r"_x\d+(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class NameFacts:
    stem: str
    parent: str
    number: int
    scale: float
    model: str


def output_name(template: str, facts: NameFacts, suffix: str) -> str:
    """The file's name, at most 255 bytes long.  Raises UsageError for a template that makes no name."""
    stem = facts.stem
    if "{scale}" in template:
        stem = _OURS.sub("", stem) or stem  # our own ending is replaced, never stacked
    values = {
        "stem": stem,
        "scale": f"{facts.scale:g}",
        "model": facts.model,
        "n": str(facts.number),
        "parent": facts.parent,
    }
    name = re.sub(r"\{(\w*)\}", lambda field: _value(field[1], values, template), template)
    name = name.strip()
    if not name or "/" in name or "\\" in name or "\0" in name or name.startswith("."):
        raise UsageError(f"The name template {template!r} gives {name!r}, which is no name for a visible file.")
    return fitted(name, suffix)


def fitted(stem: str, suffix: str) -> str:
    """``stem + suffix``, shortened to what a file system takes; the same for the same, different for different."""
    if len(os.fsencode(stem + suffix)) <= NAME_LIMIT:
        return stem + suffix
    mark = "~" + hashlib.sha256(os.fsencode(stem)).hexdigest()[:8]
    room = NAME_LIMIT - len(os.fsencode(mark + suffix))
    return os.fsencode(stem)[:room].decode(errors="ignore") + mark + suffix


def _value(field: str, values: dict[str, str], template: str) -> str:
    if field not in values:
        raise UsageError(
            f"The name template {template!r} has {{{field}}}; known are {', '.join(f'{{{f}}}' for f in _FIELDS)}."
        )
    return values[field]


@dataclass(slots=True)
class TakenNames:
    """Paths that are given out: no two of them are the same on any file system."""

    _taken: set[str] = field(default_factory=set)

    def free(self, path: Path, source_suffix: str, exists: Callable[[Path], bool]) -> Path:
        """``path``, or the first like it that nobody has: with the source's ending, then with a number."""
        stem, suffix = path.stem, path.suffix
        ending = source_suffix.lstrip(".").lower()
        number = 1
        candidate = path
        while self._key(candidate) in self._taken or exists(candidate):
            extra = f"_{ending}" if number == 1 and ending and f".{ending}" != suffix.lower() else f"_{number + 1}"
            candidate = path.with_name(fitted(stem + extra, suffix))
            number += 1
        self._taken.add(self._key(candidate))
        return candidate

    @staticmethod
    def _key(path: Path) -> str:
        return unicodedata.normalize("NFC", str(path.absolute())).casefold()
