"""What engine and jobs say, in the user's language.

They say it in English, with names and figures in it.  Here are the sentences that people meet at the window, with
fields in their place; a sentence that is none of these stays as it is.  The translations are those of the window's
other texts.
"""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

OF_FILES = (
    QT_TRANSLATE_NOOP("Sentences", "There is no file or folder {path}."),
    QT_TRANSLATE_NOOP("Sentences", "{file} is not there."),
    QT_TRANSLATE_NOOP("Sentences", "{file} is empty; it was left out."),
    QT_TRANSLATE_NOOP("Sentences", "{file} is not a picture: it begins with {begin}; it was left out."),
    QT_TRANSLATE_NOOP("Sentences", "{file} ends in the middle of the picture; it was left out."),
    QT_TRANSLATE_NOOP("Sentences", "{file} is damaged and cannot be decoded; it was left out."),
    QT_TRANSLATE_NOOP("Sentences", "{file} cannot be read: {error}."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{file} claims {size} pixels, more than the limit of {limit} megapixels; "
        "--max-megapixels raises it if you trust the file.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{file} was left out: {why}"),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{format} holds at most {most} pixels a side, and the result would have {size}; "
        "choose another format (-f png, -f tiff) or a smaller scale.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{file} has changed since the job was planned; it was left out."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{file} cannot be opened as a film: its header is missing or damaged ({error}); "
        "copy it again from where it came, or repair it. It was left out.",
    ),
)

OF_OUTPUTS = (
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{output} exists and was made from another input or with other settings: {file} was left out. "
        "--exists overwrite replaces it, --exists rename writes beside it.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{output} exists and is not ours: {file} was left out. "
        "--exists overwrite replaces it, --exists rename writes beside it.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{output} is there already, made from this input with these settings."),
    QT_TRANSLATE_NOOP("Sentences", "{output} is a folder: {file} cannot be written there."),
    QT_TRANSLATE_NOOP("Sentences", "{path} cannot be written: {error}."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{path} is a file, so nothing can be written below it; choose another output folder."
    ),
    QT_TRANSLATE_NOOP("Sentences", "Nothing can be written into {path}; choose another output folder with -o."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "No room on the disk of {folder}: about {needed} needed for {file}, {free} free. "
        "{done} of {all} are done; the same command goes on from there.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "About {size} GB will be written to {folder}, where {free} GB are free."),
    QT_TRANSLATE_NOOP("Sentences", "{format} has no transparency: the picture is laid on {colour}."),
    QT_TRANSLATE_NOOP("Sentences", "{format} is written with {bits} here: the source's {more} are reduced."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{format} is written without its colour profile: colours may look different; png keeps it.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{format} is written without EXIF and XMP here; png, jpg, webp and tiff keep them."),
    QT_TRANSLATE_NOOP("Sentences", "{format} cannot be written without loss here; png, tiff, webp and jxl can."),
)

OF_THE_ENGINE = (
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{what} does not fit into the memory of {device}; going on with {instead} (finished tiles are kept).",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{what} do not fit into the memory of {device}; going on with {instead} (finished tiles are kept).",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{why}; going on with the CPU (finished tiles are kept)."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Not even a tile of {size} pixels fits into the memory that is free; close other programs, or "
        "take a smaller model.",
    ),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The tile at row {row}, column {column} overflowed in half precision and was computed in fp32.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "There is no device {device} here; there is {here}."),
    QT_TRANSLATE_NOOP("Sentences", "{file} does not fit into memory; --memory and a smaller --tile may help."),
    QT_TRANSLATE_NOOP("Sentences", "{file} could not be enlarged ({error})."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "Stopped: {done} of {all} are done, nothing is half done, and the same command goes on from there.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "The download was stopped; it goes on from there the next time."),
)

OF_MODELS = (
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{model} needs {file}, which cannot be had: {why}. Save it from {page} and run `upscaler models import FILE`.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{model} needs {file}, which cannot be had: {why}."),
    QT_TRANSLATE_NOOP(
        "Sentences", "No room on the disk of {folder} for weights; make room, or move it with UPSCALER_HOME."
    ),
    QT_TRANSLATE_NOOP("Sentences", "There is no model {name}; `upscaler models list` shows what there is."),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "The licence of {model} ({licence}) does not certainly allow commercial use; "
        "-m auto --commercial takes a model whose licence does.",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{model} has {scales}; x{scale} is made by running {how}."),
    QT_TRANSLATE_NOOP(
        "Sentences", "{which} at x{scale} whose weights can be had, for commercial use, {quality} dB on Set5"
    ),
    QT_TRANSLATE_NOOP("Sentences", "{which} at x{scale} whose weights can be had, {quality} dB on Set5"),
    QT_TRANSLATE_NOOP("Sentences", "it comes with the program; no better model's weights can be had"),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "it comes with the program; no better model's weights can be had; {model} could not be fetched",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{why}; {model} could not be fetched"),
)

PARTS = (
    QT_TRANSLATE_NOOP("Sentences", "the bytes {bytes}"),
    QT_TRANSLATE_NOOP("Sentences", 'text ("{text}")'),
    QT_TRANSLATE_NOOP("Sentences", "8 bit"),
    QT_TRANSLATE_NOOP("Sentences", "16 bit"),
    QT_TRANSLATE_NOOP("Sentences", "A tile of {size} pixels"),
    QT_TRANSLATE_NOOP("Sentences", "tiles of about {size}"),
    QT_TRANSLATE_NOOP("Sentences", "{count} tiles of {size} pixels at once"),
    QT_TRANSLATE_NOOP("Sentences", "{count} at once"),
    QT_TRANSLATE_NOOP("Sentences", "Not even a tile of {size} pixels fits into {device}"),
    QT_TRANSLATE_NOOP("Sentences", "downloads are switched off (offline)"),
    QT_TRANSLATE_NOOP("Sentences", "{host} cannot be reached"),
    QT_TRANSLATE_NOOP(
        "Sentences",
        "{file} is not the file that the manifest names (SHA-256 {found}, expected {wanted}); "
        "it was set aside as {aside}",
    ),
    QT_TRANSLATE_NOOP("Sentences", "{scale} only"),
    QT_TRANSLATE_NOOP("Sentences", "{steps} and reducing"),
    QT_TRANSLATE_NOOP("Sentences", "x{scales} and x{last}"),
    QT_TRANSLATE_NOOP("Sentences", "{steps}, then {last}"),
    QT_TRANSLATE_NOOP("Sentences", "the best of the fastest models"),
    QT_TRANSLATE_NOOP("Sentences", "the best quality"),
    QT_TRANSLATE_NOOP("Sentences", "the best of those with the fewest multiply-adds"),
    QT_TRANSLATE_NOOP("Sentences", "the best of the smallest models"),
)

SENTENCES = tuple(map(str, (*OF_FILES, *OF_OUTPUTS, *OF_THE_ENGINE, *OF_MODELS)))
WORDS = (*SENTENCES, *map(str, PARTS))
"""What may stand in fields."""

IN_WORDS = frozenset({"begin", "why", "what", "instead", "bits", "more", "scales", "how", "steps", "which"})
"""Fields with words of ours; what stands in the others, such as names of files, is never touched."""


def told(text: str) -> str:
    """Sentences, one a line, in the user's language."""
    return "\n".join(_told(line, SENTENCES) for line in text.split("\n"))


def parsed(text: str, templates: tuple[str, ...]) -> tuple[str, dict[str, str]] | None:
    """The first template that a sentence follows, and what stands in its fields."""
    for template in templates:
        found = _pattern(template).fullmatch(text)
        if found:
            return template, found.groupdict()
    return None


def _told(text: str, templates: tuple[str, ...]) -> str:
    found = parsed(text, templates)
    if found is None:
        return text
    template, fields = found
    fields = {name: _told(field, WORDS) if name in IN_WORDS else field for name, field in fields.items()}
    return QCoreApplication.translate("Sentences", template).format_map(fields)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = Formatter().parse(template)
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, *_ in parts))
