"""The window: shows what the jobs layer offers, and adds no logic of its own."""

import ctypes
import sys

ENOUGH = 1 << 40


def hold_constants() -> None:
    """Keep Python alive under PySide 6.12, which gives Python's constants back without taking references to them.

    It is built for Pythons that do not count references to them.  Those before 3.12 do: each call that returns nothing
    (``setText``) costs a reference to ``None``, each signal one to ``True``.  After some ten thousand none would be
    left, and the process would be aborted ("none_dealloc: deallocating None").
    """
    if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
        for constant in (None, True, False, NotImplemented, ...):
            ctypes.c_ssize_t.from_address(id(constant)).value += ENOUGH


hold_constants()
