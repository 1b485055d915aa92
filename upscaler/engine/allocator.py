"""The C library's allocator, told to keep what is freed.

Every layer of a network makes a large array and frees another.  glibc maps and unmaps the pages of large ones each
time, and the system clears them each time: most of the run time for large tiles.
"""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4

_kept = False


def keep() -> bool:
    """Let freed memory stay with this process until it ends; true if that is possible here (glibc).

    It changes the whole process, so the program calls it, and a library import never does.
    """
    global _kept
    if not _kept and sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        _kept = mallopt is not None and bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))
    return _kept


def give_back() -> None:
    """What was kept goes back to the system, as far as nothing lies in it."""
    if _kept:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def kept() -> bool:
    """``keep`` was called and worked."""
    return _kept
