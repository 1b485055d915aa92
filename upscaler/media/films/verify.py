"""A written film, opened again: is everything in it?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import av

from upscaler.errors import MediaError
from upscaler.media.films.encoders import Encoding
from upscaler.media.films.film import describe
from upscaler.media.films.mux import Written


def check_film(part: Path, path: Path, encoding: Encoding, written: Written) -> None:
    """Raises MediaError unless the file at ``part`` holds the frames and packets that were written into it."""
    try:
        film = describe(part)
        with av.open(str(part)) as container:
            counts = Counter(packet.stream_index for packet in container.demux() if packet.size)
    except (MediaError, av.FFmpegError, OSError) as error:
        raise MediaError(f"{path} was written but cannot be read back ({error}); nothing was left there.") from error
    wrong: list[str] = []
    for kind in dict.fromkeys(kind for kind, _ in written.packets):
        # Containers may put covers last and add streams for chapters: the order holds within a kind.
        want = [count for other, count in written.packets if other == kind]
        have = [counts[stream.index] for stream in film.streams if stream.kind == kind]
        if kind == "subtitle":  # MP4 fills the pauses between texts with empty packets
            have = [min(found, count) for found, count in zip(have, want, strict=False)]
        if have[: len(want)] != want:
            wrong.append(f"{kind} packets {have} instead of {want}")
    if (film.width, film.height) != (encoding.width, encoding.height):
        wrong.append(f"frames of {film.width}x{film.height} instead of {encoding.width}x{encoding.height}")
    if len(film.chapters) != written.chapters:
        wrong.append(f"{len(film.chapters)} chapters instead of {written.chapters}")
    if wrong:
        raise MediaError(f"{path} was written but reads back wrong: {'; '.join(wrong)}; nothing was left there.")
