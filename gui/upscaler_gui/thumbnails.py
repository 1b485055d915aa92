"""Small pictures for the rows that are in view, and for no others."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QTableView

from upscaler_gui.images import to_qimage
from upscaler_gui.queue_model import QueueModel
from upscaler_gui.workers import Threads, Thumbnails


class ThumbnailController(QObject):
    """Looks at the table whenever it was scrolled, resized or filled."""

    def __init__(self, table: QTableView, queue: QueueModel, threads: Threads, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table, self._queue, self._threads = table, queue, threads
        self._task: Thumbnails | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(80)
        self._timer.timeout.connect(self._make)
        table.verticalScrollBar().valueChanged.connect(self.look)
        table.verticalScrollBar().rangeChanged.connect(self.look)
        queue.rowsInserted.connect(self.look)
        queue.rowsRemoved.connect(self.look)
        queue.modelReset.connect(self.look)

    def look(self, *_: object) -> None:
        """Soon, and once for many calls."""
        self._timer.start()

    def end(self) -> None:
        self._timer.stop()

    def _make(self) -> None:
        first = max(self._table.rowAt(0), 0)
        last = self._table.rowAt(self._table.viewport().height() - 1)
        rows = self._queue.state.rows[first : last + 1 if last >= 0 else None][:100]
        paths = [row.path for row in rows if not self._queue.has_thumbnail(row.path)]
        if self._task is not None:
            self._task.end()  # what it has not begun is out of view, or asked for again here
        if paths:
            self._task = Thumbnails(paths)
            self._task.made.connect(self._made)
            self._threads.start(self._task)

    def _made(self, path: object, pixels: object) -> None:
        thumbnail = None
        if pixels is not None:
            thumbnail = QPixmap.fromImage(to_qimage(pixels))  # type: ignore[arg-type]
            thumbnail.setDevicePixelRatio(2)
        self._queue.set_thumbnail(path, thumbnail)  # type: ignore[arg-type]
