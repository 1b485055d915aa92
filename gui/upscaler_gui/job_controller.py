"""Runs the queue: turns the job's events into changes of rows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from upscaler.jobs import events
from upscaler.jobs.plan import Request
from upscaler.jobs.report import Report
from upscaler.jobs.settings import Settings
from upscaler.jobs.work import Item
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import Downloading, JobOrder
from upscaler_gui.queue_model import QueueModel
from upscaler_gui.queue_state import FINAL, State, seconds_left


class JobController(QObject):
    """At most one job at a time; what waits in the queue when it starts is its input."""

    started = Signal()
    progressed = Signal()
    said = Signal(str)
    """What the job is at: loading, downloading, a fallback."""

    ended = Signal(object)
    """The report, or the sentence with which the whole job failed."""

    def __init__(self, queue: QueueModel, engine: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue, self._engine = queue, engine
        self._task: Handle | None = None
        self._rows: dict[int, int] = {}
        self._begun = 0.0
        self._paused_for = 0.0
        self._paused_at = 0.0

    @property
    def running(self) -> bool:
        return self._task is not None

    @property
    def paused(self) -> bool:
        return self._task is not None and self._task.paused

    def start(self, settings: Settings, output: Path | None, name: str | None) -> None:
        """Enlarge what waits in the queue."""
        waiting = self._queue.state.pending()
        if self.running or not waiting:
            return
        paths = tuple(self._queue.state.rows[number].path for number in waiting)
        request = Request(inputs=paths, output=output, name=name)
        self._begun, self._paused_for = time.monotonic(), 0.0
        self._task = task = self._engine.submit(JobOrder(request, settings))
        task.told.connect(self._told)
        task.done.connect(self._end)
        task.failed.connect(self._end)
        self.said.emit(self.tr("Planning and loading the model…"))
        self.started.emit()

    def pause(self) -> None:
        if self._task is not None and not self.paused:
            self._task.pause()
            self._paused_at = time.monotonic()
            self.said.emit(self.tr("Paused"))

    def resume(self) -> None:
        if self._task is not None and self.paused:
            self._paused_for += time.monotonic() - self._paused_at
            self._task.resume()
            self.said.emit("")

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self.said.emit(self.tr("Stopping after this tile…"))

    def seconds_left(self) -> float | None:
        """Of the whole queue, at the pace so far."""
        done = self._queue.state.done
        return seconds_left(time.monotonic() - self._begun - self._paused_for, done) if self.running else None

    # From the job

    def _told(self, what: tuple[Item, ...] | Downloading | events.Event) -> None:
        if isinstance(what, tuple):
            self._planned(what)
        elif isinstance(what, Downloading):
            share = f"{what.done / what.total:.0%}" if what.total else f"{what.done / 1e6:.1f} MB"
            self.said.emit(self.tr("Downloading {name}: {share}").format(name=what.name, share=share))
        else:
            self._happened(what)

    def _planned(self, items: tuple[Item, ...]) -> None:
        numbers = {row.path: number for number, row in enumerate(self._queue.state.rows)}
        self._rows = {item.number: numbers[item.source] for item in items if item.source in numbers}
        for item in items:
            if item.work is not None and item.number in self._rows:
                work = item.work
                self._queue.state.change(
                    self._rows[item.number],
                    size_in=(work.width, work.height),
                    size_out=(work.out_width, work.out_height),
                    output=item.output,
                )
        self._queue.changed()

    def _happened(self, event: events.Event) -> None:
        match event:
            case events.Planned():
                self.said.emit(event.reason)
            case events.Started():
                self._change(event.item, state=State.RUNNING, done=0.0)
            case events.Progress():
                self._change(event.item, state=State.RUNNING, done=event.done / max(event.total, 1))
            case events.Finished():
                self._change(event.item, state=State.DONE, done=1.0, seconds=event.seconds)
            case events.Failed():
                self._change(event.item, state=State.FAILED, sentence=event.sentence)
            case events.Skipped():
                self._change(event.item, state=State.SKIPPED, sentence=event.sentence)
            case events.Fallback() | events.Warned():
                if event.item is not None:
                    self._change(event.item, sentence=event.sentence)
                self.said.emit(event.sentence)
        self.progressed.emit()

    def _change(self, item: int, **changes: Any) -> None:
        if item in self._rows:
            self._queue.change(self._rows[item], **changes)

    def _end(self, result: Report | str) -> None:
        self._task = None
        cancelled = isinstance(result, Report) and result.exit_code == 130
        for number, row in enumerate(self._queue.state.rows):
            if number in self._rows.values() and row.state not in FINAL:
                # A job that was stopped or failed as a whole leaves its rows waiting for another try.
                state = State.CANCELLED if cancelled else State.WAITING
                self._queue.state.change(number, state=state, done=0.0)
        self._rows = {}
        self._queue.changed()
        self.ended.emit(result)
