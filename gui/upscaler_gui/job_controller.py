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
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import JobOrder, Loading, PlannedRow
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
        self._paths: frozenset[Path] = frozenset()
        self._items: dict[int, Path] = {}
        self._item_begun: dict[int, float] = {}
        self._begun = 0.0
        self._done_before = 0.0
        self._paused_for = 0.0
        self._paused_at = 0.0

    @property
    def running(self) -> bool:
        return self._task is not None

    @property
    def paused(self) -> bool:
        return self._task is not None and self._task.paused

    def holds(self, path: Path) -> bool:
        """The running job will do, or does, this file."""
        number = self._queue.state.where(path)
        return path in self._paths and number is not None and self._queue.state.rows[number].state not in FINAL

    def start(self, request: Request, settings: Settings) -> None:
        """Do what the request names; its inputs are rows of the queue."""
        if self.running:
            return
        self._paths = frozenset(request.inputs)
        self._begun, self._paused_for = time.monotonic(), 0.0
        self._done_before = self._queue.state.done
        self._task = task = self._engine.submit(JobOrder(request, settings))
        task.told.connect(self._told)
        task.done.connect(self._end)
        task.failed.connect(self._end)
        self.said.emit(self.tr("Looking at the files…"))
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
        if not self.running:
            return None
        done = (self._queue.state.done - self._done_before) / max(1 - self._done_before, 1e-9)
        return seconds_left(self._clock() - self._begun, done)

    def _clock(self) -> float:
        """Seconds, standing still while the job is paused."""
        return (self._paused_at if self.paused else time.monotonic()) - self._paused_for

    # From the job

    def _told(self, what: tuple[PlannedRow, ...] | Loading | events.Event) -> None:
        match what:
            case tuple():
                self._items |= {row.number: row.source for row in what}
                self._queue.plan(what)
            case Loading():
                self.said.emit(self.tr("Loading the model…"))
            case _:
                self._happened(what)

    def _happened(self, event: events.Event) -> None:
        match event:
            case events.Downloading():
                share = f"{event.done / event.total:.0%}" if event.total else f"{event.done / 1e6:.1f} MB"
                self.said.emit(self.tr("Downloading {name}: {share}").format(name=event.file, share=share))
            case events.Planned():
                self.said.emit(event.reason)
            case events.Started():
                self._item_begun[event.item] = self._clock()
                self._change(event.item, state=State.RUNNING, done=0.0)
            case events.Progress():
                done = event.done / max(event.total, 1)
                left = seconds_left(self._clock() - self._item_begun.get(event.item, self._begun), done)
                steps = (event.done, event.total)
                self._change(event.item, state=State.RUNNING, done=done, left=left, steps=steps)
            case events.Finished():
                self._change(event.item, state=State.DONE, done=1.0, seconds=event.seconds, left=None)
            case events.Failed():
                self._change(event.item, state=State.FAILED, sentence=event.sentence, left=None)
            case events.Skipped():
                self._change(event.item, state=State.SKIPPED, sentence=event.sentence)
            case events.Fallback() | events.Warned():
                if event.item is not None:
                    self._change(event.item, sentence=event.sentence)
                self.said.emit(event.sentence)
        self.progressed.emit()

    def _change(self, item: int, **changes: Any) -> None:
        number = self._queue.state.where(self._items[item]) if item in self._items else None
        if number is not None:
            self._queue.change(number, **changes)

    def _end(self, result: Report | str) -> None:
        self._task = None
        cancelled = isinstance(result, Report) and result.exit_code == 130
        for path in self._paths:
            number = self._queue.state.where(path)
            if number is not None and self._queue.state.rows[number].state not in FINAL:
                # A job that was stopped or failed as a whole leaves its rows waiting for another try.
                state = State.CANCELLED if cancelled else State.WAITING
                self._queue.state.change(number, state=state, done=0.0, left=None)
        self._paths, self._items, self._item_begun = frozenset(), {}, {}
        self._queue.changed()
        self.ended.emit(result)
