"""Learns what the job would do, each time the queue or the settings change: rows and button then say it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from upscaler.errors import UpscalerError
from upscaler.jobs.events import Downloading
from upscaler.jobs.plan import Request
from upscaler.jobs.settings import Settings
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import Outlook, PlanOrder
from upscaler_gui.queue_model import QueueModel

Wish = Callable[[], tuple[Request, Settings] | None]
"""What would be done now, None for nothing.  Raises UpscalerError where the settings make no sense."""


class PlanController(QObject):
    """``outlook`` is None while nothing is known.

    Planning has a process of its own, so that it waits for no preview, and the window for no header of a file.
    """

    changed = Signal()
    failed = Signal(str)
    said = Signal(str)

    def __init__(self, queue: QueueModel, wish: Wish, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue, self._wish = queue, wish
        self._planner = EngineLink(self)
        self._handle: Handle | None = None
        self.outlook: Outlook | None = None
        # Typing into a field must not plan the queue anew at each key.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(250)
        self._timer.timeout.connect(self._plan)

    def outdate(self) -> None:
        """Something changed; a plan follows."""
        self._timer.start()

    def stop(self) -> None:
        """A job begins: it tells the rows itself."""
        self._timer.stop()
        self._drop()

    def end(self) -> None:
        """The window closes."""
        self.stop()
        self._planner.end()

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _plan(self) -> None:
        self._drop()
        try:
            wish = self._wish()
        except UpscalerError as error:
            self._set(None)
            self.failed.emit(str(error))
            return
        if wish is None:
            self._set(None)
            return
        self._handle = handle = self._planner.submit(PlanOrder(*wish))
        handle.told.connect(functools.partial(self._told, handle))
        handle.done.connect(functools.partial(self._done, handle))
        handle.failed.connect(functools.partial(self._failed, handle))

    def _told(self, handle: Handle, what: object) -> None:
        if handle is not self._handle:
            return
        if isinstance(what, tuple):
            self._queue.plan(what)
        elif isinstance(what, Downloading):
            share = f"{what.done / what.total:.0%}" if what.total else f"{what.done / 1e6:.1f} MB"
            self.said.emit(self.tr("Downloading {name}: {share}").format(name=what.file, share=share))

    def _done(self, handle: Handle, outlook: Outlook) -> None:
        if handle is self._handle:
            self._handle = None
            self._set(outlook)

    def _failed(self, handle: Handle, sentence: str) -> None:
        if handle is self._handle:
            self._handle = None
            self._set(None)
            self.failed.emit(sentence)

    def _set(self, outlook: Outlook | None) -> None:
        self.outlook = outlook
        self.changed.emit()
