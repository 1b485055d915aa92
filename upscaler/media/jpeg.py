"""JPEG by rows: independent strips with one set of tables, joined by restart markers (ITU-T T.81, B.2 and E.1.4).

The joined file decodes bit for bit as if it had been encoded whole.
"""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO

import numpy as np

from upscaler.errors import MediaError
from upscaler.media.picture import Metadata, Pixels

_STRIP = 256  # rows; a multiple of 16, the tallest unit that a restart may follow
_IN_ONE = 1 << 26  # pixels: up to here the whole picture is encoded at once, which makes smaller files
_SEGMENT = 65533  # bytes that one segment holds


class JpegWriter:
    """Rows of uint8 gray or RGB to a JPEG."""

    def __init__(
        self, file: BinaryIO, width: int, height: int, channels: int, metadata: Metadata, quality: int
    ) -> None:
        self._file = file
        self._height = height
        self._rows = height if width * height <= _IN_ONE else _STRIP
        self._band = np.empty((self._rows, width, channels), np.uint8)
        self._filled = 0
        self._written = 0
        self._restarts = 0
        self._options = _options(metadata, quality)
        self._metadata = metadata

    def write(self, rows: Pixels) -> None:
        """n,W,C."""
        while len(rows):
            taken = min(self._rows - self._filled, len(rows))
            self._band[self._filled : self._filled + taken] = rows[:taken]
            self._filled += taken
            rows = rows[taken:]
            if self._filled == self._rows:
                self._strip()

    def close(self) -> None:
        if self._filled:
            self._strip()
        self._file.write(b"\xff\xd9")

    def _strip(self) -> None:
        whole = self._rows == self._height
        data = _encoded(self._band[: self._filled], self._options | ({} if whole else {"restart_marker_rows": 1}))
        head, scan = _parted(data)
        if not self._written:
            self._file.write(_with_iptc(_with_height(head, self._height), self._metadata.iptc))
        else:
            self._file.write(bytes((0xFF, 0xD0 + self._restarts % 8)))
            self._restarts += 1
        self._file.write(scan if whole else self._renumbered(scan))
        self._written += self._filled
        self._filled = 0

    def _renumbered(self, scan: bytes) -> bytes:
        values = np.frombuffer(scan, np.uint8).copy()
        marks = np.flatnonzero((values[:-1] == 0xFF) & (values[1:] >= 0xD0) & (values[1:] <= 0xD7)) + 1
        values[marks] = 0xD0 + (self._restarts + np.arange(len(marks))) % 8
        self._restarts += len(marks)
        return values.tobytes()


def _options(metadata: Metadata, quality: int) -> dict[str, Any]:
    options: dict[str, Any] = {
        "quality": quality,
        # Colour at full resolution: the network made detail there too, and it costs little.
        "subsampling": 0 if quality >= 90 else 2,
    }
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if metadata.exif and len(metadata.exif) + 6 <= _SEGMENT:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if metadata.xmp and len(metadata.xmp) + 29 <= _SEGMENT:
        options["xmp"] = metadata.xmp
    if metadata.dpi:
        options["dpi"] = tuple(min(round(d), 0xFFFF) for d in metadata.dpi)
    if metadata.comments:
        options["comment"] = metadata.comments[0][1].encode()[:_SEGMENT]
    return options


def _encoded(rows: Pixels, options: dict[str, Any]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(rows[:, :, 0] if rows.shape[2] == 1 else rows).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Everything up to the scan's pixels, and those, without the end mark."""
    at = 2
    while at + 4 <= len(data):
        (length,) = struct.unpack_from(">H", data, at + 2)
        following = at + 2 + length
        if data[at + 1] == 0xDA:
            return data[:following], data[following:-2]
        at = following
    raise MediaError("The encoder made no JPEG.")


def _with_height(head: bytes, height: int) -> bytes:
    at = 2
    patched = bytearray(head)
    while at + 9 <= len(head):
        if head[at + 1] == 0xC0:
            struct.pack_into(">H", patched, at + 5, height)
        at += 2 + int(struct.unpack_from(">H", head, at + 2)[0])
    return bytes(patched)


def _with_iptc(head: bytes, records: bytes | None) -> bytes:
    """The segment that holds IPTC, which Pillow reads and does not write, after the application's own."""
    if not records or len(records) > _SEGMENT - 28:
        return head
    block = (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + b"\0" * (len(records) % 2)
    )
    at = 2
    while head[at + 1] in (0xE0, 0xE1):
        at += 2 + int(struct.unpack_from(">H", head, at + 2)[0])
    return head[:at] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + head[at:]
