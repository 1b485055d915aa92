"""Animated pictures (GIF, APNG, WebP) as films, and films as animated pictures.  Pillow reads and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageSequence

from upscaler.errors import MediaError
from upscaler.media.films.colour import Colour
from upscaler.media.films.film import Film, Stream
from upscaler.media.films.formats import Plane, layout_of
from upscaler.media.films.reader import Frame

KINDS = {"GIF": "gif", "PNG": "apng", "WEBP": "webp"}
"""Pillow's names of the formats that move -> ours."""

SUFFIXES = {".gif": "gif", ".apng": "apng", ".png": "apng", ".webp": "webp"}

_MILLISECOND = Fraction(1, 1000)
_UNTOLD = 100
"""Milliseconds that browsers show a frame whose delay is 0."""

RGBA = npt.NDArray[np.uint8]


def is_clip(path: Path, head: bytes) -> bool:
    """The file is an animated picture of more than one frame."""
    webp = head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and head[20:21] and head[20] & 2
    png = head.startswith(b"\x89PNG") and b"acTL" in head
    if not (webp or png or head[:6] in (b"GIF87a", b"GIF89a")):
        return False
    try:
        with Image.open(path) as image:
            return int(getattr(image, "n_frames", 1)) > 1
    except (OSError, SyntaxError, ValueError):
        return False


def describe_clip(path: Path) -> Film:
    """An animated picture as a film of RGBA frames, timed in milliseconds.  Raises MediaError when it is damaged."""
    with _opened(path) as image:
        kind = KINDS[image.format or "GIF"]
        width, height = image.size
        shown = [(duration, bool(pixels[..., 3].min() == 255)) for pixels, duration in _frames(image, path)]
    times = [duration for duration, _ in shown]
    opaque = all(whole for _, whole in shown)
    total = sum(times)
    return Film(
        path=path,
        container=kind,
        codec=kind,
        layout=layout_of("gbrp" if opaque else "gbrap"),
        format="gbrp" if opaque else "gbrap",
        width=width,
        height=height,
        colour=Colour(matrix=0, primaries=1, transfer=13, full_range=True, range_known=True),
        time_base=_MILLISECOND,
        rate=Fraction(1000 * len(times), max(total, 1)).limit_denominator(1000),
        frames=len(times),
        seconds=total / 1000,
        bytes=path.stat().st_size,
        stream=0,
        streams=(Stream(0, "film", kind),),
    )


def read_clip(film: Film) -> Iterator[Frame]:
    """The frames, composed as a browser shows them."""
    ticks = 0
    channels = 3 + film.layout.alpha
    with _opened(film.path) as image:
        for index, (pixels, duration) in enumerate(_frames(image, film.path)):
            planes: list[Plane] = [np.ascontiguousarray(pixels[..., channel]) for channel in range(channels)]
            yield Frame(index, ticks, duration, film.layout, planes)
            ticks += duration


@dataclass(frozen=True, slots=True)
class Shown:
    """One frame of an animated picture to be written."""

    pixels: RGBA
    milliseconds: int


def write_clip(path: Path, kind: str, frames: Iterable[Shown], *, loops: int) -> None:
    """Writes ``kind`` (gif, apng or webp, without loss but for GIF's 256 colours) to ``path``."""
    durations: list[int] = []

    def images() -> Iterator[Image.Image]:
        for frame in frames:
            durations.append(frame.milliseconds)
            yield Image.fromarray(frame.pixels)

    every = list(images())
    options: dict[str, Any] = {"save_all": True, "append_images": every[1:], "duration": durations, "loop": loops}
    options |= {"gif": {"disposal": 2, "optimize": False}, "apng": {"disposal": 0, "blend": 0}}.get(
        kind, {"lossless": True, "quality": 60, "exact": True}
    )
    with path.open("wb") as file:
        every[0].save(file, format={"gif": "GIF", "apng": "PNG", "webp": "WEBP"}[kind], **options)


def check_clip(part: Path, path: Path, kind: str, shown: Sequence[Shown]) -> None:
    """Raises MediaError unless the file at ``part`` is an animation of that size and length."""
    try:
        film = describe_clip(part)
    except MediaError as error:
        raise MediaError(f"{path} was written but cannot be read back; nothing was left there.") from error
    height, width = shown[0].pixels.shape[:2]
    total = sum(frame.milliseconds for frame in shown)
    # Equal frames may have been merged into one, and GIF counts in hundredths.
    near = film.seconds is not None and abs(film.seconds * 1000 - total) <= 10 * len(shown)
    if (film.width, film.height, film.container) != (width, height, kind) or (len(shown) > 1 and not near):
        raise MediaError(f"{path} was written but reads back wrong; nothing was left there.")


def loops_of(path: Path) -> int:
    """How often the animation is played; 0: for ever."""
    with _opened(path) as image:
        return int(image.info.get("loop", 1 if image.format == "GIF" else 0))


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"{path.name} cannot be read as an animated picture ({error}); it was left out.") from error


def _frames(image: Image.Image, path: Path) -> Iterator[tuple[RGBA, int]]:
    try:
        for frame in ImageSequence.Iterator(image):
            pixels = np.asarray(frame.convert("RGBA"))
            yield pixels, round(float(frame.info.get("duration") or _UNTOLD))
    except (OSError, SyntaxError, ValueError) as error:
        raise MediaError(f"{path.name} ends in the middle of its animation ({error}); it was left out.") from error
