"""Threads that do what the window must not wait for and what is short: thumbnails, reading of pictures and folders.

Each is a ``QThread`` that lives for one task; results come as queued signals with the frozen data of the layers below.
``Threads`` keeps them alive, and ends them all when the window closes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from upscaler.errors import UpscalerError


class Task(QThread):
    """One task in its own thread.  Exactly one of ``done`` and ``failed`` is emitted, and then ``finished``."""

    done = Signal(object)
    failed = Signal(str)

    def run(self) -> None:
        try:
            result = self.work()
        except UpscalerError as error:
            self.failed.emit(str(error))
        except Exception as error:  # the window must live on, and say what happened
            self.failed.emit(f"{type(error).__name__}: {error}")
        else:
            self.done.emit(result)

    def work(self) -> object:
        """What is done in the thread; the result goes out with ``done``."""
        raise AssertionError("Task is only a base")

    def end(self) -> None:
        """Ask the task to stop soon."""


class Call(Task):
    """A plain function as a task."""

    def __init__(self, function: Callable[[], object]) -> None:
        super().__init__()
        self._function = function

    def work(self) -> object:
        return self._function()


class Thumbnails(Task):
    """Small pictures of many files, one after the other; those asked for last come first, as they are in view."""

    made = Signal(object, object)
    """The path, and H,W,C uint8 pixels, or None where there is no picture."""

    SIDE = 96

    def __init__(self, paths: list[Path]) -> None:
        super().__init__()
        self._paths = paths
        self._ended = False

    def work(self) -> object:
        from upscaler_gui.images import thumbnail

        for path in self._paths:
            if self._ended:
                break
            self.made.emit(path, thumbnail(path, self.SIDE))
        return len(self._paths)

    def end(self) -> None:
        self._ended = True


class Threads(QObject):
    """The tasks that run now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: set[Task] = set()

    def start(self, task: Task) -> None:
        """Run a task and keep it until it has ended."""
        self._tasks.add(task)
        # Its own end comes after its own results; a task that was dropped earlier would take them with it.
        task.finished.connect(lambda: self._tasks.discard(task))
        task.start()

    def end(self) -> None:
        """Stop all tasks and wait until they are gone."""
        for task in list(self._tasks):
            task.blockSignals(True)
            task.end()
        for task in list(self._tasks):
            task.wait()
        self._tasks.clear()
