"""From what the user named to the files that are meant."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from upscaler.errors import UsageError
from upscaler.media.films.patterns import is_pattern

_SYSTEM = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Input:
    path: Path
    below: Path
    """Its folder, relative to the folder that was named: the part of the tree that is kept."""

    beside: Path
    """The folder that was named, or the file's own: where outputs go if nothing else was said."""

    named: bool
    """The user named this very file; otherwise it was found in a folder."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of folders are meant."""

    recursive: bool = True
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def takes(self, relative: Path) -> bool:
        """Patterns are compared with the name and with the path below the folder, without regard to case."""
        texts = (relative.name.lower(), relative.as_posix().lower())
        wanted = not self.include or self._any(self.include, texts)
        return wanted and not self._any(self.exclude, texts)

    @staticmethod
    def _any(patterns: tuple[str, ...], texts: tuple[str, ...]) -> bool:
        return any(fnmatchcase(text, pattern.lower()) for pattern in patterns for text in texts)


def find_inputs(named: Sequence[Path], selection: Selection, leave_out: frozenset[Path]) -> list[Input]:
    """All files that are meant, each once, in a fixed order.  Folders of ``leave_out`` are not entered.

    A text is taken literally where such a file exists and as a pattern only where none does.
    Raises UsageError for what does not exist and for folders without files.
    """
    found: dict[str, Input] = {}
    real = cache(os.path.realpath)
    for path in named:
        empty = True
        for entry in _one(path, selection, leave_out):
            empty = False
            # Most files lie side by side: their folder is resolved once.
            beside = f"{real(entry.path.parent)}/{entry.path.name}"
            own = os.path.realpath(entry.path) if entry.path.is_symlink() else beside
            found.setdefault(own, entry)
        if empty:
            raise UsageError(f"There is no file in the folder {path}; name one that holds pictures or films.")
    return list(found.values())


def _one(path: Path, selection: Selection, leave_out: frozenset[Path]) -> Iterator[Input]:
    if path.is_dir():
        yield from _folder(path, selection, leave_out)
    elif os.path.lexists(path):
        yield Input(path, Path(), path.parent, named=True)
    elif is_pattern(path) and path.parent.is_dir():
        yield Input(path, Path(), path.parent, named=True)  # numbered frames are one film
    elif _MAGIC & set(str(path)):
        pattern = path.relative_to(path.anchor) if path.anchor else path
        matches = sorted(Path(path.anchor or ".").glob(str(pattern)))
        if not matches:
            raise UsageError(f"Nothing matches the pattern {path}.")
        for match in matches:
            if not match.is_dir() and not is_system_file(match.name):
                yield Input(match, Path(), match.parent, named=True)
    else:
        raise UsageError(f"There is no file or folder {path}.")


def _folder(folder: Path, selection: Selection, leave_out: frozenset[Path]) -> Iterator[Input]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and _real(Path(place, f)) not in leave_out)
        if not selection.recursive:
            folders.clear()
        for name in sorted(files):
            relative = Path(place, name).relative_to(folder)
            if not is_system_file(name) and selection.takes(relative):
                yield Input(Path(place, name), relative.parent, folder, named=False)


def is_system_file(name: str) -> bool:
    """Files that systems and programs leave in folders of pictures."""
    return name.startswith(".") or name.lower() in _SYSTEM


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
