"""The system does not sleep while a job runs, where it lets us ask for that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def awake() -> Iterator[None]:
    """For as long as it is entered.  Silent where the system cannot be asked, or the package is absent.

    Whatever goes wrong with the asking, at the beginning or at the end, is kept from the job.
    """
    asked = ExitStack()
    with suppress(Exception):
        from wakepy import keep

        asked.enter_context(keep.running(on_fail="pass"))
    try:
        yield
    finally:
        with suppress(Exception):
            asked.close()
