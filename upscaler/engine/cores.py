"""How many of the processor's cores the program takes."""

import os

import psutil


def usual() -> int:
    """Threads for the network where the user asked for no number: all cores but one, all of two or fewer.

    One core stays the user's own, so that the desktop answers while the program works.  Cores count, not their
    hyper-threads, and only those that this process may use.  ``OMP_NUM_THREADS`` is a number the user asked for.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").strip()
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    allowed = _allowed()
    cores = min(psutil.cpu_count(logical=False) or allowed, allowed)
    return cores - 1 if cores > 2 else cores


def _allowed() -> int:
    """Logical processors on which this process may run."""
    affinity = getattr(psutil.Process(), "cpu_affinity", None)  # absent on macOS
    return len(affinity()) if affinity is not None else os.cpu_count() or 1
