"""A writer of TIFF and BigTIFF by rows (TIFF 6.0; Adobe's supplement 2 for deflate)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from upscaler.media.picture import Metadata, Pixels

_SHORT, _LONG, _RATIONAL, _ASCII, _UNDEFINED, _BYTE, _LONG8 = 3, 4, 5, 2, 7, 1, 16
_CLASSIC_LIMIT = 0xF000_0000  # bytes of raw pixels: deflate may add a little, offsets have 32 bits
_STRIP = 1 << 20  # bytes
_TEXTS = {271, 272, 305, 306, 315, 33432}  # make, model, software, date, artist, copyright
_EXIF, _GPS = 34665, 34853

_Value = tuple[int, int, int, bytes]
"""Tag, type, count, content."""


class TiffWriter:
    """Rows to a deflated TIFF; BigTIFF where 4 GB may not suffice.  ``file`` must be able to seek."""

    def __init__(self, file: BinaryIO, width: int, height: int, channels: int, dtype: str, metadata: Metadata) -> None:
        self._file = file
        self._size = (width, height)
        self._channels = channels
        self._dtype = np.dtype(dtype)
        self._metadata = metadata
        row = width * channels * self._dtype.itemsize
        self._big = row * height > _CLASSIC_LIMIT
        self._rows_per_strip = max(_STRIP // row, 1)
        self._rest: Pixels | None = None  # the beginning of a strip
        self._offsets: list[int] = []
        self._counts: list[int] = []
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0) if self._big else struct.pack("<2sHI", b"II", 42, 0))

    def write(self, rows: Pixels) -> None:
        """n,W,C of the type that was named."""
        top = 0
        if self._rest is not None:
            top = min(self._rows_per_strip - len(self._rest), len(rows))
            begun, self._rest = self._rest, None
            self._take(np.concatenate((begun, rows[:top])))
        for start in range(top, len(rows), self._rows_per_strip):
            self._take(rows[start : start + self._rows_per_strip])

    def close(self) -> None:
        if self._rest is not None:
            self._strip(self._rest)
        self._directory()

    def _take(self, rows: Pixels) -> None:
        """A strip, or its beginning."""
        if len(rows) == self._rows_per_strip:
            self._strip(rows)
        else:
            # Not a view: that would keep all rows that were given with these.
            self._rest = rows.copy()

    def _strip(self, rows: Pixels) -> None:
        if self._dtype.kind == "u":
            previous = np.zeros_like(rows)
            previous[:, 1:] = rows[:, :-1]
            rows = rows - previous  # wraps around, as the predictor has it
        data = _deflated(rows.astype(self._dtype.newbyteorder("<"), copy=False).tobytes())
        self._offsets.append(self._file.tell())
        self._counts.append(len(data))
        self._file.write(data)

    def _directory(self) -> None:
        if self._file.tell() % 2:
            self._file.write(b"\0")
        values = sorted([*self._form(), *self._described()])
        start = self._file.tell()
        count, entry, inline = ("<Q", "<HHQ", 8) if self._big else ("<H", "<HHI", 4)
        address = "<Q" if self._big else "<I"
        after = start + struct.calcsize(count) + len(values) * (struct.calcsize(entry) + inline) + inline
        head, tail = struct.pack(count, len(values)), b""
        for tag, kind, number, content in values:
            head += struct.pack(entry, tag, kind, number)
            if len(content) <= inline:
                head += content.ljust(inline, b"\0")
            else:
                head += struct.pack(address, after + len(tail))
                tail += content + b"\0" * (len(content) % 2)
        self._file.write(head + bytes(inline) + tail)
        self._file.seek(8 if self._big else 4)
        self._file.write(struct.pack(address, start))
        self._file.seek(0, 2)

    def _form(self) -> list[_Value]:
        width, height = self._size
        samples = self._channels
        values = [
            _numbers(256, _LONG, [width]),
            _numbers(257, _LONG, [height]),
            _numbers(258, _SHORT, [8 * self._dtype.itemsize] * samples),
            _numbers(259, _SHORT, [8]),
            _numbers(262, _SHORT, [2 if samples > 2 else 1]),
            self._places(273, self._offsets),
            _numbers(277, _SHORT, [samples]),
            _numbers(278, _LONG, [self._rows_per_strip]),
            self._places(279, self._counts),
            _numbers(284, _SHORT, [1]),
            _numbers(339, _SHORT, [3 if self._dtype.kind == "f" else 1] * samples),
        ]
        if self._dtype.kind == "u":
            values.append(_numbers(317, _SHORT, [2]))
        if samples in (2, 4):
            values.append(_numbers(338, _SHORT, [2]))  # alpha, not multiplied into the colours
        return values

    def _places(self, tag: int, values: list[int]) -> _Value:
        return _numbers(tag, _LONG8 if self._big else _LONG, values)

    def _described(self) -> list[_Value]:
        data = self._metadata
        values: list[_Value] = []
        if data.icc:
            values.append((34675, _UNDEFINED, len(data.icc), data.icc))
        if data.xmp:
            values.append((700, _BYTE, len(data.xmp), data.xmp))
        for keyword, text in data.comments[:1]:
            content = (text if keyword in ("Description", "Comment") else f"{keyword}: {text}").encode() + b"\0"
            values.append((270, _ASCII, len(content), content))
        if data.dpi:
            for tag, value in zip((282, 283), data.dpi, strict=True):
                values.append((tag, _RATIONAL, 1, struct.pack("<II", round(value * 1000), 1000)))
            values.append(_numbers(296, _SHORT, [2]))
        if data.exif:
            values += self._exif(data.exif)
        return values

    def _exif(self, block: bytes) -> list[_Value]:
        """EXIF's main tags as TIFF's own; its inner folders are written here, before the main one."""
        from PIL import Image
        from PIL.TiffImagePlugin import ImageFileDirectory_v2

        exif = Image.Exif()
        exif.load(b"Exif\0\0" + block)
        values = []
        for tag in _TEXTS & exif.keys():
            content = str(exif[tag]).encode() + b"\0"
            values.append((tag, _ASCII, len(content), content))
        for tag in (_EXIF, _GPS):
            if inner := exif.get_ifd(tag):
                folder = ImageFileDirectory_v2(
                    b"II\x2b\0\x08\0\0\0" + bytes(8) if self._big else b"II\x2a\0" + bytes(4)
                )
                for key, value in inner.items():
                    if not isinstance(value, dict):
                        folder[key] = value
                start = self._file.tell()
                content = folder.tobytes(start)
                self._file.write(content + b"\0" * (len(content) % 2))
                values.append(self._places(tag, [start]))
        return values


def _numbers(tag: int, kind: int, values: Sequence[int]) -> _Value:
    code = {_SHORT: "H", _LONG: "I", _LONG8: "Q"}[kind]
    return tag, kind, len(values), struct.pack(f"<{len(values)}{code}", *values)


def _deflated(data: bytes) -> bytes:
    try:
        from isal import isal_zlib
    except ImportError:  # there are no wheels of it for Windows on ARM
        return zlib.compress(data, 1)
    packed: bytes = isal_zlib.compress(data, 1)
    return packed
