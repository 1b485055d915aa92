"""The system does not sleep while a job runs, where it lets us ask for that."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


def awake() -> AbstractContextManager[object]:
    """For as long as it is entered.  Silent where the system cannot be asked, or the package is absent."""
    try:
        from wakepy import keep
    except ImportError:
        return nullcontext()
    return keep.running(on_fail="pass")
