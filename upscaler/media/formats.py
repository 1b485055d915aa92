"""The formats of still pictures that can be written, and what each can hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from upscaler.errors import UsageError
from upscaler.media.picture import Header


@dataclass(frozen=True, slots=True)
class Format:
    name: str
    title: str
    suffixes: tuple[str, ...]
    """The first is what we write."""

    channels: frozenset[int]
    dtypes: tuple[str, ...]
    side: int
    """The longest side in pixels."""

    by_rows: bool = False
    """Can be written from top to bottom in flat memory."""

    lossy: bool = False
    lossless: bool = True
    metadata: bool = True
    """Profile, EXIF, XMP and density can be carried."""


_ANY = frozenset({1, 2, 3, 4})
_COLOUR = frozenset({3, 4})
_HUGE = 2**31 - 1

FORMATS = {
    f.name: f
    for f in (
        Format("png", "PNG", (".png", ".apng"), _ANY, ("uint8", "uint16"), _HUGE, by_rows=True),
        # The format allows 65535; libjpeg, which nearly everything reads with, stops earlier.
        Format(
            "jpg", "JPEG", (".jpg", ".jpeg", ".jfif", ".jpe"), frozenset({1, 3}), ("uint8",), 65500,
            by_rows=True, lossy=True, lossless=False,
        ),
        Format("webp", "WebP", (".webp",), _COLOUR, ("uint8",), 16383, lossy=True),
        Format("tiff", "TIFF", (".tif", ".tiff"), _ANY, ("uint8", "uint16", "float32"), _HUGE, by_rows=True),
        Format("bmp", "BMP", (".bmp", ".dib"), frozenset({1, 3}), ("uint8",), 32767, metadata=False),
        Format("avif", "AVIF", (".avif",), _COLOUR, ("uint8",), 65535, lossy=True),
        Format(
            "jxl", "JPEG XL", (".jxl",), _ANY, ("uint8", "uint16", "float32"), 2**30 - 1, lossy=True, metadata=False
        ),
        Format("jp2", "JPEG 2000", (".jp2", ".j2k"), _ANY, ("uint8", "uint16"), _HUGE, lossy=True, metadata=False),
        Format("ppm", "PNM", (".ppm", ".pgm", ".pnm"), frozenset({1, 3}), ("uint8",), _HUGE, metadata=False),
        Format("tga", "TGA", (".tga",), frozenset({1, 3, 4}), ("uint8",), 65535, metadata=False),
    )
}  # fmt: skip

ALIASES = {"jpeg": "jpg", "tif": "tiff", "pgm": "ppm", "pnm": "ppm", "jfif": "jpg", "j2k": "jp2"}


def named(name: str) -> Format:
    """The format called ``name``.  Raises UsageError, which lists what there is."""
    key = name.lower().lstrip(".")
    found = FORMATS.get(ALIASES.get(key, key))
    if found is None:
        raise UsageError(f"There is no output format {name!r}; choose keep, {', '.join(FORMATS)}.")
    return found


def of_suffix(suffix: str) -> Format | None:
    """The format that files with this ending (``.jpg``) have by convention."""
    return next((f for f in FORMATS.values() if suffix.lower() in f.suffixes), None)


def kept(header: Header) -> Format:
    """What ``keep`` means for this picture: its own format, or PNG where that cannot be written."""
    return FORMATS.get(header.format, FORMATS["png"])


def held(target: Format, channels: int, dtype: str) -> tuple[int, str]:
    """The channels and the type in which ``target`` holds such a picture."""
    if channels not in target.channels:
        nearest = {2: (4, 1, 3), 4: (3, 1), 1: (3,), 3: (4,)}[channels]
        channels = next(c for c in nearest if c in target.channels)
    if dtype not in target.dtypes:
        dtype = target.dtypes[-1] if dtype == "float32" else target.dtypes[0]
    return channels, dtype


def losses(header: Header, target: Format, background: str) -> Iterator[str]:
    """Sentences about what this picture loses in that format."""
    channels, dtype = held(target, header.channels, header.dtype)
    if header.alpha and channels not in (2, 4):
        yield f"{target.title} has no transparency: the picture is laid on {background}."
    if dtype != header.dtype:
        bits = {"uint8": "8 bit", "uint16": "16 bit", "float32": "floating point"}
        yield f"{target.title} is written with {bits[dtype]} here: the source's {bits[header.dtype]} are reduced."
    if header.icc and not target.metadata:
        yield f"{target.title} is written without its colour profile: colours may look different; png keeps it."
    if header.described and not target.metadata:
        yield f"{target.title} is written without EXIF and XMP here; png, jpg, webp and tiff keep them."


def too_large(target: Format, width: int, height: int) -> str | None:
    """A sentence if the format cannot hold so many pixels, with what can."""
    if max(width, height) <= target.side:
        return None
    return (
        f"{target.title} holds at most {target.side} pixels a side, and the result would have {width}x{height}; "
        "choose another format (-f png, -f tiff) or a smaller scale."
    )
