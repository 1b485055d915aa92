"""Threads that do what the window must not wait for: plans, jobs, thumbnails, previews, downloads.

Each is a ``QThread`` that lives for one task; results come as queued signals with the frozen data of the layers below.
``Threads`` keeps them alive, and ends them all when the window closes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from upscaler.errors import Cancelled, UpscalerError
from upscaler.jobs.control import Control
from upscaler.jobs.plan import Request, make_plan
from upscaler.jobs.settings import Settings

if TYPE_CHECKING:
    from upscaler.jobs.events import Event


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


class JobTask(Task):
    """Plans and runs one job.  ``done`` brings the report."""

    planned = Signal(object)
    happened = Signal(object)
    downloading = Signal(str, object, object)

    def __init__(self, request: Request, settings: Settings) -> None:
        super().__init__()
        self._request, self._settings = request, settings
        self.control = Control()

    def work(self) -> object:
        from upscaler.jobs.run import run

        plan = make_plan(self._request, self._settings)
        plan.models.told_of_download = self._downloading
        self.planned.emit(plan)
        return run(plan, tell=self._tell, control=self.control)

    def end(self) -> None:
        self.control.cancel()

    def _tell(self, event: Event) -> None:
        self.happened.emit(event)

    def _downloading(self, name: str, done: int, total: int | None) -> None:
        if self.control.cancelled:
            raise Cancelled("The download was stopped; it goes on from there the next time.")
        self.downloading.emit(name, done, total)


class DownloadTask(Task):
    """Fetches the files of one model.  ``done`` brings the paths."""

    progress = Signal(str, object, object)

    def __init__(self, name: str, scale: float | None) -> None:
        super().__init__()
        self._name, self._scale = name, scale
        self._control = Control()

    def work(self) -> object:
        from upscaler.models.catalogue import catalogue
        from upscaler.models.store import weights_store

        return weights_store(tell=self._tell).fetch(catalogue().find(self._name, self._scale))

    def end(self) -> None:
        self._control.cancel()

    def _tell(self, name: str, done: int, total: int | None) -> None:
        if self._control.cancelled:
            raise Cancelled("The download was stopped; it goes on from there the next time.")
        self.progress.emit(name, done, total)


class Thumbnails(Task):
    """Small pictures of many files, one after the other; those asked for last come first, as they are in view."""

    made = Signal(object, object)
    """The path, and H,W,C uint8 pixels, or None where there is no picture."""

    SIDE = 48

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
