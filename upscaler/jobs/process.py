"""What the program tells its own process: memory and waiting threads.  A library import never does that."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress


def prepare() -> None:
    """Before the first work.  What is too late by then (OpenMP was loaded) or not possible here is left as it is."""
    # Threads of the network that wait for others spin, which takes the core from encoder and decoder: not for long.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    from upscaler.engine import allocator

    allocator.keep()


def rest() -> None:
    """After work, where the process lives on: memory that was kept goes back to the system."""
    from upscaler.engine import allocator

    allocator.give_back()


def yield_to_network() -> None:
    """For threads beside a network that runs on the processor, and those that they start.

    All threads of the network wait for the one whose core was taken: so these take what it leaves.
    """
    if sys.platform == "linux":  # elsewhere it is the process that has a priority
        here = threading.get_native_id()
        with suppress(OSError):  # where it is not allowed, the film takes a little longer
            os.setpriority(os.PRIO_PROCESS, here, min(os.getpriority(os.PRIO_PROCESS, here) + _STEP, _LAST))


_STEP, _LAST = 10, 19
"""Of priorities (``nice``): how far the threads step back, and the lowest there is."""
