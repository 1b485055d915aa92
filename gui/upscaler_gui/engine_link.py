"""The window's end of the link to the process that enlarges."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from PySide6.QtCore import QObject, QThread, Signal

from upscaler_gui.engine_process import Command, Done, Order, Refused, Told, serve

PATIENCE = 20.0  # seconds: a tile on a slow processor, and then the tidying up


class Handle(QObject):
    """One order.  Exactly one of ``done`` and ``failed`` is emitted."""

    told = Signal(object)
    done = Signal(object)
    failed = Signal(str)

    def __init__(self, number: int, engine: EngineLink) -> None:
        super().__init__(engine)
        self._number, self._engine = number, engine
        self.paused = False

    def pause(self) -> None:
        self.paused = True
        self._engine.command(self._number, "pause")

    def resume(self) -> None:
        self.paused = False
        self._engine.command(self._number, "resume")

    def cancel(self) -> None:
        self.paused = False
        self._engine.command(self._number, "cancel")


class EngineLink(QObject):
    """Starts the process with the first order, and a new one should it die.  Nothing here waits, but for ``end``."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: SpawnProcess | None = None
        self._link: Connection | None = None
        self._listener: _Listener | None = None
        self._sender: _Sender | None = None
        self._handles: dict[int, Handle] = {}
        self._last = 0

    @property
    def busy(self) -> bool:
        return bool(self._handles)

    @property
    def pid(self) -> int | None:
        """Of the process, once it runs."""
        return self._process.pid if self._process is not None else None

    def submit(self, order: Order) -> Handle:
        """Send an order; its answers come as the handle's signals."""
        if self._sender is None:
            self._start()
        assert self._sender is not None
        self._last += 1
        handle = self._handles[self._last] = Handle(self._last, self)
        self._sender.outbox.put((self._last, order))
        return handle

    def command(self, number: int, command: Command) -> None:
        if self._sender is not None and number in self._handles:
            self._sender.outbox.put((number, command))

    def end(self) -> None:
        """Stop what runs, and the process.  What it was writing is tidied away by itself."""
        if self._process is None or self._link is None or self._listener is None or self._sender is None:
            return
        self._listener.blockSignals(True)
        for number in list(self._handles):
            self.command(number, "cancel")
        self._sender.outbox.put(None)
        self._sender.wait()
        self._listener.requestInterruption()
        self._listener.wait()
        self._link.close()
        if self._process.pid is not None:
            self._process.join(PATIENCE)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        self._fail_all(self.tr("It was stopped."))

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), name="upscaler engine", daemon=True)
        self._sender = _Sender(self._process, self._link, theirs, self)
        self._listener = _Listener(self._link, self)
        self._listener.came.connect(self._answer)
        self._listener.lost.connect(self._lost)
        self._sender.start()
        self._listener.start()

    def _answer(self, answer: Told | Done | Refused) -> None:
        handle = self._handles.get(answer.number)
        if handle is None:
            return
        match answer:
            case Told():
                handle.told.emit(answer.what)
            case Done():
                del self._handles[answer.number]
                handle.done.emit(answer.result)
            case Refused():
                del self._handles[answer.number]
                handle.failed.emit(answer.sentence)

    def _lost(self) -> None:
        """The process died: out of memory, most likely."""
        self._fail_all(
            self.tr("The engine stopped unexpectedly, perhaps for lack of memory; start again to go on from there.")
        )

    def _fail_all(self, sentence: str) -> None:
        waiting, self._handles = list(self._handles.values()), {}
        if self._sender is not None and self._listener is not None:
            self._sender.outbox.put(None)
            for thread in (self._sender, self._listener):
                thread.wait()
                thread.deleteLater()
        self._process = self._link = self._listener = self._sender = None
        for handle in waiting:
            handle.failed.emit(sentence)


class _Sender(QThread):
    """Starts the process and hands it what is in the outbox: neither is always quick."""

    def __init__(self, process: SpawnProcess, link: Connection, theirs: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self.outbox: queue.SimpleQueue[tuple[int, Order | Command] | None] = queue.SimpleQueue()
        self._process, self._link, self._theirs = process, link, theirs

    def run(self) -> None:
        # Where it cannot be started or is gone, the listener meets the end of the link, and says so.
        with contextlib.suppress(OSError):
            try:
                self._process.start()
            finally:
                self._theirs.close()
            while (what := self.outbox.get()) is not None:
                self._link.send(what)


class _Listener(QThread):
    """Waits for answers, so that the window need not."""

    came = Signal(object)
    lost = Signal()

    def __init__(self, link: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self._link = link

    def run(self) -> None:
        try:
            while not self.isInterruptionRequested():
                if self._link.poll(0.1):
                    self.came.emit(self._link.recv())
        except (OSError, EOFError):
            if not self.isInterruptionRequested():
                self.lost.emit()
