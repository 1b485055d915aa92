"""Pause, resume and cancel a running job from any thread."""

from __future__ import annotations

import threading


class Control:
    """The hand on a job.  The engine asks ``stop`` between tiles, so everything takes effect within one."""

    def __init__(self) -> None:
        self._going = threading.Event()
        self._going.set()
        self._cancelled = threading.Event()
        self.was_paused = False
        """It stood still for a while: what its stages took tells nothing."""

    def pause(self) -> None:
        """The job waits after the tile that it is at.  Nothing is lost."""
        self.was_paused = True
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def cancel(self) -> None:
        """The job ends; whole files stay, unfinished ones do not exist."""
        self._cancelled.set()
        self._going.set()

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def stop(self) -> bool:
        """True if the job was cancelled; while it is paused, waits."""
        self._going.wait()
        return self._cancelled.is_set()
