"""The size of a JPEG XL picture, from its first bits (ISO/IEC 18181-1, SizeHeader)."""

from __future__ import annotations

import struct
from collections.abc import Callable

from upscaler.errors import MediaError

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_WIDTHS = (9, 13, 18, 30)


def read_size(head: bytes) -> tuple[int, int]:
    """Width and height as stored, from the first few kilobytes of a codestream or container.  Raises MediaError."""
    bits = _Bits(_codestream(head)[2:])
    if bits.take(1):
        height = 8 * (bits.take(5) + 1)
        return _width(bits, height, lambda: 8 * (bits.take(5) + 1)), height
    height = bits.take(_WIDTHS[bits.take(2)]) + 1
    return _width(bits, height, lambda: bits.take(_WIDTHS[bits.take(2)]) + 1), height


def _width(bits: _Bits, height: int, own: Callable[[], int]) -> int:
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return height * across // down
    return own()


def _codestream(head: bytes) -> bytes:
    if head.startswith(b"\xff\x0a"):
        return head
    at = 0
    while at + 8 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, at)
        start = at + 8
        if length == 1 and at + 16 <= len(head):
            (length,) = struct.unpack_from(">Q", head, at + 8)
            start = at + 16
        if kind in (b"jxlc", b"jxlp"):
            return head[start + (4 if kind == b"jxlp" else 0) :]
        if length < 8:
            break
        at += length
    raise MediaError("has no JPEG XL picture at its beginning")


class _Bits:
    """Bits from the least significant end of each byte."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:16], "little")
        self._left = 8 * len(data[:16])

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise MediaError("ends in the middle of its header")
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken
