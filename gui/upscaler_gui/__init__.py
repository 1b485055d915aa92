"""The window: shows what the jobs layer offers, and adds no logic of its own."""

import ctypes
import sys

ENOUGH = 1 << 40


def hold_true() -> None:
    """Keep Python alive under PySide 6.12, whose ``Signal.emit`` gives ``True`` back without taking a reference to it.

    Before Python 3.12 the references to ``True`` are counted; after some hundred signals none would be left, and the
    process would be aborted ("bool_dealloc: deallocating True or False").
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        ctypes.c_ssize_t.from_address(id(True)).value += ENOUGH


hold_true()
