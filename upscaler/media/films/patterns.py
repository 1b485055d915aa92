"""Names of numbered frames: ``%06d.png``."""

from __future__ import annotations

import re
from pathlib import Path

_NUMBER = re.compile(r"%0?(\d*)d")


def is_pattern(path: Path) -> bool:
    """The name has a place for a number."""
    return _NUMBER.search(path.name) is not None


def numbered(pattern: Path, number: int) -> Path:
    """The path of one frame."""
    return pattern.with_name(_NUMBER.sub(lambda found: f"{number:0{found[1] or 0}d}", pattern.name))


def times_beside(pattern: Path) -> Path:
    """The file with the time of each frame."""
    return pattern.with_name("frames.json")


def numbers_of(pattern: Path) -> dict[int, Path]:
    """The frames that are there, by their numbers."""
    around = (re.escape(part) for part in _NUMBER.sub("\0", pattern.name, count=1).split("\0"))
    shape = re.compile("(\\d+)".join(around))
    found: dict[int, Path] = {}
    if pattern.parent.is_dir():
        for path in pattern.parent.iterdir():
            match = shape.fullmatch(path.name)
            if match and numbered(pattern, int(match[1])) == path:
                found[int(match[1])] = path
    return found
