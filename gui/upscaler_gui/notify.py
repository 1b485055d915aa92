"""A word from the system when a job has ended and the window is not in front."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QStyle, QSystemTrayIcon, QWidget

SHOWN = 10_000  # ms


class Notifier(QObject):
    """Where the system has no tray, the window's entry in the task bar asks for attention."""

    told = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.wanted = True
        self._tray: QSystemTrayIcon | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.end)

    def tell(self, sentence: str) -> None:
        """Nothing, if it is not wanted or the window is in front."""
        if not self.wanted or self._window.isActiveWindow():
            return
        self.end()  # a word before it may still be shown
        QApplication.alert(self._window)
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            self._tray = QSystemTrayIcon(self._icon(), self)
            self._tray.messageClicked.connect(self._window.activateWindow)
            self._tray.show()
            self._tray.showMessage(self._window.windowTitle(), sentence)
            self._timer.start(SHOWN)
        self.told.emit(sentence)

    def end(self) -> None:
        self._timer.stop()
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None

    def _icon(self) -> QIcon:
        own = self._window.windowIcon()
        return own if not own.isNull() else QApplication.style().standardIcon(QStyle.StandardPixmap.SP_ComputerIcon)
