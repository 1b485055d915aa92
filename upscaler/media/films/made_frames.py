"""Frames that a run writes as numbered pictures, and the journal that proves which of them are its own.

A frame stands in the journal, with its hash, before it gets its name.  So whatever bears a frame's name and is not in
the journal is somebody else's, at whatever moment a run is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from upscaler.media.files import told
from upscaler.media.films.journal import Head, Journal, Sha256, sha256_of
from upscaler.media.films.patterns import numbered, numbers_of, times_beside


class MadeFrame(msgspec.Struct, frozen=True):
    """One line of the journal: a frame that is whole."""

    number: int
    """Counted from 1, as in its name."""

    size: int
    mtime_ns: int
    sha256: Sha256
    ticks: int
    duration: int
    damaged: bool
    reused: int = 0
    computed: int = 0
    """Tiles that were taken over and computed since the frame before; the network is ahead of what is written."""


class MadeFrames:
    """The frames of one output (a pattern), and the hidden folder with their journal."""

    def __init__(self, pattern: Path) -> None:
        self.pattern = pattern
        self._journal = Journal(pattern, MadeFrame)
        self.folder = self._journal.folder
        self.frames: list[MadeFrame] = []
        self.choices: dict[str, int] = {}
        self.computed_by = ""

    def open(self, made_by: str, choose: Callable[[], dict[str, int]], step: int, computed_by: str = "") -> bool:
        """Finds what an earlier run has done.  True when there was something that no longer fits and was removed.

        Only frames that the journal proves are removed: those of other settings, and those after a gap.  ``choose`` is
        asked at the first run only; its answer is kept in ``choices``, and so is ``computed_by``.  ``step``: a run goes
        on after a multiple of so many frames.
        """
        head, listed = self._journal.read()
        ours = [frame for frame in listed if _is(numbered(self.pattern, frame.number), frame)]
        fits = head is not None and head.made_by == made_by
        head = head if head is not None and fits else Head(made_by, choose(), computed_by)
        whole = next((n for n, frame in enumerate(ours) if frame.number != n + 1), len(ours)) if fits else 0
        self.frames, self.choices = ours[: whole // step * step], head.choices
        self.computed_by = head.computed_by
        with told(self.pattern):
            times_beside(self.pattern).unlink(missing_ok=True)
            for frame in ours[len(self.frames) :]:
                numbered(self.pattern, frame.number).unlink()
        self._journal.begin(head, self.frames)
        return bool(ours) and not fits

    def add(self, part: Path, *, ticks: int, duration: int, damaged: bool, reused: int, computed: int) -> None:
        """Notes the next frame; ``part`` is its file, finished, before it gets its name."""
        with told(part):
            stat, sha256 = part.stat(), sha256_of(part)
        frame = MadeFrame(
            number=len(self.frames) + 1,
            size=stat.st_size,
            mtime_ns=stat.st_mtime_ns,
            sha256=sha256,
            ticks=ticks,
            duration=duration,
            damaged=damaged,
            reused=reused,
            computed=computed,
        )
        self._journal.add(frame)
        self.frames.append(frame)

    def remove_others(self) -> None:
        """Removes frames beyond the last, of a longer film that stood here and was to be replaced."""
        with told(self.pattern):
            for number, path in numbers_of(self.pattern).items():
                if not 1 <= number <= len(self.frames):
                    path.unlink()

    def remove_journal(self) -> None:
        self._journal.remove()


def in_the_way(pattern: Path) -> bool:
    """Frames of that name are there that no unfinished run has left."""
    there = numbers_of(pattern)
    known = {frame.number: frame for frame in Journal(pattern, MadeFrame).read()[1]} if there else {}
    return any(number not in known or not _is(path, known[number]) for number, path in there.items())


class _Listed(msgspec.Struct):
    """Of ``frames.json``: what tells how many frames there are."""

    ticks: list[int]


def are_all_there(pattern: Path) -> bool:
    """Beside the list of times lie exactly the frames that it lists."""
    try:
        listed = msgspec.json.decode(times_beside(pattern).read_bytes(), type=_Listed)
    except (OSError, ValueError):
        return False
    return set(numbers_of(pattern)) == set(range(1, len(listed.ticks) + 1))


def _is(path: Path, frame: MadeFrame) -> bool:
    """By size and time at a glance, by hash for certain."""
    try:
        stat = path.stat()
        return stat.st_size == frame.size and (stat.st_mtime_ns == frame.mtime_ns or sha256_of(path) == frame.sha256)
    except OSError:
        return False
