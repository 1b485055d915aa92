"""Frames as numbered pictures in a folder (``%06d.png``), so that other tools can join.

Beside the pictures lies ``frames.json`` with the time of each, which a film made of them takes up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np

from upscaler.errors import MediaError, UsageError
from upscaler.media.films.colour import Colour
from upscaler.media.films.film import Film, Stream
from upscaler.media.films.formats import layout_of
from upscaler.media.films.patterns import numbered, numbers_of, times_beside
from upscaler.media.films.reader import Frame
from upscaler.media.picture import Pixels

_USUAL_RATE = Fraction(24)


class Times(msgspec.Struct, frozen=True):
    """What ``frames.json`` holds."""

    numerator: int
    denominator: int
    """A tick is numerator / denominator seconds."""

    ticks: list[int]
    last_duration: int = 0


def check_pattern(pattern: Path) -> None:
    """Raises UsageError unless frames can be written so."""
    if pattern.suffix.lower() != ".png":
        raise UsageError(f"Frames are written as PNG; {pattern.name} should end in .png, as %06d.png does.")


def files_of(pattern: Path) -> list[Path]:
    """The frames that are there, in the order of their numbers.  Raises MediaError when there are none, or gaps."""
    found = numbers_of(pattern)
    if not found:
        raise MediaError(
            f"There are no frames like {pattern}; the first is expected to be {numbered(pattern, 1).name}."
        )
    first, last = min(found), max(found)
    missing = next((number for number in range(first, last + 1) if number not in found), None)
    if missing is not None:
        raise MediaError(f"The frame {numbered(pattern, missing)} is missing among those from {first} to {last}.")
    return [found[number] for number in range(first, last + 1)]


def describe_folder(pattern: Path) -> tuple[Film, tuple[str, ...]]:
    """The pictures as a film, and what has to be said of it."""
    from upscaler.media.still import read_header

    files = files_of(pattern)
    header = read_header(files[0])
    times = _times(pattern, len(files))
    untold = f"No {times_beside(pattern).name} lies beside {pattern.name}: the frames are shown at {_USUAL_RATE}/s."
    notes = () if times else (untold,)
    times = times or Times(_USUAL_RATE.denominator, _USUAL_RATE.numerator, list(range(len(files))), 1)
    base = Fraction(times.numerator, times.denominator)
    seconds = float((times.ticks[-1] - times.ticks[0] + max(times.last_duration, 1)) * base)
    depth = 8 if header.dtype == "uint8" else 16
    layout = layout_of("gbr" + ("a" if header.alpha else "") + "p" + ("" if depth == 8 else "16le"))
    if header.channels < 3 and not header.alpha:
        layout = layout_of("gray" if depth == 8 else "gray16le")
    film = Film(
        path=pattern,
        container="frames",
        codec="png",
        layout=layout,
        format=layout.name,
        width=header.width,
        height=header.height,
        colour=Colour(matrix=0, primaries=1, transfer=13, full_range=True, range_known=True),
        time_base=base,
        rate=Fraction(len(files) / max(seconds, 1e-3)).limit_denominator(1001),
        frames=len(files),
        seconds=seconds,
        bytes=sum(path.stat().st_size for path in files),
        stream=0,
        streams=(Stream(0, "film", "png"),),
    )
    return film, notes


def read_folder(film: Film) -> Iterator[Frame]:
    """The frames of a film that ``describe_folder`` gave."""
    from upscaler.media.still import read_picture

    files = files_of(film.path)
    times = _times(film.path, len(files))
    ticks = times.ticks if times else list(range(len(files)))
    last = times.last_duration if times else 1
    for index, path in enumerate(files):
        pixels = read_picture(path).pixels
        if pixels.shape[:2] != (film.height, film.width):
            raise MediaError(
                f"{path} is {pixels.shape[1]}x{pixels.shape[0]}, and the first frame {film.width}x{film.height}; "
                "all frames of a film have one size."
            )
        following = ticks[index + 1] - ticks[index] if index + 1 < len(ticks) else last
        yield Frame(index, ticks[index], following, film.layout, _planes(pixels, film))


def write_times(
    pattern: Path, base: Fraction, ticks: list[int], last_duration: int, noted: Callable[[Path], None]
) -> None:
    """Writes ``frames.json`` beside the frames; ``noted`` gets the finished file just before it gets its name."""
    from upscaler.media.files import NewFile

    times = Times(base.numerator, base.denominator, ticks, last_duration)
    with NewFile(times_beside(pattern)) as new:
        new.file.write(msgspec.json.encode(times) + b"\n")
        new.flush()
        noted(new.part)
        new.commit()


def _times(pattern: Path, count: int) -> Times | None:
    path = times_beside(pattern)
    if not path.exists():
        return None
    try:
        times = msgspec.json.decode(path.read_bytes(), type=Times)
    except (OSError, msgspec.DecodeError) as error:
        raise MediaError(
            f"{path} cannot be read ({error}); delete it to show the frames at {_USUAL_RATE}/s."
        ) from error
    rising = all(a < b for a, b in zip(times.ticks, times.ticks[1:], strict=False))
    if len(times.ticks) != count or not rising or times.numerator < 1 or times.denominator < 1:
        raise MediaError(
            f"{path} does not fit the {count} frames beside it; delete it to show them at {_USUAL_RATE}/s."
        )
    return times


def _planes(pixels: Pixels, film: Film) -> list[Pixels]:
    layout = film.layout
    channels = pixels.shape[2]
    if pixels.dtype != layout.dtype or channels not in (1, 2, 3, 4):
        raise MediaError(f"The frames of {film.path} are not all of one kind ({layout.depth} bits).")
    colours = [pixels[..., min(index, channels - 1) if channels > 2 else 0] for index in range(layout.colours)]
    if layout.alpha:
        full = np.full(pixels.shape[:2], layout.peak, layout.dtype)
        colours.append(pixels[..., -1] if channels in (2, 4) else full)
    return [np.ascontiguousarray(plane) for plane in colours]
