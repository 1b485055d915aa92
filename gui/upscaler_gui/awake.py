"""The system does not sleep while a job runs, where it lets us ask for that."""

from __future__ import annotations

from contextlib import ExitStack


class Awake:
    """``hold`` and ``release``, as often as one likes."""

    def __init__(self) -> None:
        self._held = ExitStack()

    def hold(self) -> None:
        """Silent where the system cannot be asked, or the package is absent."""
        try:
            from wakepy import keep
        except ImportError:
            return
        self._held.enter_context(keep.running(on_fail="pass"))

    def release(self) -> None:
        self._held.close()
        self._held = ExitStack()
