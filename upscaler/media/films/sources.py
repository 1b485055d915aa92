"""Whatever moves: films, animated pictures and folders of frames, read in one way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from upscaler.media.films import clips, folders, patterns, reader
from upscaler.media.films.film import Film, describe
from upscaler.media.films.reader import Frame


def describe_source(path: Path) -> tuple[Film, tuple[str, ...]]:
    """What a film, an animated picture or a pattern of frames holds, and what has to be said of it.

    Raises MediaError.
    """
    if patterns.is_pattern(path) and not path.exists():
        return folders.describe_folder(path)
    with path.open("rb") as file:
        head = file.read(4096)
    return (clips.describe_clip(path) if clips.is_clip(path, head) else describe(path)), ()


def frames_of(
    film: Film, *, start: float | None = None, duration: float | None = None, deinterlace: bool = False, skip: int = 0
) -> Iterator[Frame]:
    """The frames of a described source; see ``reader.read_frames``."""
    if film.container not in ("gif", "apng", "webp", "frames"):
        return reader.read_frames(film, start=start, duration=duration, deinterlace=deinterlace, skip=skip)
    read = folders.read_folder(film) if film.container == "frames" else clips.read_clip(film)
    return reader.within(read, film, start, duration, skip)
