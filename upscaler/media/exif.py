"""EXIF and XMP made true again after a picture was turned upright and enlarged.

Tags are patched where they stand, so everything else (maker notes hold offsets into the block) stays as it was.
Everything is checked against the block's length: these bytes come from outside.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_ORIENTATION = 0x0112
_WIDTH, _HEIGHT = 0x0100, 0x0101
_EXIF_WIDTH, _EXIF_HEIGHT = 0xA002, 0xA003
_EXIF_FOLDER = 0x8769
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_SHORT, _LONG = 3, 4
_MOST_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    place: int
    """Offset of the value (or of the pointer to it) in the block."""


def orientation(block: bytes | None) -> int:
    """1 to 8 as EXIF has it; 1 where it is not said or makes no sense."""
    if not block:
        return 1
    try:
        order, first = _head(block)
        for entry in _entries(block, order, first):
            if entry.tag == _ORIENTATION and entry.kind == _SHORT:
                (value,) = struct.unpack_from(order + "H", block, entry.place)
                return int(value) if 1 <= value <= 8 else 1
    except (struct.error, ValueError):
        pass
    return 1


def made_true(block: bytes, width: int, height: int) -> bytes | None:
    """The block for an upright picture of ``width`` x ``height`` without a thumbnail; None if it cannot be read."""
    data = bytearray(block)
    try:
        order, first = _head(block)
        _patch(data, order, first, {_ORIENTATION: 1, _WIDTH: width, _HEIGHT: height})
        for entry in _entries(block, order, first):
            if entry.tag == _EXIF_FOLDER:
                (inner,) = struct.unpack_from(order + "I", block, entry.place)
                _patch(data, order, inner, {_EXIF_WIDTH: width, _EXIF_HEIGHT: height})
        return bytes(_without_thumbnail(data, order, first))
    except (struct.error, ValueError):
        return None


def xmp_made_true(packet: bytes, width: int, height: int) -> bytes:
    """The XMP packet for an upright picture of ``width`` x ``height``, without thumbnails."""
    for name, value in (
        (b"tiff:Orientation", 1),
        (b"tiff:ImageWidth", width),
        (b"tiff:ImageLength", height),
        (b"exif:PixelXDimension", width),
        (b"exif:PixelYDimension", height),
    ):
        number = str(value).encode()
        packet = re.sub(rb"(" + name + rb"\s*=\s*[\"'])\d+", rb"\g<1>" + number, packet)
        packet = re.sub(rb"(<" + name + rb">\s*)\d+", rb"\g<1>" + number, packet)
    return re.sub(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", b"", packet, flags=re.DOTALL)


def _head(block: bytes) -> tuple[str, int]:
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        raise ValueError("no byte order")
    return order, int(struct.unpack_from(order + "I", block, 4)[0])


def _entries(block: bytes | bytearray, order: str, folder: int) -> Iterator[_Entry]:
    (count,) = struct.unpack_from(order + "H", block, folder)
    if count > _MOST_ENTRIES:
        raise ValueError("too many tags")
    for number in range(count):
        at = folder + 2 + 12 * number
        tag, kind, values = struct.unpack_from(order + "HHI", block, at)
        yield _Entry(tag, kind, values, at + 8)


def _patch(data: bytearray, order: str, folder: int, values: dict[int, int]) -> None:
    for entry in list(_entries(data, order, folder)):
        if entry.tag in values and entry.count == 1 and entry.kind in (_SHORT, _LONG):
            value = values[entry.tag]
            if entry.kind == _SHORT and value <= 0xFFFF:
                struct.pack_into(order + "HH", data, entry.place, value, 0)
            else:  # one value of either kind lies inside the entry: a SHORT may become a LONG
                struct.pack_into(order + "H", data, entry.place - 6, _LONG)
                struct.pack_into(order + "I", data, entry.place, value)


def _without_thumbnail(data: bytearray, order: str, folder: int) -> bytearray:
    (count,) = struct.unpack_from(order + "H", data, folder)
    link = folder + 2 + 12 * count
    if link + 4 > len(data):
        return data
    (second,) = struct.unpack_from(order + "I", data, link)
    if not second:
        return data
    struct.pack_into(order + "I", data, link, 0)
    found = {}
    for entry in _entries(data, order, second):
        if entry.tag in (_THUMBNAIL, _THUMBNAIL_LENGTH):
            (found[entry.tag],) = struct.unpack_from(order + "I", data, entry.place)
    start, length = found.get(_THUMBNAIL, 0), found.get(_THUMBNAIL_LENGTH, 0)
    if 0 < start < start + length <= len(data):
        if start + length >= len(data) - 1:
            return data[:start]
        data[start : start + length] = bytes(length)
    return data
